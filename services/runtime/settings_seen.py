"""The settings that an input partition has seen so far, with the versions that still matter."""

from parley.settings.v1 import settings_pb2

VERSIONS_KEPT_MAX = 64
"""Versions kept of each setting; the oldest is forgotten first."""


class SettingsSeen:
    """Settings by key and version. A stage may read it; only the runtime adds to it."""

    def __init__(self) -> None:
        self._versions: dict[str, list[settings_pb2.SettingChanged]] = {}

    def latest(self, key: str) -> settings_pb2.SettingChanged | None:
        """The newest version of a setting such as ``account/102290129340398``, or None."""
        versions = self._versions.get(key)
        return versions[-1] if versions else None

    def in_force(self, key: str, at_ms: int) -> settings_pb2.SettingChanged | None:
        """The newest version that held at ``at_ms`` (Unix milliseconds), or None."""
        for setting in reversed(self._versions.get(key, ())):
            if setting.effective_from_ms <= at_ms:
                return setting
        return None

    def is_news(self, setting: settings_pb2.SettingChanged) -> bool:
        """Whether the version is above all that were seen of its key."""
        known = self.latest(setting.key)
        return known is None or setting.version > known.version

    def add(self, setting: settings_pb2.SettingChanged) -> settings_pb2.SettingChanged | None:
        """Take a newer version in; returns the old version that is forgotten for it, if any."""
        versions = self._versions.setdefault(setting.key, [])
        versions.append(setting)
        versions.sort(key=lambda seen: seen.version)
        return versions.pop(0) if len(versions) > VERSIONS_KEPT_MAX else None

    def discard(self, setting: settings_pb2.SettingChanged) -> None:
        """Forget a version, because the batch that brought it is undone."""
        self._versions[setting.key].remove(setting)
