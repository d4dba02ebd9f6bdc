"""What a stage is: a pure function from one record and the state of one key to new state and output records.

A stage has no clock, no randomness and no network. It sees times only in its input, derives ids from the
position of its cause, and touches only the rows it is given, so that replaying its input gives the same
outputs. The runtime commits input offset, rows and outputs in one Kafka transaction.
"""

from collections.abc import Iterable
from typing import Protocol

from google.protobuf.message import Message

from services.contracts.catalogue import Topic
from services.runtime.batch import Pace
from services.runtime.record import Cause, Output
from services.runtime.rows import Rows
from services.runtime.settings_seen import SettingsSeen


class InvariantBroken(Exception):
    """A record says what cannot be; the record is dead-lettered, or its partition stopped, by its kind."""


class Stage(Protocol):
    """One service's decisions, ready to be run on Kafka or on a model of it."""

    name: str
    """Service name, such as ``session-window``; with the topics' prefix also the consumer group."""
    rules_version: int
    """Raised when the same input would give other outputs."""
    input: Topic
    changelog: Topic
    """Compacted topic of the rows; its message type is the row type and has a field ``wake_at_ms``."""
    pace: Pace
    """When its batches begin; no verdict depends on it."""

    def apply(
        self, kind: str, event: Message, cause: Cause, rows: Rows, settings: SettingsSeen
    ) -> Iterable[Output]:
        """Judge one record.

        ``event`` is the oneof member of the input message that is set and ``kind`` its field name, such as
        ``send_requested``. Settings and ticks never reach a stage. Raises :class:`InvariantBroken`, or any
        other exception, to have the record set aside: then nothing that the call changed is kept.
        """
        ...

    def wake(self, row_key: bytes, cause: Cause, rows: Rows, settings: SettingsSeen) -> Iterable[Output]:
        """A row's ``wake_at_ms`` has come; ``rows.get(row_key)`` is the row.

        The stage must move or clear ``wake_at_ms``, or delete the row. A timer never changes the verdict on
        a record that was accepted earlier.
        """
        ...
