"""Whatever is thrown at the real server, it answers 200 or a refusal in the envelope; never 5xx."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from typing import Any
from urllib.parse import quote_from_bytes

import httpx
import pytest
import uvloop
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.identity.platform_key import encode
from services.ingress.errors import TITLES
from services.ingress.intake import inbound_message_id
from tests.unit.ingress.rig import (
    CUSTOMER,
    KEY,
    NUMBER,
    OTHER_NUMBER,
    OTHER_TOKEN,
    PATH,
    TEXT,
    TOKEN,
    Rig,
    ingress_rig,
)

Ask = Callable[..., httpx.Response]


@pytest.fixture(scope="module")
def ask() -> Iterator[Ask]:
    """Asks one server, which runs in a thread of its own, and says what it answered."""
    loop = uvloop.new_event_loop()
    rig: Future[Rig] = Future()
    leave = asyncio.Event()

    async def serve() -> None:
        async with ingress_rig() as served:
            rig.set_result(served)
            await leave.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    with ExitStack() as stack:
        stack.callback(thread.join)
        stack.callback(loop.call_soon_threadsafe, leave.set)
        url = f"http://127.0.0.1:{rig.result(10).port}"
        client = stack.enter_context(httpx.Client(timeout=10))
        yield lambda method, path, **more: client.request(method, url + path, **more)
    loop.close()


def assert_answer(response: httpx.Response) -> None:
    assert response.status_code < 500, response.text
    assert response.headers["content-type"].startswith("application/json")
    answer = response.json()
    if response.status_code == 200:
        assert answer == {"success": True} or answer["messages"][0]["id"].startswith("wamid.")
        return
    error = answer["error"]
    assert error["code"] in TITLES
    assert error["message"] == f"(#{error['code']}) {TITLES[error['code']]}"
    assert error["error_data"]["details"]
    assert error["fbtrace_id"]


LIMITS = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
BEARER = {"Authorization": f"Bearer {TOKEN}"}

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=True, allow_infinity=True),
    st.text(max_size=20),
    st.sampled_from([CUSTOMER, "text", "template", "body", "read", "hello_world", "en_US", "whatsapp"]),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
as_text = values.map(json.dumps)
anything = values | as_text

parameter = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["text", "TEXT", "currency", "image", "payload"]) | anything,
        "text": st.text(max_size=8) | anything,
        "currency": st.just({"fallback_value": "$1"}) | anything,
        "image": st.just({"link": "https://x.example"}) | anything,
        "payload": anything,
        "parameter_name": st.sampled_from(["order_id", "day"]) | anything,
    },
)
component = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["body", "BODY", "header", "button"]) | anything,
        "sub_type": st.sampled_from(["url", "quick_reply"]) | anything,
        "index": st.sampled_from(["0", 1, "2"]) | anything,
        "parameters": st.lists(parameter | anything, max_size=3) | anything,
    },
)
template = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["hello_world", "order_update", "named", "rich", "paused"]) | anything,
        "language": st.just({"code": "en_US"}) | anything,
        "components": st.lists(component | anything, max_size=3) | anything,
    },
)
request_json = st.fixed_dictionaries(
    {},
    optional={
        "messaging_product": st.just("whatsapp") | anything,
        "recipient_type": st.just("individual") | anything,
        "to": st.just(CUSTOMER) | st.text("+ -()0123456789\u0661\u202a", max_size=20) | anything,
        "recipient": anything,
        "type": st.sampled_from(["text", "template", "image"]) | anything,
        "text": st.fixed_dictionaries({}, optional={"body": st.text() | anything, "preview_url": anything})
        | anything,
        "template": template | template.map(json.dumps) | anything,
        "context": st.fixed_dictionaries({}, optional={"message_id": anything}) | anything,
        "status": st.just("read") | anything,
        "message_id": st.just(inbound_message_id(KEY, NUMBER, CUSTOMER, "c")) | anything,
        "typing_indicator": st.just({"type": "text"}) | anything,
        "biz_opaque_callback_data": anything,
        "access_token": anything,
    },
)


@given(request_json)
@LIMITS
def test_any_json(ask: Ask, request: dict[str, Any]) -> None:
    assert_answer(ask("POST", PATH, content=json.dumps(request), headers=BEARER))


@given(request_json, st.sampled_from(["text", "template"]), st.booleans())
@LIMITS
def test_a_good_envelope_with_any_message(
    ask: Ask, request: dict[str, Any], kind: str, escaped: bool
) -> None:
    request |= {"messaging_product": "whatsapp", "to": CUSTOMER, "type": kind}
    request.pop("status", None)
    content = json.dumps(request, ensure_ascii=escaped).encode("utf-8", "surrogatepass")
    assert_answer(ask("POST", PATH, content=content, headers=BEARER))


@given(
    st.binary(max_size=200)
    | st.lists(
        st.sampled_from(['{"', '":', "[", "]", "}", ",", "\\u", "d83d", "1e9", '"to"']).map(str.encode),
        max_size=60,
    ).map(b"".join)
)
@LIMITS
def test_any_bytes(ask: Ask, content: bytes) -> None:
    assert_answer(ask("POST", PATH, content=content, headers=BEARER))


@given(st.data())
@LIMITS
def test_a_good_request_with_bytes_changed(ask: Ask, data: st.DataObject) -> None:
    content = bytearray(json.dumps(TEXT).encode())
    for position in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=4)):
        content[position] = data.draw(st.integers(0, 255))
    assert_answer(ask("POST", PATH, content=bytes(content), headers=BEARER))


printable = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=40).map(str.strip)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "Authorization": st.sampled_from([f"Bearer {TOKEN}", f"bearer {OTHER_TOKEN}", "Basic x"])
            | printable,
            "Idempotency-Key": printable,
            "Content-Type": st.sampled_from(["application/json", "application/x-www-form-urlencoded"])
            | printable,
            "Content-Encoding": st.sampled_from(["gzip", "identity", "br"]) | printable,
            "traceparent": printable,
            "Accept": printable,
            "X-Anything": printable,
        },
    ),
    st.sampled_from(["POST", "POST", "POST", "GET", "PUT", "DELETE", "OPTIONS", "BREW"]),
    st.sampled_from([b"", b"{}", b"a=b&c", json.dumps(TEXT).encode()]),
)
@LIMITS
def test_any_headers_and_method(ask: Ask, headers: dict[str, str], method: str, content: bytes) -> None:
    assert_answer(ask(method, PATH, content=content, headers=headers))


@given(
    st.lists(
        st.sampled_from(
            ["v23.0", "v1", NUMBER.phone_number_id, OTHER_NUMBER.phone_number_id, "messages", "", "."]
        )
        | st.binary(max_size=8).map(quote_from_bytes),
        max_size=5,
    ),
    st.binary(max_size=40).map(lambda raw: quote_from_bytes(raw, safe="=&")),
)
@LIMITS
def test_any_path_and_query(ask: Ask, segments: list[str], query: str) -> None:
    path = "/" + "/".join(segments)
    assert_answer(ask("POST", f"{path}?{query}", json=TEXT, headers=BEARER))


@given(request_json)
@LIMITS
def test_any_form(ask: Ask, request: dict[str, Any]) -> None:
    form = {name: value if isinstance(value, str) else json.dumps(value) for name, value in request.items()}
    encodable = {name: value.encode("utf-8", "replace").decode() for name, value in form.items()}
    assert_answer(ask("POST", PATH, data=encodable, headers=BEARER))


@given(st.binary(min_size=1, max_size=200))
@LIMITS
def test_any_message_id_is_known_or_refused(ask: Ask, sealed: bytes) -> None:
    request = {
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": "wamid." + encode(sealed),
    }
    response = ask("POST", PATH, json=request, headers=BEARER)
    assert_answer(response)
    assert response.json()["error"]["code"] == 100
