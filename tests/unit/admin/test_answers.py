"""How commands answer: windows, tables, refusals, replays."""

import json

import pytest
from aiokafka import errors as kafka_errors
from confluent_kafka import KafkaError, KafkaException

from parley.delivery.v1 import dispatch_pb2
from parley.intake.v1 import intake_pb2
from parley.message.v1 import facts_pb2
from parley.runtime.v1 import runtime_pb2
from parley.settings.v1 import settings_pb2
from parley.window.v1 import window_row_pb2
from services.admin.commands.window import window_object
from services.admin.dead_letter_replay import replayed
from services.admin.dead_letters import Letter
from services.admin.errors import Refused
from services.admin.output import print_object, print_objects, text_of
from services.admin.refusals import sentence_of
from services.admin.running_table import RunningTable
from services.contracts.keys import conversation_key
from services.identity.message_id import Kind, MessageId, open_message_id
from services.identity.platform_key import PlatformKey
from services.identity.references import user_ref

KEY = PlatformKey(bytes(32))
HOUR_MS = 3_600_000
LAST_MS = 1_542_852_000_000
CLOSES_MS = LAST_MS + 24 * HOUR_MS
NUMBER = settings_pb2.PhoneNumber(phone_number_id="106540352242922", display_phone_number="15550783881")
CUSTOMER = user_ref(KEY, "16505551234")


@pytest.mark.parametrize(
    ("now_ms", "state"),
    [
        (LAST_MS, "open"),
        (CLOSES_MS - 2 * HOUR_MS - 1, "open"),
        (CLOSES_MS - 2 * HOUR_MS, "closing_soon"),
        (CLOSES_MS - 1, "closing_soon"),
        (CLOSES_MS, "closed"),
    ],
)
def test_a_window_at_each_instant(now_ms: int, state: str) -> None:
    row = window_row_pb2.WindowRow(
        opened_by="wamid.A",
        opened_at_ms=LAST_MS - HOUR_MS,
        last_message_id="wamid.B",
        last_message_at_ms=LAST_MS,
        wake_at_ms=CLOSES_MS - 2 * HOUR_MS,
        reported=window_row_pb2.REPORTED_OPEN,
    )
    assert window_object(NUMBER, row, 2 * HOUR_MS, now_ms) == {
        "phone_number_id": "106540352242922",
        "display_phone_number": "15550783881",
        "state": state,
        "opened_by": "wamid.A",
        "opened_at": "2018-11-22T01:00:00.000Z",
        "last_message_id": "wamid.B",
        "last_message_at": "2018-11-22T02:00:00.000Z",
        "closes_at": "2018-11-23T02:00:00.000Z",
    }


@pytest.mark.parametrize(
    ("reported", "wakes_before_ms", "lead_hours", "left_ms", "state"),
    [
        # The setting was made longer after the customer's last message: nobody is told before the old time.
        (window_row_pb2.REPORTED_OPEN, 2 * HOUR_MS, 20, 2 * HOUR_MS + 1, "open"),
        (window_row_pb2.REPORTED_OPEN, 2 * HOUR_MS, 20, 2 * HOUR_MS, "closing_soon"),
        # Made shorter: the stage looks at the old time, and tells at the new one.
        (window_row_pb2.REPORTED_OPEN, 2 * HOUR_MS, 1, 2 * HOUR_MS, "open"),
        (window_row_pb2.REPORTED_OPEN, 2 * HOUR_MS, 1, HOUR_MS, "closing_soon"),
        # Made shorter once it had been told.
        (window_row_pb2.REPORTED_CLOSING_SOON, 0, 1, 2 * HOUR_MS, "closing_soon"),
    ],
)
def test_a_window_closes_soon_when_that_is_told(
    reported: window_row_pb2.Reported, wakes_before_ms: int, lead_hours: int, left_ms: int, state: str
) -> None:
    row = window_row_pb2.WindowRow(
        last_message_at_ms=LAST_MS, wake_at_ms=CLOSES_MS - wakes_before_ms, reported=reported
    )
    shown = window_object(NUMBER, row, lead_hours * HOUR_MS, CLOSES_MS - left_ms)
    assert shown["state"] == state


def test_who_never_wrote_has_no_window() -> None:
    window = window_object(NUMBER, None, 0, LAST_MS)
    assert window["state"] == "closed"
    assert window["opened_by"] is None
    assert window["closes_at"] is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        ("", "-"),
        ([], "-"),
        (0, "0"),
        (True, "yes"),
        (["a", "b"], "a, b"),
        ({"currency": "USD", "micros": -14_700}, "USD -0.0147"),
    ],
)
def test_values_as_people_read_them(value: object, text: str) -> None:
    assert text_of(value) == text


def test_programs_get_one_object_a_line_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    objects: list[dict[str, object]] = [{"name": "hé", "more": 1}, {"name": None, "more": 2}]
    print_objects(objects, True, ("name",), "None.")
    print_objects([], True, ("name",), "None.")
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == objects


def test_people_get_a_table_or_are_told_that_there_is_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    print_objects([{"token_id": "t1"}], False, ("token_id",), "None.")
    print_objects([], False, ("token_id",), "None.")
    print_object({"token_id": "[bold]t1"}, False)
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines == ["token id", "t1", "None.", "token id  [bold]t1"]


def test_a_running_table_sets_amounts_to_the_right(capsys: pytest.CaptureFixture[str]) -> None:
    table = RunningTable([("market", 8, False), ("amount", 7, True)])
    table.add_row(["Brazil", "-0.05"])
    table.add_note("Because.")
    table.add_row(["Other", "1.00"])
    assert capsys.readouterr().out.splitlines() == [
        "market     amount",
        "Brazil      -0.05",
        "    Because.",
        "Other        1.00",
    ]
    assert table.rows == 2


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (KafkaError.UNKNOWN_TOPIC_OR_PART, "parley topics create"),
        (KafkaError._TIMED_OUT, "did not answer in time"),
        (KafkaError.TOPIC_AUTHORIZATION_FAILED, "Kafka refused"),
    ],
)
def test_what_kafka_says_becomes_a_sentence(code: int, words: str) -> None:
    assert words in (sentence_of(KafkaException(KafkaError(code))) or "")


def test_a_bug_is_not_dressed_as_a_refusal() -> None:
    assert sentence_of(KeyError("bug")) is None
    assert sentence_of(ExceptionGroup("tasks", [KeyError("bug")])) is None


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (kafka_errors.NodeNotReadyError("1"), "Kafka did not do what was asked"),
        (
            ExceptionGroup("tasks", [ExceptionGroup("more", [kafka_errors.KafkaTimeoutError()])]),
            "KafkaTimeoutError",
        ),
        (FileNotFoundError(2, "No such file or directory", "plan.toml"), "plan.toml"),
    ],
)
def test_what_asynchronous_commands_fail_of_is_a_sentence(error: Exception, words: str) -> None:
    assert words in (sentence_of(error) or "")


def facts() -> facts_pb2.SendFacts:
    return facts_pb2.SendFacts(
        message_id=MessageId(Kind.OUTBOUND, "8", "9", CUSTOMER, bytes(16)).seal(KEY),
        business_id="8",
        account_id="7",
        phone_number_id="9",
        user_ref=CUSTOMER,
        accepted_at_ms=LAST_MS,
        expires_at_ms=LAST_MS + HOUR_MS,
    )


def letter(kind: str, value: bytes) -> Letter:
    return Letter("0.42", runtime_pb2.DeadLettered(topic="parley.intake", kind=kind, value=value))


REQUESTED = intake_pb2.IntakeEvent(
    send_requested=intake_pb2.SendRequested(
        facts=facts(),
        envelope=facts_pb2.Envelope(customer_number="16505551234"),
        content=b'{"type":"text"}',
        idempotency=intake_pb2.Idempotency(key_digest=b"k"),
    )
).SerializeToString()
HELD = dispatch_pb2.DispatchEvent(
    content_held=dispatch_pb2.ContentHeld(
        facts=facts(), envelope=facts_pb2.Envelope(customer_number="16505551234"), content=b'{"type":"text"}'
    )
).SerializeToString()


@pytest.mark.parametrize(("kind", "value"), [("send_requested", REQUESTED), ("content_held", HELD)])
def test_a_message_is_replayed_as_another_one(kind: str, value: bytes) -> None:
    record = replayed(letter(kind, value), KEY, LAST_MS + 5 * HOUR_MS)
    request = record.event.send_requested
    assert record.key == conversation_key("8", CUSTOMER)
    assert record.message_id == request.facts.message_id != facts().message_id
    assert open_message_id(KEY, record.message_id).user_ref == CUSTOMER
    assert request.facts.accepted_at_ms == LAST_MS + 5 * HOUR_MS
    assert request.facts.expires_at_ms == LAST_MS + 6 * HOUR_MS
    assert (request.content, request.envelope.customer_number) == (b'{"type":"text"}', "16505551234")
    assert not request.HasField("idempotency"), "the client's key names the message that failed"


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        ("send_screened", b"", "its content does not lie with it"),
        ("send_assessed", b"", "its content does not lie with it"),
        ("receipt_received", b"", "confirms again by itself"),
        ("ticked", b"", "time passes by itself"),
        ("send_requested", b"", "too large to be kept"),
        ("send_requested", b"\xff", "its value cannot be read"),
        ("", b"\x01", "a record of kind unknown is no message"),
    ],
)
def test_what_cannot_be_replayed_is_said(kind: str, value: bytes, words: str) -> None:
    with pytest.raises(Refused, match=words):
        replayed(letter(kind, value), KEY, LAST_MS)


def test_a_letter_shows_what_can_be_read_of_it() -> None:
    shown = letter("send_requested", REQUESTED).decoded()
    assert shown is not None
    assert shown["send_requested"]["facts"]["business_id"] == "8"
    assert letter("send_requested", b"\xff").decoded() is None
