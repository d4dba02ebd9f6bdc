"""Frames of the handset channel: what is read, what is refused, what is written."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.delivery.v1 import dispatch_pb2, outbox_pb2
from services.delivery.handset import frames
from services.delivery.handset.errors import FrameRefused
from services.delivery.handset.frames import Ack, Blocking, Writing, read_frame

TEXT = {"type": "text", "text": {"body": "Hi"}}


def message(**members: Any) -> str:
    return json.dumps({"type": "message", "client_id": "c1", "to": "106", "content": TEXT} | members)


@pytest.mark.parametrize(
    ("text", "frame"),
    [
        ('{"type":"ack","id":"wamid.A","status":"read"}', Ack("wamid.A", dispatch_pb2.RECEIPT_READ)),
        (
            '{"type":"ack","id":"wamid.A","status":"delivered","new":1}',
            Ack("wamid.A", dispatch_pb2.RECEIPT_DELIVERED),
        ),
        (message(), Writing("c1", "106", TEXT, "", None, None, "")),
        (
            message(context=None, referral=None, timestamp=None),
            Writing("c1", "106", TEXT, "", None, None, ""),
        ),
        (
            message(
                context={"message_id": "wamid.A"},
                referral={"source_type": "ad"},
                timestamp=1760000000,
                profile={"name": "Sheena"},
            ),
            Writing("c1", "106", TEXT, "wamid.A", {"source_type": "ad"}, 1760000000, "Sheena"),
        ),
        (message(timestamp="1760000000"), Writing("c1", "106", TEXT, "", None, 1760000000, "")),
        (message(profile=7), Writing("c1", "106", TEXT, "", None, None, "")),
        (
            message(content={"type": "contacts", "contacts": [{}], "text": 1}),
            Writing("c1", "106", {"type": "contacts", "contacts": [{}]}, "", None, None, ""),
        ),
        ('{"type":"block","phone_number_id":"106"}', Blocking("106", True)),
        ('{"type":"unblock","phone_number_id":"106"}', Blocking("106", False)),
    ],
)
def test_what_is_read(text: str, frame: frames.Frame) -> None:
    assert read_frame(text) == frame


@pytest.mark.parametrize(
    ("text", "word", "echo"),
    [
        ("", "JSON", {}),
        ("garbage", "JSON", {}),
        ("[1]", "object", {}),
        ('"ack"', "object", {}),
        ("null", "object", {}),
        ("[" * 5_000, "deep", {}),
        ('{"a":' * 40 + "1" + "}" * 40, "deep", {}),
        ("{}", "type", {}),
        ('{"type":null,"id":"x"}', "type", {"id": "x"}),
        ('{"type":["ack"]}', "type", {}),
        ('{"type":"shout","client_id":"c1"}', "type", {"client_id": "c1"}),
        ('{"type":"ack"}', "id", {}),
        ('{"type":"ack","id":7,"status":"read"}', "id", {}),
        ('{"type":"ack","id":"wamid.A"}', "status", {"id": "wamid.A"}),
        ('{"type":"ack","id":"wamid.A","status":"sent"}', "status", {"id": "wamid.A"}),
        ('{"type":"ack","id":"wamid.A","status":{}}', "status", {"id": "wamid.A"}),
        ('{"type":"ack","id":"' + "a" * 129 + '","status":"read"}', "id", {"id": "a" * 129}),
        ('{"type":"ack","id":"\\ud800","status":"read"}', "surrogate", {}),
        (message(client_id=""), "client_id", {"client_id": ""}),
        (message(client_id="c" * 256), "client_id", {}),
        (message(client_id=None), "client_id", {}),
        (message(to=106), "to", {"client_id": "c1"}),
        (message(content=None), "content", {"client_id": "c1"}),
        (message(content="Hi"), "content", {"client_id": "c1"}),
        (message(content={"type": "system", "system": {}}), "content", {"client_id": "c1"}),
        (message(content={"type": ["text"]}), "content", {"client_id": "c1"}),
        (message(content={"type": "text"}), "content.text", {"client_id": "c1"}),
        (message(content={"type": "text", "text": "Hi"}), "content.text", {"client_id": "c1"}),
        (message(content={"type": "text", "text": {}}), "body", {"client_id": "c1"}),
        (message(content={"type": "text", "text": {"body": ""}}), "body", {"client_id": "c1"}),
        (message(content={"type": "text", "text": {"body": "x" * 4097}}), "body", {"client_id": "c1"}),
        (message(context="wamid.A"), "context", {"client_id": "c1"}),
        (message(context={}), "message_id", {"client_id": "c1"}),
        (message(referral="ad"), "referral", {"client_id": "c1"}),
        (message(timestamp=True), "timestamp", {"client_id": "c1"}),
        (message(timestamp=1.5), "timestamp", {"client_id": "c1"}),
        (message(timestamp=-1), "timestamp", {"client_id": "c1"}),
        (message(timestamp=10**15), "timestamp", {"client_id": "c1"}),
        (message(timestamp="9" * 5_000), "timestamp", {"client_id": "c1"}),
        (message(timestamp="soon"), "timestamp", {"client_id": "c1"}),
        ('{"type":"block"}', "phone_number_id", {}),
        ('{"type":"unblock","phone_number_id":{}}', "phone_number_id", {}),
    ],
)
def test_what_is_refused(text: str, word: str, echo: dict[str, str]) -> None:
    with pytest.raises(FrameRefused, match=word) as refused:
        read_frame(text)
    assert refused.value.echo == echo


@given(
    st.one_of(
        st.text(),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        ).map(json.dumps),
        st.fixed_dictionaries(
            {"type": st.sampled_from(["ack", "message", "block"])},
            optional={
                name: st.none() | st.text() | st.integers() | st.just(TEXT) | st.just([])
                for name in ("id", "status", "client_id", "to", "content", "context", "timestamp")
            },
        ).map(json.dumps),
    )
)
def test_whatever_comes_is_read_or_refused(text: str) -> None:
    try:
        frame = read_frame(text)
    except FrameRefused as refused:
        json.loads(frames.refused(refused.reason, refused.echo)).get("reason").encode()
    else:
        assert isinstance(frame, Ack | Writing | Blocking)


def test_a_message_is_shown_with_its_content_as_the_business_wrote_it() -> None:
    event = outbox_pb2.OutboxEvent(account_id="102", phone_number_id="106")
    event.attempt_emitted.message_id = "wamid.A"
    event.attempt_emitted.display_phone_number = "15550783881"
    event.attempt_emitted.content = '{"type":"text","text":{"body":"“Grüße” \\" 😀"}}'.encode()
    event.attempt_emitted.accepted_at_ms = 1_760_000_000_999
    assert json.loads(frames.show(event)) == {
        "type": "message",
        "id": "wamid.A",
        "from": "15550783881",
        "phone_number_id": "106",
        "account_id": "102",
        "timestamp": "1760000000",
        "content": {"type": "text", "text": {"body": '“Grüße” " 😀'}},
    }


def test_a_notice_and_a_read_mark_are_shown() -> None:
    notice = outbox_pb2.OutboxEvent(phone_number_id="106")
    notice.notice_emitted.text = "Done."
    assert json.loads(frames.show(notice)) == {"type": "notice", "phone_number_id": "106", "text": "Done."}
    mark = outbox_pb2.OutboxEvent()
    mark.read_mark_emitted.message_id = "wamid.B"
    assert json.loads(frames.show(mark)) == {"type": "status", "id": "wamid.B", "status": "read"}


def test_answers() -> None:
    assert json.loads(frames.accepted("c1", "wamid.B", 1_760_000_000_999)) == {
        "type": "accepted",
        "client_id": "c1",
        "id": "wamid.B",
        "timestamp": "1760000000",
    }
    assert json.loads(frames.blocking_done(Blocking("106", True))) == {
        "type": "blocked",
        "phone_number_id": "106",
    }
    assert json.loads(frames.blocking_done(Blocking("106", False)))["type"] == "unblocked"
    assert json.loads(frames.refused("rate", {"id": "x"})) == {"type": "error", "reason": "rate", "id": "x"}
