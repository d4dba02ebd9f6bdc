"""The settings as they are now, read from the topic `settings`."""

from collections.abc import Iterable, Iterator

from parley.settings.v1 import settings_pb2
from services.admin.kafka_records import committed_records
from services.contracts.catalogue import topic
from services.contracts.setting_routes import SETTINGS
from services.runtime.kafka_connection import KafkaConnection


class SettingsSnapshot:
    """The newest version of each setting, by key."""

    def __init__(self, changes: Iterable[settings_pb2.SettingChanged]) -> None:
        self._newest: dict[str, settings_pb2.SettingChanged] = {}
        for change in changes:
            if change.version > self.version(change.key):
                self._newest[change.key] = change

    def get(self, key: str) -> settings_pb2.SettingChanged | None:
        """The setting ``key``, such as ``account/102290129340398``, or None."""
        return self._newest.get(key)

    def version(self, key: str) -> int:
        """Version of the setting; 0 when it was never written."""
        known = self._newest.get(key)
        return int(known.version) if known else 0

    def with_changes(self, changes: Iterable[settings_pb2.SettingChanged]) -> "SettingsSnapshot":
        """The settings once ``changes``, which need no version yet, are made."""
        changed = SettingsSnapshot(())
        changed._newest = self._newest | {change.key: change for change in changes}
        return changed

    def followed_by(self, changes: Iterable[settings_pb2.SettingChanged]) -> "SettingsSnapshot":
        """The settings once ``changes``, as they were written, have been read too."""
        return SettingsSnapshot([*self._newest.values(), *changes])

    def all(self, kind: str) -> Iterator[settings_pb2.SettingChanged]:
        """Settings of one kind, such as ``account``, in the order of their keys."""
        for key in sorted(self._newest):
            if key.startswith(kind + "/"):
                yield self._newest[key]


def read_settings(connection: KafkaConnection, topic_prefix: str) -> SettingsSnapshot:
    """Read what is committed now. Blocks; raises ``KafkaException`` when broker or topic are not there."""
    declared = topic(SETTINGS)
    records = committed_records(connection, topic_prefix + declared.name, declared.partitions)
    return SettingsSnapshot(
        settings_pb2.SettingChanged.FromString(value)
        for value in (record.value() for record in records)
        if value is not None
    )
