"""The rows of one conversation: what holds for it, and its messages, notices and read marks by id."""

from typing import cast

from parley.delivery.v1 import delivery_row_pb2 as row_pb2
from parley.message.v1 import facts_pb2
from services.contracts.keys import split_conversation
from services.delivery.rules import WAITING_MAX, Consent, Retention, Stand, forget_at_ms
from services.runtime.rows import Rows
from services.runtime.settings_seen import SettingsSeen

USUAL_RETENTION = Retention()


class Conversation:
    """What one record finds of a conversation, and leaves.

    Messages and signals are written as they are put; :attr:`standing` by ``save``, once a record.
    """

    def __init__(self, rows: Rows, key: bytes, settings: SettingsSeen, at_ms: int) -> None:
        """``at_ms``: time of the record, by which a setting holds or not."""
        self.key = key
        self._rows = rows
        self._settings = settings
        self._at_ms = at_ms
        self._read: dict[str, row_pb2.DeliveryRow] = {}
        self._row: row_pb2.DeliveryRow | None = None
        self._changed = False

    @property
    def business_and_customer(self) -> tuple[str, str]:
        """``business_id`` and ``user_ref``."""
        return split_conversation(self.key)

    @property
    def standing(self) -> row_pb2.DeliveryConversation:
        """Consent now, and who waits, oldest first."""
        if self._row is None:
            row = self._rows.get(self.key)
            self._row = row if isinstance(row, row_pb2.DeliveryRow) else row_pb2.DeliveryRow()
        return self._row.conversation

    @property
    def consent(self) -> Consent:
        """The consent that the newest change in ``dispatch`` left."""
        return Consent(self.standing.consent)

    @property
    def is_full(self) -> bool:
        """Whether nothing more may wait for the customer."""
        return len(self.standing.waiting) >= WAITING_MAX

    def take_consent(self, consent_id: str, consent: facts_pb2.Consent) -> None:
        """From now on this consent holds."""
        self.standing.consent_id, self.standing.consent = consent_id, consent
        self._changed = True

    def wait(self, name: str) -> None:
        """``name`` waits for the customer, behind all that wait already."""
        self.standing.waiting.append(name)
        self._changed = True

    def end_waiting(self, name: str) -> bool:
        """``name`` waits no longer; returns whether it did."""
        if name not in self.standing.waiting:
            return False
        self.standing.waiting.remove(name)
        self._changed = True
        return True

    def save(self) -> None:
        """Write :attr:`standing` if it changed."""
        if self._changed and self._row is not None:
            self._rows.put(self.key, self._row)

    def message(self, message_id: str) -> row_pb2.DeliveryMessage | None:
        """The message of that id, or None where none is known; what changes in it must be put."""
        row = self.named(message_id)
        return row.message if row is not None and row.HasField("message") else None

    def named(self, name: str) -> row_pb2.DeliveryRow | None:
        """The row of a message, notice or read mark."""
        row = self._rows.get(self._key_of(name))
        if not isinstance(row, row_pb2.DeliveryRow):
            return None
        self._read[name] = row
        return row

    def put_waiting(self, message: row_pb2.DeliveryMessage) -> None:
        """Write a message that may still be received, until it expires."""
        self._put(message, message.held.facts.expires_at_ms)

    def put_ended(self, message: row_pb2.DeliveryMessage) -> None:
        """Write a message that has failed or expired, until it is forgotten."""
        self._put_until_forgotten(message, message.ended_at_ms)

    def settle(self, message: row_pb2.DeliveryMessage, stand: Stand, at_ms: int) -> None:
        """The message took ``stand`` at ``at_ms`` and needs its content no more; write it until forgotten."""
        message.stand = cast("row_pb2.Stand", stand)
        message.held.ClearField("content")
        self._put_until_forgotten(message, at_ms)

    def _put_until_forgotten(self, message: row_pb2.DeliveryMessage, since_ms: int) -> None:
        stand, authorized = Stand(message.stand), message.HasField("pricing")
        self._put(message, forget_at_ms(stand, since_ms, self._retention(), authorized=authorized))

    def _put(self, message: row_pb2.DeliveryMessage, wake_at_ms: int) -> None:
        name = message.held.facts.message_id
        row = self._read.get(name)
        if row is None or not row.HasField("message"):
            row = row_pb2.DeliveryRow(message=message)
        row.wake_at_ms = wake_at_ms
        self._rows.put(self._key_of(name), row)

    def _retention(self) -> Retention:
        setting = self._settings.in_force("platform", self._at_ms)
        if setting is None:
            return USUAL_RETENTION
        platform = setting.platform
        return Retention(
            platform.delivered_retention_hours or USUAL_RETENTION.delivered_hours,
            platform.ended_retention_hours or USUAL_RETENTION.ended_hours,
        )

    def put_signal(self, name: str, signal: row_pb2.DeliverySignal, wake_at_ms: int) -> None:
        """Write a notice or read mark that waits until ``wake_at_ms``, Unix milliseconds."""
        self._rows.put(self._key_of(name), row_pb2.DeliveryRow(wake_at_ms=wake_at_ms, signal=signal))

    def forget(self, name: str) -> None:
        """Delete the row of a message, notice or read mark."""
        self._rows.delete(self._key_of(name))

    def _key_of(self, name: str) -> bytes:
        return self.key + b"/" + name.encode()


def split_row_key(row_key: bytes) -> tuple[bytes, str]:
    """Conversation and id of the row of a message, notice or read mark."""
    conversation, _, name = row_key.rpartition(b"/")
    return conversation, name.decode()
