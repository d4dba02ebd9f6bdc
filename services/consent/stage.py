"""The stage consent: each request and each customer's message passes once, if it may, and not too fast."""

from collections.abc import Callable, Iterable
from typing import Any, cast

from google.protobuf.message import Message

from parley.consent.v1 import consent_row_pb2
from parley.intake.v1 import intake_pb2
from services.consent import outputs, rules
from services.consent.pace import keep_pace
from services.consent.remembered import claim_key, is_first_time
from services.consent.repeats import CUSTOMER_MESSAGE_REMEMBERED_MS, REQUEST_REMEMBERED_MS
from services.consent.rules import Change, Consent, Happened, Standing, Word
from services.contracts.catalogue import topic
from services.contracts.keys import conversation_key
from services.runtime.batch import Pace
from services.runtime.record import Cause, Output
from services.runtime.rows import Rows
from services.runtime.settings_seen import SettingsSeen
from services.runtime.stage import InvariantBroken

_CONSENTS = tuple(Consent)


class ConsentStage:
    """Reads ``intake``; writes ``screened``, ``dispatch``, ``inbox`` and ``consents``."""

    name = "consent"
    rules_version = 2
    input = topic("intake")
    changelog = topic("consent-changelog")
    pace = Pace(20)

    def __init__(self) -> None:
        self._judges: dict[str, Callable[[Any, Cause, Rows, SettingsSeen], list[Output]]] = {
            "send_requested": _send_requested,
            "customer_message_received": _customer_message_received,
            "customer_message_read": _customer_message_read,
            "customer_blocked": _customer_blocked,
            "customer_unblocked": _customer_unblocked,
            "opt_in_recorded": _opt_in_recorded,
            "opt_out_recorded": _opt_out_recorded,
        }

    def apply(
        self, kind: str, event: Message, cause: Cause, rows: Rows, settings: SettingsSeen
    ) -> Iterable[Output]:
        """Judge one record of a conversation."""
        return self._judges[kind](event, cause, rows, settings)

    def wake(self, row_key: bytes, cause: Cause, rows: Rows, settings: SettingsSeen) -> Iterable[Output]:  # noqa: ARG002
        """A repeat of this message or key is no longer to be expected."""
        rows.delete(row_key)
        return []


def _send_requested(
    event: intake_pb2.SendRequested, cause: Cause, rows: Rows, settings: SettingsSeen
) -> list[Output]:
    facts = event.facts
    _check_conversation(facts.business_id, facts.user_ref, cause.key)
    if not is_first_time(facts.message_id, REQUEST_REMEMBERED_MS, cause, rows):
        return []
    key_taken = (
        claim_key(facts.message_id, event.idempotency, cause, rows) if event.HasField("idempotency") else None
    )
    row = _conversation_row(cause.key, rows)
    refusal = (
        key_taken or rules.why_forbidden(_standing_of(row)) or keep_pace(row.conversation, facts, settings)
    )
    if refusal is not None:
        return outputs.request_refused(event, refusal, cause)
    rows.put(cause.key, row)
    return outputs.request_permitted(event, row.conversation.consent_id, cause)


def _customer_message_received(
    event: intake_pb2.CustomerMessageReceived, cause: Cause, rows: Rows, _: SettingsSeen
) -> list[Output]:
    _check_conversation(event.business_id, event.user_ref, cause.key)
    if not is_first_time(event.message_id, CUSTOMER_MESSAGE_REMEMBERED_MS, cause, rows):
        return []
    row = _conversation_row(cause.key, rows)
    standing = _standing_of(row)
    change = rules.customer_wrote(standing, Word(event.keyword), event.message_id)
    made: list[Output] = []
    if change is not None:
        account_id, message_id = event.account_id, event.message_id
        made += _make_change(change, row, cause.timestamp_ms, cause, rows, account_id, message_id)
    if standing.blocked:
        return made
    made += outputs.message_passed(event, cause)
    if event.keyword:
        made += outputs.word_confirmed(event, cause)
    return made


def _customer_message_read(
    event: intake_pb2.CustomerMessageRead, cause: Cause, rows: Rows, _: SettingsSeen
) -> list[Output]:
    row = _conversation_row(cause.key, rows)
    return [] if row.conversation.blocked else outputs.message_read(event, cause)


def _customer_blocked(
    event: intake_pb2.CustomerBlocked, cause: Cause, rows: Rows, _: SettingsSeen
) -> list[Output]:
    row = _conversation_row(cause.key, rows)
    change = rules.customer_blocked(_standing_of(row))
    return _make_change(change, row, event.blocked_at_ms, cause, rows, event.account_id)


def _customer_unblocked(
    event: intake_pb2.CustomerUnblocked, cause: Cause, rows: Rows, _: SettingsSeen
) -> list[Output]:
    row = _conversation_row(cause.key, rows)
    change = rules.customer_unblocked(_standing_of(row))
    return _make_change(change, row, event.unblocked_at_ms, cause, rows, event.account_id)


def _opt_in_recorded(
    event: intake_pb2.OptInRecorded, cause: Cause, rows: Rows, _: SettingsSeen
) -> list[Output]:
    row = _conversation_row(cause.key, rows)
    change = rules.operator_recorded(_standing_of(row), Happened.GRANTED, event.method, event.evidence)
    return _make_change(change, row, event.recorded_at_ms, cause, rows, event.account_id)


def _opt_out_recorded(
    event: intake_pb2.OptOutRecorded, cause: Cause, rows: Rows, _: SettingsSeen
) -> list[Output]:
    row = _conversation_row(cause.key, rows)
    change = rules.operator_recorded(_standing_of(row), Happened.STOPPED, event.method, event.evidence)
    return _make_change(change, row, event.recorded_at_ms, cause, rows, event.account_id)


def _make_change(
    change: Change | None,
    row: consent_row_pb2.ConsentRow,
    changed_at_ms: int,
    cause: Cause,
    rows: Rows,
    account_id: str,
    message_id: str = "",
) -> list[Output]:
    """Write a change into its conversation and tell of it; no change, no outputs."""
    if change is None:
        return []
    standing = rules.after(_standing_of(row), change)
    conversation = row.conversation
    conversation.consent = standing.consent  # type: ignore[assignment]
    conversation.blocked = standing.blocked
    conversation.consent_id = cause.derived_id("consent")
    conversation.changed_at_ms = changed_at_ms
    conversation.method = standing.method
    conversation.evidence = standing.evidence
    rows.put(cause.key, row)
    in_force = rules.in_force(standing)
    return outputs.consent_changed(
        change, in_force, changed_at_ms, cause, account_id=account_id, message_id=message_id
    )


def _conversation_row(key: bytes, rows: Rows) -> consent_row_pb2.ConsentRow:
    row = cast("consent_row_pb2.ConsentRow | None", rows.get(key))
    if row is None:
        row = consent_row_pb2.ConsentRow()
        row.conversation.SetInParent()
    return row


def _standing_of(row: consent_row_pb2.ConsentRow) -> Standing:
    conversation = row.conversation
    return Standing(
        _CONSENTS[conversation.consent], conversation.blocked, conversation.method, conversation.evidence
    )


def _check_conversation(business_id: str, user_ref: str, key: bytes) -> None:
    if conversation_key(business_id, user_ref) != key:
        raise InvariantBroken(f"a record of {business_id}:{user_ref} lies under the key {key!r}")
