"""What real clients send, and what comes of it: the answer, and the record in intake."""

import json
from typing import Any
from urllib.parse import quote

import pytest

from parley.message.v1.facts_pb2 import (
    CATEGORY_AUTHENTICATION,
    CATEGORY_SERVICE,
    CATEGORY_UTILITY,
    FORM_FREE_FORM,
    FORM_TEMPLATE,
)
from services.contracts.keys import conversation_key
from services.identity.message_id import Kind, MessageId, open_message_id
from services.identity.references import business_scoped_user_id, user_ref
from services.ingress.intake import inbound_message_id
from tests.unit.ingress.rig import (
    CUSTOMER,
    KEY,
    NOON_MS,
    NUMBER,
    PATH,
    TEXT,
    TOKEN,
    TTL_SECONDS,
    Rig,
    assert_envelope,
    ingress_rig,
)

PID = NUMBER.phone_number_id
BEARER = {"Authorization": f"Bearer {TOKEN}"}
CUSTOMER_REF = user_ref(KEY, CUSTOMER)
THIRTY_TWO_DEEP = json.loads('{"a":' * 31 + "1" + "}" * 31)


async def test_the_answer_to_a_text(ingress: Rig) -> None:
    response = await ingress.post(TEXT | {"to": "+1 (650) 555-1234"})
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("application/json")
    answer = response.json()
    message_id = answer["messages"][0]["id"]
    assert answer == {
        "messaging_product": "whatsapp",
        "contacts": [
            {
                "input": "+1 (650) 555-1234",
                "wa_id": CUSTOMER,
                "user_id": business_scoped_user_id(KEY, NUMBER.business_id, CUSTOMER),
            }
        ],
        "messages": [{"id": message_id}],
    }
    opened = open_message_id(KEY, message_id)
    assert (opened.kind, opened.business_id) == (Kind.OUTBOUND, NUMBER.business_id)
    assert (opened.phone_number_id, opened.user_ref) == (PID, CUSTOMER_REF)


async def test_the_record_of_a_text(ingress: Rig) -> None:
    response = await ingress.post(TEXT | {"biz_opaque_callback_data": "order-860198"})
    ((topic, key, event, kind, message_id, _),) = ingress.written.records
    assert (topic, kind) == ("intake", "send_requested")
    assert key == conversation_key(NUMBER.business_id, CUSTOMER_REF)
    assert message_id == response.json()["messages"][0]["id"]
    facts = event.send_requested.facts
    assert facts.message_id == message_id
    assert (facts.business_id, facts.account_id) == (NUMBER.business_id, NUMBER.account_id)
    assert (facts.phone_number_id, facts.user_ref) == (PID, CUSTOMER_REF)
    assert (facts.destination_prefix, facts.category) == ("1", CATEGORY_SERVICE)
    assert (facts.form, facts.accepted_at_ms) == (FORM_FREE_FORM, NOON_MS)
    assert facts.expires_at_ms == NOON_MS + TTL_SECONDS * 1000
    envelope = event.send_requested.envelope
    assert (envelope.customer_number, envelope.display_phone_number) == (
        CUSTOMER,
        NUMBER.display_phone_number,
    )
    assert envelope.callback_data == "order-860198"
    assert json.loads(event.send_requested.content) == {"type": "text", "text": {"body": "Hello"}}
    assert not event.send_requested.HasField("idempotency")


async def test_the_answer_to_a_template_has_a_status(ingress: Rig) -> None:
    request = {
        "messaging_product": "whatsapp",
        "to": CUSTOMER,
        "type": "template",
        "template": {"name": "hello_world", "language": {"code": "en_US"}},
    }
    response = await ingress.post(request)
    assert response.json()["messages"][0]["message_status"] == "accepted"
    facts = ingress.written.last.send_requested.facts
    assert (facts.form, facts.category) == (FORM_TEMPLATE, CATEGORY_UTILITY)


async def test_a_template_may_expire_sooner(ingress: Rig) -> None:
    request = TEXT | {"type": "template", "template": {"name": "code", "language": {"code": "en_US"}}}
    assert (await ingress.post(request)).status_code == 200
    facts = ingress.written.last.send_requested.facts
    assert facts.expires_at_ms == NOON_MS + 600_000
    assert facts.category == CATEGORY_AUTHENTICATION


@pytest.mark.parametrize(
    "path",
    [
        PATH,
        PATH + "/",
        f"/{PID}/messages",
        f"/{PID}/messages/",
        f"/v13.0/{PID}/messages",
        f"/v26/{PID}/messages",
    ],
)
async def test_with_and_without_version_and_slash(ingress: Rig, path: str) -> None:
    assert (await ingress.post(TEXT, path=path)).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        BEARER,
        {"authorization": f"bearer {TOKEN}"},
        {"Authorization": f"Bearer  {TOKEN}"},
        {"Authorization": "Bearer PT-second"},
    ],
)
async def test_every_good_token_of_the_account(ingress: Rig, headers: dict[str, str]) -> None:
    assert (await ingress.post(TEXT, headers=headers)).status_code == 200


async def test_a_token_in_the_query(ingress: Rig) -> None:
    response = await ingress.post(TEXT, path=f"{PATH}?access_token={TOKEN}", headers={})
    assert response.status_code == 200


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("+16505551234", "16505551234"),
        ("001 650 555 1234", "16505551234"),
        ("1-650-555-1234", "16505551234"),
        ("551187654321", "5511987654321"),
        ("5215512345678", "525512345678"),
    ],
)
async def test_numbers_as_people_write_them(ingress: Rig, written: str, canonical: str) -> None:
    contact = (await ingress.post(TEXT | {"to": written})).json()["contacts"][0]
    assert (contact["input"], contact["wa_id"]) == (written, canonical)
    assert ingress.written.last.send_requested.facts.user_ref == user_ref(KEY, canonical)


@pytest.mark.parametrize(
    "changes",
    [
        {"type": None},
        {"recipient_type": "individual"},
        {"recipient_type": None},
        {"recipient": "US.13491208655302741918"},
        {"recipient": None, "context": None, "biz_opaque_callback_data": None, "status": None},
        {"text": {"body": "Hello", "preview_url": None}},
        {"text": {"body": "Hello", "unheard_of": [1, 2]}},
        {"text": '{"body": "Hello"}'},
        {"messaging_product": "WHATSAPP"},
        {"unheard_of": {"a": [True, None, 1.5e3]}},
        {"unheard_of": THIRTY_TWO_DEEP},
        {"unheard_of": [[]] * 5000},
        {"unheard_of": "[" * 5000},
        {"unheard_of": '"\\' * 5000},
    ],
)
async def test_requests_that_mean_the_same_text(ingress: Rig, changes: dict[str, Any]) -> None:
    assert (await ingress.post(TEXT | changes)).status_code == 200
    content = json.loads(ingress.written.last.send_requested.content)
    assert content == {"type": "text", "text": {"body": "Hello"}}


@pytest.mark.parametrize("flag", [True, False, "true", "false"])
async def test_a_preview_is_passed_on(ingress: Rig, flag: object) -> None:
    assert (await ingress.post(TEXT | {"text": {"body": "Hello", "preview_url": flag}})).status_code == 200
    content = json.loads(ingress.written.last.send_requested.content)
    assert content["text"]["preview_url"] is (flag in (True, "true"))


@pytest.mark.parametrize("body", ["x" * 4096, "😀" * 4096, "\u0000", "नमस्ते", "a\nb", " "])
async def test_texts_of_every_kind(ingress: Rig, body: str) -> None:
    for escaped in (True, False):
        content = json.dumps(TEXT | {"text": {"body": body}}, ensure_ascii=escaped).encode()
        assert (await ingress.post(content=content)).status_code == 200
        assert json.loads(ingress.written.last.send_requested.content)["text"]["body"] == body


@pytest.mark.parametrize(
    "content_type", [None, "text/plain", "application/x-www-form-urlencoded", "nonsense"]
)
async def test_json_under_any_content_type(ingress: Rig, content_type: str | None) -> None:
    headers = BEARER | ({"Content-Type": content_type} if content_type else {})
    content = b"\xef\xbb\xbf" + json.dumps(TEXT).encode()
    assert (await ingress.post(content=content, headers=headers)).status_code == 200


FORM = {"messaging_product": "whatsapp", "to": "+16505551234", "type": "text", "text": '{"body":"Hi é"}'}


async def test_a_form(ingress: Rig) -> None:
    response = await ingress.post(data=FORM, headers=BEARER)
    assert response.status_code == 200, response.text
    assert json.loads(ingress.written.last.send_requested.content)["text"]["body"] == "Hi é"


async def test_everything_in_the_query(ingress: Rig) -> None:
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in FORM.items())
    response = await ingress.post(path=f"{PATH}?access_token={TOKEN}&{query}", headers={})
    assert response.status_code == 200, response.text
    assert ingress.written.last.send_requested.envelope.customer_number == CUSTOMER


async def test_the_body_wins_over_the_query(ingress: Rig) -> None:
    assert (await ingress.post(TEXT, path=f"{PATH}?to=4915112345678&limit=5")).status_code == 200
    assert ingress.written.last.send_requested.envelope.customer_number == CUSTOMER


def outbound(number: str = CUSTOMER) -> str:
    reference = user_ref(KEY, number)
    return MessageId(Kind.OUTBOUND, NUMBER.business_id, PID, reference, b"u" * 16).seal(KEY)


@pytest.mark.parametrize(
    ("quoted", "kept"),
    [
        (inbound_message_id(KEY, NUMBER, CUSTOMER, "c-1"), True),
        (outbound(), True),
        (outbound("4915112345678"), False),
        ("wamid.nobodys", False),
    ],
)
async def test_a_reply_quotes_what_belongs_to_the_conversation(ingress: Rig, quoted: str, kept: bool) -> None:
    assert (await ingress.post(TEXT | {"context": {"message_id": quoted}})).status_code == 200
    content = json.loads(ingress.written.last.send_requested.content)
    assert content.get("context") == ({"message_id": quoted} if kept else None)


@pytest.mark.parametrize(
    ("more", "typing"),
    [({}, False), ({"typing_indicator": None}, False), ({"typing_indicator": {"type": "text"}}, True)],
)
async def test_mark_as_read(ingress: Rig, more: dict[str, Any], typing: bool) -> None:
    message_id = inbound_message_id(KEY, NUMBER, CUSTOMER, "c-1")
    request = {"messaging_product": "whatsapp", "status": "read", "message_id": message_id} | more
    response = await ingress.post(request)
    assert (response.status_code, response.json()) == (200, {"success": True})
    ((_, key, event, kind, about, _),) = ingress.written.records
    assert (kind, about) == ("customer_message_read", message_id)
    assert key == conversation_key(NUMBER.business_id, CUSTOMER_REF)
    read = event.customer_message_read
    assert (read.message_id, read.typing, read.read_at_ms) == (message_id, typing, NOON_MS)


async def test_read_marks_count_towards_the_rate_of_their_number() -> None:
    message_id = inbound_message_id(KEY, NUMBER, CUSTOMER, "c-1")
    request = {"messaging_product": "whatsapp", "status": "read", "message_id": message_id}
    async with ingress_rig(rate=2) as rig:
        assert (await rig.post(request)).status_code == 200
        assert (await rig.post(TEXT)).status_code == 200
        refused = await rig.post(request)
        assert_envelope(refused, 429, 130429)
        assert refused.headers["retry-after"] == "1"
        assert len(rig.written.records) == 2
        rig.seconds += 1
        assert (await rig.post(request)).status_code == 200


async def test_without_a_key_equal_requests_are_different_messages(ingress: Rig) -> None:
    ids = {(await ingress.post(TEXT)).json()["messages"][0]["id"] for _ in range(3)}
    assert len(ids) == 3


TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


async def test_a_trace_goes_on(ingress: Rig) -> None:
    await ingress.post(TEXT, headers=BEARER | {"traceparent": TRACE})
    await ingress.post(TEXT)
    received, made = (record[5] for record in ingress.written.records)
    assert received == TRACE.encode()
    assert made is not None
    assert len(made) == len(TRACE)
