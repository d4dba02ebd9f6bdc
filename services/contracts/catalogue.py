"""The topic catalogue, read from the protobuf descriptors: what each topic carries and how it is kept.

A topic is declared by the option ``parley.catalog.v1.topic`` on the message that is its record value.
Nothing else in the code base states a partition count or a retention.

A transaction costs by the partitions that it touches, so few are declared. Who runs more members of a stage
than that has all counts multiplied by ``PARLEY_PARTITION_FACTOR``, in every process and for good.
"""

import os
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from parley.catalog.v1 import topic_pb2

FACTOR = "PARLEY_PARTITION_FACTOR"
"""Environment variable: how many times the declared partitions a topic has; 1 when not set."""
FACTOR_MAX = 256
EXIT_BAD_FACTOR = 78
"""EX_CONFIG of sysexits.h, as for every other bad setting."""
HOUR_MS = 3_600_000
CLOCK_AHEAD_MAX_MS = 5_000
COMPACTED_SEGMENT_BYTES = 64 * 1024 * 1024
"""Only closed segments are compacted: with the default of 1 GiB a restore would read old rows for long."""

_MODULES = (
    "parley.billing.v1.ledger_pb2",
    "parley.billing.v1.rating_row_pb2",
    "parley.billing.v1.usage_pb2",
    "parley.consent.v1.consent_row_pb2",
    "parley.consent.v1.consents_pb2",
    "parley.consent.v1.screened_pb2",
    "parley.delivery.v1.delivery_row_pb2",
    "parley.delivery.v1.dispatch_pb2",
    "parley.delivery.v1.outbox_pb2",
    "parley.delivery.v1.statuses_pb2",
    "parley.delivery.v1.webhook_retry_pb2",
    "parley.inbox.v1.inbox_pb2",
    "parley.intake.v1.intake_pb2",
    "parley.runtime.v1.runtime_pb2",
    "parley.settings.v1.settings_pb2",
    "parley.window.v1.window_row_pb2",
    "parley.window.v1.windows_pb2",
)


@dataclass(frozen=True, slots=True)
class Topic:
    """One declared topic. ``name`` is without the platform's prefix, such as ``intake``."""

    name: str
    message: type[Message]
    key: topic_pb2.RecordKey
    partitions: int
    """As many as this deployment has."""
    compacted: bool
    retention_ms: int | None
    """Milliseconds a record is kept; None for ever, or in a compacted topic until the next of its key."""
    public: bool
    clock_bounded: bool

    @property
    def has_one_order(self) -> bool:
        """Whether all its records are in one order: it has one partition whatever the deployment."""
        return self.key == topic_pb2.RECORD_KEY_SETTING

    @property
    def schema(self) -> str:
        """Full message name, as in the header ``parley-schema``."""
        return str(self.message.DESCRIPTOR.full_name)

    def config(self) -> dict[str, str]:
        """The broker's topic settings that this declaration stands for.

        Compression is not among them: writers choose it. In a topic with a type of its own the broker packs
        anew whatever comes in another.
        """
        settings = {"cleanup.policy": "compact" if self.compacted else "delete"}
        if self.compacted:
            settings["segment.bytes"] = str(COMPACTED_SEGMENT_BYTES)
        else:
            settings["retention.ms"] = str(-1 if self.retention_ms is None else self.retention_ms)
        if self.clock_bounded:
            settings["message.timestamp.after.max.ms"] = str(CLOCK_AHEAD_MAX_MS)
        return settings


class UndeclaredTopic(LookupError):
    """No message declares a topic of that name."""


@cache
def catalogue() -> dict[str, Topic]:
    """All declared topics by name, in alphabetical order."""
    topics = [topic for module in _MODULES for topic in _topics_of(module)]
    return {topic.name: topic for topic in sorted(topics, key=lambda topic: topic.name)}


def differing_partitions(
    found: Mapping[str, int], prefix: str = "", topics: Iterable[Topic] | None = None
) -> str | None:
    """One sentence on a topic that has not as many partitions as it shall have; None when there is none such.

    ``found`` is the number of partitions by full name; ``topics`` are those to look at, else the catalogue's.
    Those that are not there are passed over.
    """
    for declared in catalogue().values() if topics is None else topics:
        count = found.get(prefix + declared.name, declared.partitions)
        if count != declared.partitions:
            return (
                f"{prefix}{declared.name} has {count} partitions, where {declared.partitions} are expected: "
                + _remedy(declared, count)
            )
    return None


def _remedy(declared: Topic, count: int) -> str:
    factor, rest = divmod(count * partition_factor(), declared.partitions)
    if rest or factor > FACTOR_MAX or declared.has_one_order:
        return f"no {FACTOR} makes that"
    return f"set {FACTOR}={factor}, as where the topics were made"


def topic(name: str) -> Topic:
    """The declared topic ``name`` (without prefix). Raises :class:`UndeclaredTopic`."""
    try:
        return catalogue()[name]
    except KeyError:
        raise UndeclaredTopic(f"no message in proto/ declares the topic {name!r}") from None


def _topics_of(module: str) -> list[Topic]:
    file = import_module(module).DESCRIPTOR
    return [
        topic
        for descriptor in file.message_types_by_name.values()
        if descriptor.GetOptions().HasExtension(topic_pb2.topic)
        for topic in _read(descriptor)
    ]


@cache
def partition_factor() -> int:
    """How many times the declared partitions this deployment has, by the environment.

    Ends the process with one line where the variable is no such number: topics are looked up at import.
    """
    given = os.environ.get(FACTOR) or "1"
    if not (re.fullmatch("[0-9]{1,3}", given) and 1 <= int(given) <= FACTOR_MAX):
        sys.stderr.write(f"{FACTOR} must be a whole number from 1 to {FACTOR_MAX}, not {given!r}\n")
        raise SystemExit(EXIT_BAD_FACTOR)
    return int(given)


def _read(descriptor: Descriptor) -> list[Topic]:
    declared: topic_pb2.Topic = descriptor.GetOptions().Extensions[topic_pb2.topic]  # type: ignore[index]
    if not declared.key or not declared.cleanup or not declared.partitions:
        raise ValueError(f"{descriptor.full_name}: its topic option lacks key, cleanup or partitions")
    has_one_order = declared.key == topic_pb2.RECORD_KEY_SETTING
    names = [f"{declared.name}-{tier}" for tier in declared.tiers] or [declared.name]
    return [
        Topic(
            name=name,
            message=GetMessageClass(descriptor),
            key=declared.key,
            partitions=declared.partitions * (1 if has_one_order else partition_factor()),
            compacted=declared.cleanup == topic_pb2.CLEANUP_COMPACT,
            retention_ms=declared.retention_hours * HOUR_MS or None,
            public=declared.public,
            clock_bounded=declared.clock_bounded,
        )
        for name in names
    ]
