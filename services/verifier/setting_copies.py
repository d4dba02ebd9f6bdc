"""The copies of each setting: in `settings`, and in every partition of the stage inputs that need it.

They are written in one transaction, so a stage may believe a copy only where the others say the same. Of old
versions `settings` itself is compacted; the copies of stages are not.
"""

from dataclasses import dataclass, field

from parley.settings.v1 import settings_pb2
from services.contracts.setting_routes import SETTINGS, UnknownSettingKind, stage_inputs_of
from services.verifier.facts import digest_of
from services.verifier.findings import Findings
from services.verifier.records import LogRecord, Place
from services.verifier.retention import InView
from services.verifier.rules.plans import VERSIONS_MAX

INVARIANT = 4


@dataclass(slots=True)
class Version:
    """One version of a setting."""

    digest: str = ""
    """What it says, once it has been judged."""
    at_ms: int = 0
    """Record time."""
    cut: int = 0
    """The cut that brought its first copy."""
    places: dict[str, Place] = field(default_factory=dict)
    """Where copies lie, by ``topic/partition``, until they are judged."""
    says: dict[str, str] = field(default_factory=dict)
    """Digest of each copy."""


class SettingCopies:
    """Compares copies when a whole cut has brought no more of them. Remembers the newest versions."""

    def __init__(self, versions: dict[str, dict[int, Version]] | None = None) -> None:
        self.versions = versions or {}
        self._unjudged = {
            (key, number)
            for key, each in self.versions.items()
            for number, version in each.items()
            if version.places
        }
        self.late: list[Place] = []
        """Copies that contradict what has been judged."""

    def add(self, setting: settings_pb2.SettingChanged, record: LogRecord, cut: int) -> None:
        """A copy lies at this record."""
        versions = self.versions.setdefault(setting.key, {})
        version = versions.get(setting.version)
        says = digest_of(setting.SerializeToString(deterministic=True))
        if version is None:
            if len(versions) >= VERSIONS_MAX:
                oldest = min(versions)
                if setting.version < oldest:
                    return
                del versions[oldest]
                self._unjudged.discard((setting.key, oldest))
            version = versions[setting.version] = Version(at_ms=record.timestamp_ms, cut=cut)
        elif version.digest:
            if version.digest != says:
                self.late.append(record.place)
            return
        where = f"{record.topic}/{record.partition}"
        version.places.setdefault(where, record.place)
        version.says.setdefault(where, says)
        self._unjudged.add((setting.key, setting.version))

    def judge(self, cut: int, in_view: InView, findings: Findings) -> None:
        """Name the copies that say something else than the rest, and those of which there should be more."""
        for key, number in sorted(self._unjudged):
            version = self.versions[key][number]
            if version.cut == cut:
                continue
            for place, sentence in _wrong(key, number, version, self.versions[key], in_view):
                findings.violated(INVARIANT, place, key, sentence)
            findings.checked[INVARIANT] += 1
            version.digest = _agreed(version)
            version.places, version.says = {}, {}
            self._unjudged.discard((key, number))
        for place in self.late:
            findings.violated(INVARIANT, place, place.topic, "The copy says something else than the others.")
        self.late = []


def _agreed(version: Version) -> str:
    """What most of the copies say; of two that are as many, what `settings` says."""
    copies = sorted(version.says.values())
    published = version.says.get(f"{SETTINGS}/0")
    return max(copies, key=lambda says: (copies.count(says), says == published))


def _wrong(
    key: str, number: int, version: Version, versions: dict[int, Version], in_view: InView
) -> list[tuple[Place, str]]:
    agreed = _agreed(version)
    name = f"Version {number} of {key}"
    others = [version.places[where] for where, says in version.says.items() if says != agreed]
    if others:
        return [(place, f"{name} says something else here than elsewhere.") for place in others]
    missing = [
        where for where in _due(key, number, version, versions, in_view) if where not in version.places
    ]
    if not missing:
        return []
    if f"{SETTINGS}/0" in missing or len(missing) >= len(version.places):
        return [
            (place, f"{name} lies here but not in {missing[0]}: nobody has set it.")
            for place in version.places.values()
        ]
    place = next(iter(version.places.values()))
    return [(place, f"{name} lies here but not in {where}.") for where in missing]


def _due(key: str, number: int, version: Version, versions: dict[int, Version], in_view: InView) -> list[str]:
    """Where copies must lie, as far as retention and compaction have left them."""
    try:
        inputs = stage_inputs_of(key)
    except UnknownSettingKind:
        return []
    places = [(each.name, partition) for each in inputs for partition in range(each.partitions)]
    due = [
        f"{name}/{partition}" for name, partition in places if in_view.kept(name, partition, version.at_ms)
    ]
    compacted = any(
        each > number and (f"{SETTINGS}/0" in other.places or other.digest)
        for each, other in versions.items()
    )
    return due if compacted else [*due, f"{SETTINGS}/0"]
