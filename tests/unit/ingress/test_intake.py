"""Records of intake: their keys, ids and contents."""

import json

import pytest

from parley.intake.v1.intake_pb2 import KEYWORD_STOP, KEYWORD_UNSPECIFIED, Idempotency
from parley.message.v1.facts_pb2 import Envelope, SendFacts
from parley.settings.v1.settings_pb2 import PhoneNumber
from services.contracts.keys import conversation_key
from services.identity.message_id import Kind, open_message_id
from services.identity.platform_key import PlatformKey
from services.identity.references import user_ref
from services.ingress.intake import (
    build_customer_blocked,
    build_customer_message,
    build_customer_unblocked,
    build_message_read,
    build_opt_in,
    build_opt_out,
    build_send_request,
)

KEY = PlatformKey(bytes(range(32)))
NUMBER = PhoneNumber(
    phone_number_id="106540352242922",
    account_id="102290129340398",
    business_id="506914307656634",
    display_phone_number="15550783881",
)
CUSTOMER = "16505551234"
CONVERSATION = conversation_key(NUMBER.business_id, user_ref(KEY, CUSTOMER))
AT_MS = 1_760_000_000_000
HELLO = {"type": "text", "text": {"body": "Hello"}}


def test_a_customers_message_says_who_wrote_to_whom_and_what() -> None:
    record = build_customer_message(
        KEY,
        NUMBER,
        CUSTOMER,
        "c-1",
        HELLO,
        AT_MS,
        context_message_id="wamid.x",
        referral={"source_type": "ad", "source_id": "é"},
        profile_name="Sheena Nelson",
    )
    received = record.event.customer_message_received
    assert (record.key, record.kind) == (CONVERSATION, record.event.WhichOneof("event"))
    assert record.message_id == received.message_id
    assert received.envelope == Envelope(customer_number=CUSTOMER, display_phone_number="15550783881")
    assert (received.business_id, received.account_id) == (NUMBER.business_id, NUMBER.account_id)
    assert (received.phone_number_id, received.sent_at_ms) == (NUMBER.phone_number_id, AT_MS)
    assert json.loads(received.content) == HELLO
    assert json.loads(received.referral_json) == {"source_type": "ad", "source_id": "é"}
    assert (received.context_message_id, received.profile_name) == ("wamid.x", "Sheena Nelson")
    assert received.keyword == KEYWORD_UNSPECIFIED


def test_a_repeated_client_id_is_the_same_message() -> None:
    ids = {
        build_customer_message(KEY, NUMBER, CUSTOMER, "c-1", content, at_ms).message_id
        for content, at_ms in ((HELLO, AT_MS), ({"type": "text", "text": {"body": "other"}}, AT_MS + 1))
    }
    assert len(ids) == 1


def test_another_client_id_customer_or_number_is_another_message() -> None:
    other = PhoneNumber(phone_number_id="7", account_id="2", business_id=NUMBER.business_id)
    ids = {
        build_customer_message(KEY, NUMBER, CUSTOMER, "c-1", HELLO, AT_MS).message_id,
        build_customer_message(KEY, NUMBER, CUSTOMER, "c-2", HELLO, AT_MS).message_id,
        build_customer_message(KEY, NUMBER, "16505551235", "c-1", HELLO, AT_MS).message_id,
        build_customer_message(KEY, other, CUSTOMER, "c-1", HELLO, AT_MS).message_id,
    }
    assert len(ids) == 4


def test_an_inbound_id_opens_to_its_conversation() -> None:
    record = build_customer_message(KEY, NUMBER, CUSTOMER, "c-1", HELLO, AT_MS)
    opened = open_message_id(KEY, record.message_id)
    assert opened.kind is Kind.INBOUND
    assert conversation_key(opened.business_id, opened.user_ref) == record.key
    assert opened.phone_number_id == NUMBER.phone_number_id


def test_a_stop_word_is_marked_with_its_language() -> None:
    content = {"type": "text", "text": {"body": " Parar! "}}
    received = build_customer_message(KEY, NUMBER, CUSTOMER, "c", content, AT_MS).event
    assert received.customer_message_received.keyword == KEYWORD_STOP
    assert received.customer_message_received.keyword_language == "pt"


@pytest.mark.parametrize(
    "content",
    [{"type": "image"}, {"type": "text"}, {"type": "text", "text": "stop"}, {"text": {"body": ["stop"]}}],
)
def test_only_a_texts_body_can_be_a_stop_word(content: dict[str, object]) -> None:
    received = build_customer_message(KEY, NUMBER, CUSTOMER, "c", content, AT_MS).event
    assert received.customer_message_received.keyword == KEYWORD_UNSPECIFIED


def test_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(ValueError, match="surrogates not allowed"):
        build_customer_message(KEY, NUMBER, CUSTOMER, "c", {"text": {"body": "\ud83d"}}, AT_MS)


def test_a_send_request_lies_in_its_conversation() -> None:
    facts = SendFacts(message_id="wamid.x", business_id="1", user_ref="u1_x")
    idempotency = Idempotency(key_digest=b"k", body_digest=b"b")
    record = build_send_request(facts, Envelope(customer_number=CUSTOMER), b"{}", idempotency)
    assert record.key == b"1:u1_x"
    assert (record.kind, record.message_id) == ("send_requested", "wamid.x")
    assert record.event.send_requested.idempotency == idempotency
    assert not build_send_request(facts, Envelope(), b"{}").event.send_requested.HasField("idempotency")


def test_reading_a_message_lies_in_its_conversation() -> None:
    message_id = build_customer_message(KEY, NUMBER, CUSTOMER, "c-1", HELLO, AT_MS).message_id
    opened = open_message_id(KEY, message_id)
    record = build_message_read(NUMBER.account_id, opened, message_id, AT_MS, typing=True)
    read = record.event.customer_message_read
    assert (record.key, record.kind) == (CONVERSATION, "customer_message_read")
    assert (read.message_id, read.phone_number_id) == (message_id, NUMBER.phone_number_id)
    assert (read.account_id, read.read_at_ms, read.typing) == (NUMBER.account_id, AT_MS, True)


def test_blocks_and_recorded_consent_lie_in_the_conversation() -> None:
    business = (NUMBER.business_id, NUMBER.account_id)
    records = [
        build_customer_blocked(KEY, NUMBER, CUSTOMER, AT_MS),
        build_customer_unblocked(KEY, NUMBER, CUSTOMER, AT_MS),
        build_opt_in(KEY, *business, CUSTOMER, AT_MS, method="web form", evidence="form 42"),
        build_opt_out(KEY, *business, CUSTOMER, AT_MS, method="phone call", evidence="ticket 4711"),
    ]
    assert {record.key for record in records} == {CONVERSATION}
    assert [record.kind for record in records] == [record.event.WhichOneof("event") for record in records]
    assert records[2].event.opt_in_recorded.method == "web form"
    assert records[3].event.opt_out_recorded.evidence == "ticket 4711"
