"""Templates: which there are, and whether the parameters of a request fit."""

import json
from typing import Any

import pytest

from tests.unit.ingress.rig import TEXT, Rig, assert_envelope


def words(*texts: str) -> list[dict[str, Any]]:
    return [{"type": "text", "text": text} for text in texts]


def body(*parameters: dict[str, Any], kind: str = "body") -> dict[str, Any]:
    return {"type": kind, "parameters": list(parameters)}


def named(**texts: str) -> list[dict[str, Any]]:
    return [{"type": "text", "parameter_name": name, "text": text} for name, text in texts.items()]


def button(index: object, *parameters: dict[str, Any], sub_type: str = "url") -> dict[str, Any]:
    return {"type": "button", "sub_type": sub_type, "index": index, "parameters": list(parameters)}


def request(called: str, /, *components: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A template message; `more` changes members of the template, None takes one away."""
    template = {"name": called, "language": {"code": "en_US"}, "components": list(components)} | more
    present = {key: value for key, value in template.items() if value is not None}
    return TEXT | {"type": "template", "template": present}


PICTURE = {"type": "image", "image": {"link": "https://x.example/a.jpg"}}
IMAGE = body(PICTURE, kind="header")
URL = button("1", *words("tok-123"))
COUPON = button("2", {"type": "coupon_code", "coupon_code": "25OFF"}, sub_type="copy_code")
CURRENCY = {
    "type": "currency",
    "currency": {"fallback_value": "$100.99", "code": "USD", "amount_1000": 100990},
}
DATE = {"type": "date_time", "date_time": {"fallback_value": "25 Feb 2026"}}


@pytest.mark.parametrize(
    "sent",
    [
        request("hello_world"),
        request("hello_world", components=None),
        request("hello_world", body()),
        request("hello_world", {"type": "body"}),
        request("hello_world", language={"code": "en_US", "policy": "deterministic"}),
        request("hello_world", language='{"code":"en_US"}'),
        request("order_update", body(*words("a", "b"))),
        request("order_update", body(*words("a", "b"), kind="BODY")),
        request("order_update", body(*words("a", "b"), kind="Body")),
        request("order_update", body(CURRENCY, DATE)),
        request("order_update", body({"type": "TEXT", "text": "a"}, *words("b"))),
        request("order_update", components=json.dumps([body(*words("a", "b"))])),
        request("order_update", body(*[word | {"parameter_name": None} for word in words("a", "b")])),
        request("named", body(*named(order_id="1", day="2"))),
        request("named", body(*named(day="2", order_id="1"))),
        request("rich", IMAGE, body(*words("a")), URL, COUPON),
        request("rich", body(*words("a")), IMAGE, COUPON, URL),
        request("rich", IMAGE, body(*words("a")), button(1, *words("t")), COUPON),
        request(
            "rich",
            IMAGE,
            body(*words("a")),
            URL,
            COUPON,
            button("0", {"type": "payload", "payload": "yes"}, sub_type="quick_reply"),
        ),
        TEXT | {"type": "template", "template": json.dumps(request("hello_world")["template"])},
    ],
)
async def test_parameters_that_fit(ingress: Rig, sent: dict[str, Any]) -> None:
    response = await ingress.post(sent)
    assert response.status_code == 200, response.text
    content = json.loads(ingress.written.last.send_requested.content)
    assert content["type"] == "template"
    assert content["template"]["language"] == {"code": "en_US"}
    for component in content["template"]["components"]:
        assert component["type"] in {"header", "body", "button"}
        assert isinstance(component.get("index", "0"), str)


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        # which template
        (request("no_such"), 404, 132001),
        (request("order_update", language={"code": "de"}), 404, 132001),
        (request("theirs"), 404, 132001),
        (request("pending"), 404, 132001),
        (request("a/b/c"), 404, 132001),
        (request("paused"), 400, 132015),
        (request("disabled"), 400, 132016),
        (request("x" * 513), 400, 131009),
        (request("hello_world", language=None), 400, 131008),
        (request("hello_world", language={}), 400, 131008),
        (request("hello_world", language={"code": None}), 400, 131008),
        (TEXT | {"type": "template", "template": {}}, 400, 131008),
        (TEXT | {"type": "template", "template": None}, 400, 131008),
        (TEXT | {"type": "template", "template": []}, 400, 100),
        (TEXT | {"type": "template", "template": "hello_world"}, 400, 100),
        (request("hello_world", name=5), 400, 100),
        (request("hello_world", language="en_US"), 400, 100),
        (request("hello_world", language={"code": 5}), 400, 100),
        # how many
        (request("order_update"), 400, 132000),
        (request("order_update", components=None), 400, 132000),
        (request("order_update", body(*words("a"))), 400, 132000),
        (request("order_update", body(*words("a", "b", "c"))), 400, 132000),
        (request("hello_world", body(*words("a"))), 400, 132000),
        (request("hello_world", IMAGE), 400, 132000),
        (request("named", body(*named(order_id="1"))), 400, 132000),
        (request("rich", body(*words("a")), URL, COUPON), 400, 132000),
        (request("rich", IMAGE, body(*words("a")), COUPON), 400, 132000),
        (request("rich", IMAGE, body(*words("a")), URL), 400, 132000),
        (request("rich", IMAGE, body(*words("a")), URL, COUPON, button("3", *words("t"))), 400, 132000),
        # of which type and name
        (request("order_update", body(*words("a"), PICTURE)), 400, 132012),
        (request("order_update", body(*words("a")), body(*words("b"))), 400, 132012),
        (request("order_update", {"type": "carousel"}), 400, 132012),
        (request("rich", body(*words("a"), kind="header"), body(*words("a")), URL, COUPON), 400, 132012),
        (request("named", body(*words("1", "2"))), 400, 132012),
        (request("named", body(*named(order_id="1", other="2"))), 400, 132012),
        (request("named", body(*named(day="1"), *named(day="2"))), 400, 132012),
        (request("order_update", body(*named(a="1", b="2"))), 400, 132012),
        (request("order_update", body(*words("a", "x" * 1025))), 400, 132005),
        # of which shape
        (request("order_update", components=5), 400, 100),
        (request("order_update", components={}), 400, 100),
        (request("order_update", components="body"), 400, 100),
        (request("order_update", components=["body"]), 400, 100),
        (request("order_update", components=[None]), 400, 100),
        (request("order_update", components=[body()] * 17), 400, 131009),
        (request("order_update", {"parameters": words("a", "b")}), 400, 131008),
        (request("order_update", {"type": 5}), 400, 100),
        (request("order_update", {"type": "body", "parameters": "a"}), 400, 100),
        (request("order_update", {"type": "body", "parameters": ["a", "b"]}), 400, 100),
        (request("order_update", body({"text": "a"}, {"text": "b"})), 400, 131008),
        (request("order_update", body({"type": "text"}, *words("b"))), 400, 131008),
        (request("order_update", body(*words("", "b"))), 400, 131008),
        (request("order_update", body({"type": "text", "text": 5}, *words("b"))), 400, 100),
        (request("order_update", body({"type": 5, "text": "a"}, *words("b"))), 400, 100),
        (request("order_update", body({"type": "currency"}, DATE)), 400, 131008),
        (request("order_update", body({"type": "currency", "currency": {}}, DATE)), 400, 131008),
        (request("order_update", body({"type": "currency", "currency": "$5"}, DATE)), 400, 100),
        (request("named", body({"type": "text", "text": "a", "parameter_name": 5})), 400, 100),
        (request("rich", body({"type": "image", "image": {}}, kind="header")), 400, 131008),
        (request("rich", button(None)), 400, 131008),
        (request("rich", button("first")), 400, 131009),
        (request("rich", button(-1)), 400, 131009),
        (request("rich", button("9" * 5000)), 400, 131009),
        (request("rich", button(True)), 400, 100),
        (request("rich", button([1])), 400, 100),
    ],
)
async def test_parameters_that_do_not_fit(ingress: Rig, sent: dict[str, Any], status: int, code: int) -> None:
    assert_envelope(await ingress.post(sent), status, code)
    assert ingress.written.records == []


async def test_a_setting_without_readable_components_is_judged_by_its_counts(ingress: Rig) -> None:
    assert (await ingress.post(request("unreadable"))).status_code == 200
    assert_envelope(await ingress.post(request("unreadable", body(*words("a")))), 400, 132000)
