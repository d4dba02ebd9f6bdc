"""Every error that ingress answers at once: status, code, and always the envelope; and nothing is written."""

from typing import Any

import pytest

from services.identity.message_id import Kind, MessageId
from services.identity.references import user_ref
from services.ingress.intake import inbound_message_id
from tests.unit.ingress.rig import (
    CUSTOMER,
    KEY,
    NUMBER,
    OTHER_NUMBER,
    PATH,
    TEXT,
    TOKEN,
    Rig,
    assert_envelope,
    ingress_rig,
)

READ = {"messaging_product": "whatsapp", "status": "read"}
INBOUND = inbound_message_id(KEY, NUMBER, CUSTOMER, "c-1")
THEIRS = inbound_message_id(KEY, OTHER_NUMBER, CUSTOMER, "c-1")
OUTBOUND = MessageId(
    Kind.OUTBOUND, NUMBER.business_id, NUMBER.phone_number_id, user_ref(KEY, CUSTOMER), b"u" * 16
).seal(KEY)


def text(**changes: Any) -> dict[str, Any]:
    """The text request with members changed; None takes the member away."""
    request = TEXT | changes
    return {name: value for name, value in request.items() if value is not None}


@pytest.mark.parametrize(
    ("request_json", "status", "code"),
    [
        # the envelope of a request: 100
        ({}, 400, 100),
        (text(messaging_product=None), 400, 100),
        (TEXT | {"messaging_product": None}, 400, 100),
        (text(messaging_product=1), 400, 100),
        (text(to=None), 400, 100),
        (TEXT | {"to": None}, 400, 100),
        (text(to=""), 400, 100),
        (text(to=16505551234), 400, 100),
        (text(to=True), 400, 100),
        (text(to=[CUSTOMER]), 400, 100),
        (text(to={"number": CUSTOMER}), 400, 100),
        (text(type=7), 400, 100),
        (text(type=["text"]), 400, 100),
        (text(text="Hello"), 400, 100),
        (text(text=["Hello"]), 400, 100),
        (text(text={"body": 5}), 400, 100),
        (text(text={"body": {"a": 1}}), 400, 100),
        (text(text={"body": "x", "preview_url": 1}), 400, 100),
        (text(context="wamid.x"), 400, 100),
        (text(context={"message_id": 5}), 400, 100),
        (text(biz_opaque_callback_data=5), 400, 100),
        (text(recipient_type=5), 400, 100),
        (text(to=None, recipient=5), 400, 100),
        # what the message lacks: 131008
        (text(text=None), 400, 131008),
        (TEXT | {"text": None}, 400, 131008),
        (text(text={}), 400, 131008),
        (text(text={"body": None}), 400, 131008),
        (text(context={}), 400, 131008),
        (text(type=None, text=None), 400, 131008),
        (text(type="template"), 400, 131008),
        # out of range: 131009
        (text(text={"body": ""}), 400, 131009),
        (text(text={"body": "x" * 4097}), 400, 131009),
        (text(messaging_product="sms"), 400, 131009),
        (text(recipient_type="group"), 400, 131009),
        (text(to="12345"), 400, 131009),
        (text(to="not a number"), 400, 131009),
        (text(biz_opaque_callback_data="x" * 513), 400, 131009),
        # recipients
        (text(to=None, recipient="US.13491208655302741918"), 400, 131062),
        (text(to="+1 555 078-3881"), 400, 131021),
        # types
        (text(type="image", image={"link": "https://x.example/a.jpg"}), 400, 131051),
        (text(type="reaction"), 400, 131051),
        (text(type="nonsense"), 400, 131051),
        # mark as read
        (READ, 400, 100),
        (READ | {"message_id": None}, 400, 100),
        (READ | {"message_id": 5}, 400, 100),
        (READ | {"message_id": "wamid.nobodys"}, 400, 100),
        (READ | {"message_id": OUTBOUND}, 400, 100),
        (READ | {"message_id": THEIRS}, 400, 100),
        ({"status": "read", "message_id": INBOUND}, 400, 100),
        (READ | {"status": 1, "message_id": INBOUND}, 400, 100),
        (READ | {"status": "delivered", "message_id": INBOUND}, 400, 131009),
        (READ | {"message_id": INBOUND, "typing_indicator": "text"}, 400, 100),
        (READ | {"message_id": INBOUND, "typing_indicator": {}}, 400, 131008),
        (READ | {"message_id": INBOUND, "typing_indicator": {"type": "dance"}}, 400, 131009),
        # bodies that are no object
        ([], 400, 100),
        ([TEXT], 400, 100),
        ("text", 400, 100),
        (5, 400, 100),
    ],
)
async def test_a_bad_request(ingress: Rig, request_json: Any, status: int, code: int) -> None:
    assert_envelope(await ingress.post(request_json), status, code)
    assert ingress.written.records == []


@pytest.mark.parametrize(
    ("body", "details"),
    [
        (b"", "messaging_product is missing"),
        (b"   \n", "messaging_product is missing"),
        (b"{", "not valid JSON"),
        (b"nonsense", "not valid JSON"),
        (b'{"to":"1"', "not valid JSON"),
        (b'{"a":NaN}', "not valid JSON"),
        (b'{"a":-Infinity}', "not valid JSON"),
        (b'{"a":1e999}', "too large"),
        (b'{"a":' + b"9" * 5000 + b"}", "not valid JSON"),
        (b'{"a":"line\nbreak"}', "not valid JSON"),
        (b"null", "must be a JSON object"),
        (b"\xff\xfe{}", "not UTF-8"),
        (b'{"to":"\xc3\x28"}', "not UTF-8"),
        (b'{"to":"\xed\xa0\xbd"}', "not UTF-8"),
        (b'{"text":{"body":"\\ud83d"}}', "half of a surrogate pair"),
        (b'{"text":{"body":"\\ude00\\ud83d"}}', "half of a surrogate pair"),
        (b'{"\\udfff":1}', "half of a surrogate pair"),
        (b'{"text":"{\\"body\\":\\"\\\\ud83d\\"}"}', "messaging_product is missing"),
        (b"[" * 100_000, "nests deeper"),
        (b'{"a":' * 33 + b"1" + b"}" * 33, "nests deeper"),
        (b'{"a":' * 100 + b"1", "nests deeper"),
    ],
)
async def test_a_body_that_cannot_be_read(ingress: Rig, body: bytes, details: str) -> None:
    data = assert_envelope(await ingress.post(content=body), 400, 100)
    assert details in data["details"]


async def test_a_surrogate_inside_json_inside_a_string(ingress: Rig) -> None:
    request = text(text='{"body":"\\ud83d"}')
    data = assert_envelope(await ingress.post(request), 400, 100)
    assert "half of a surrogate pair" in data["details"]


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({}, ""),
        ({"Authorization": ""}, ""),
        ({"Authorization": "Bearer"}, ""),
        ({"Authorization": "Bearer wrong"}, ""),
        ({"Authorization": f"Basic {TOKEN}"}, ""),
        ({"Authorization": TOKEN}, ""),
        ({"Authorization": f"Bearer {TOKEN}x"}, ""),
        ({"Authorization": "Bearer \xff"}, ""),
        ({"Authorization": "Bearer " + "x" * 4000}, ""),
        ({}, "?access_token=wrong"),
        ({}, "?access_token="),
        ({"Authorization": "Bearer wrong"}, f"?access_token={TOKEN}"),
    ],
)
async def test_a_bad_token(ingress: Rig, headers: dict[str, str], query: str) -> None:
    raw = {name: value.encode("latin-1") for name, value in headers.items()}
    assert_envelope(await ingress.post(TEXT, path=PATH + query, headers=raw), 401, 190)


async def test_another_accounts_number(ingress: Rig) -> None:
    path = f"/v23.0/{OTHER_NUMBER.phone_number_id}/messages"
    assert_envelope(await ingress.post(TEXT, path=path), 403, 10)


@pytest.mark.parametrize("phone_number_id", ["1", "999999999999999", "abc", "%2e%2e", "106540352242922x"])
async def test_an_unknown_number(ingress: Rig, phone_number_id: str) -> None:
    assert_envelope(await ingress.post(TEXT, path=f"/v23.0/{phone_number_id}/messages"), 400, 33)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/messages",
        "/v23.0/messages",
        "/v23.0//messages",
        f"/v23.0/{NUMBER.phone_number_id}",
        f"/v23.0/{NUMBER.phone_number_id}/media",
        f"/v23.0/{NUMBER.phone_number_id}/messages/5",
        f"/v23.0/{NUMBER.phone_number_id}/messages//",
        f"/latest/{NUMBER.phone_number_id}/messages",
        f"/v23.0/v23.0/{NUMBER.phone_number_id}/messages",
        "/" + "a/" * 3000,
    ],
)
@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_an_unknown_path(ingress: Rig, method: str, path: str) -> None:
    assert_envelope(await ingress.client.request(method, path), 404, 1)


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"])
async def test_a_wrong_method(ingress: Rig, method: str) -> None:
    response = await ingress.client.request(method, PATH)
    assert_envelope(response, 405, 100)
    assert response.headers["allow"] == "POST"


async def test_a_head_request_has_the_status_and_no_body(ingress: Rig) -> None:
    response = await ingress.client.head(PATH)
    assert (response.status_code, response.content) == (405, b"")


@pytest.mark.parametrize("key", ["", "a b", "é", "x" * 256, "a\x7f"])
async def test_a_bad_idempotency_key(ingress: Rig, key: str) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}".encode(), "Idempotency-Key": key.encode()}
    assert_envelope(await ingress.post(TEXT, headers=headers), 400, 100)


async def test_two_idempotency_keys(ingress: Rig) -> None:
    headers = [("Authorization", f"Bearer {TOKEN}"), ("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    assert_envelope(await ingress.post(TEXT, headers=headers), 400, 100)


async def test_too_fast() -> None:
    async with ingress_rig(rate=2) as rig:
        for _ in range(2):
            assert (await rig.post(TEXT)).status_code == 200
        response = await rig.post(TEXT)
        assert_envelope(response, 429, 130429)
        assert response.json()["error"]["is_transient"] is True
        assert response.headers["retry-after"] == "1"
        assert len(rig.written.records) == 2
        rig.seconds += 0.5
        assert (await rig.post(TEXT)).status_code == 200


async def test_a_refused_request_takes_nothing_from_the_rate() -> None:
    async with ingress_rig(rate=1) as rig:
        assert_envelope(await rig.post(text(text=None)), 400, 131008)
        assert (await rig.post(TEXT)).status_code == 200
