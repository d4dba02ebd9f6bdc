"""Templates from the Cloud API's create call: what they want when they are sent, and what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from parley.message.v1 import facts_pb2
from services.admin.errors import Refused
from services.admin.templates import (
    BODY_BYTES_MAX,
    read_create_call,
    starter_calls,
    template_from,
    template_key,
)

Wanted = list[tuple[str, int, int, list[str]]]


def call(*components: dict[str, Any], **fields: Any) -> dict[str, Any]:
    body = {
        "name": "order_update",
        "language": "en_US",
        "category": "UTILITY",
        "components": list(components),
    }
    return body | fields


def body(text: str = "Hello") -> dict[str, Any]:
    return {"type": "BODY", "text": text}


def wanted(created: dict[str, Any]) -> Wanted:
    template = template_from(created, "7", "9")
    return [(each.component, each.index, each.count, list(each.names)) for each in template.parameters]


@pytest.mark.parametrize(
    ("created", "parameters"),
    [
        (call(body("Hello")), []),
        (call(body("Hello {{1}}, order {{2}}, again {{1}}")), [("body", 0, 2, [])]),
        (call({"type": "body", "text": "Hello {{1}}"}), [("body", 0, 1, [])]),
        (call(body("{{ 2 }} and {{1}}")), [("body", 0, 2, [])]),
        (
            call(body("Hi {{name}}, {{order_id}}"), parameter_format="NAMED"),
            [("body", 0, 2, ["name", "order_id"])],
        ),
        (
            call({"type": "HEADER", "format": "TEXT", "text": "{{1}}!"}, body()),
            [("header", 0, 1, [])],
        ),
        (call({"type": "HEADER", "format": "image"}, body()), [("header", 0, 1, [])]),
        (
            call(
                body(),
                {
                    "type": "BUTTONS",
                    "buttons": [
                        {"type": "QUICK_REPLY", "text": "Yes"},
                        {"type": "URL", "url": "https://shop.example/{{1}}"},
                        {"type": "COPY_CODE"},
                        {"type": "PHONE_NUMBER", "phone_number": "15550783881"},
                    ],
                },
            ),
            [("button", 1, 1, []), ("button", 2, 1, [])],
        ),
        (
            call(
                {"type": "BODY", "add_security_recommendation": True},
                {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE"}]},
                category="authentication",
            ),
            [("body", 0, 1, []), ("button", 0, 1, [])],
        ),
    ],
)
def test_what_a_template_wants(created: dict[str, Any], parameters: Wanted) -> None:
    assert wanted(created) == parameters


@pytest.mark.parametrize(
    ("created", "sentence"),
    [
        (call(body(), name="Order Update"), "name must be small letters"),
        (call(body(), language="English"), "language must be a language code"),
        (call(body(), category="SERVICE"), "category must be one of"),
        (call(body(), category=None), "category must be one of"),
        (call(body(), parameter_format="SOME"), "parameter_format must be one of"),
        (call(), "must contain a BODY"),
        (call({"type": "FOOTER", "text": "Bye"}), "must contain a BODY"),
        (call(body(), body()), "BODY stands there twice"),
        (call(body(), {"type": "CARDS"}), "'CARDS' is none of"),
        (call(body("")), "BODY: text must have 1 to 1024"),
        (call(body("x" * 1_025)), "BODY: text must have 1 to 1024"),
        (call(body("Order {{2}}")), "without a gap"),
        (call(body("Hi {{name}}")), "or state parameter_format NAMED"),
        (call(body("Hi {{Name}}"), parameter_format="NAMED"), "is no named parameter"),
        (call({"type": "HEADER", "text": "{{1}} {{2}}"}, body()), "HEADER: one parameter at most"),
        (call({"type": "HEADER", "format": "SONG"}, body()), "HEADER: format must be"),
        (call(body(), {"type": "FOOTER", "text": "x" * 61}), "FOOTER: text must have 1 to 60"),
        (call(body(), {"type": "BUTTONS", "buttons": []}), "list of 1 to 10"),
        (call(body(), {"type": "BUTTONS", "buttons": ["Yes"]}), "button 0 must be an object"),
        (call(body(), message_send_ttl_seconds=29), "whole number from 30"),
        (call(body(), message_send_ttl_seconds=True), "whole number from 30"),
        (call(body(), components="[]"), "components must be a list"),
    ],
)
def test_what_is_refused(created: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        template_from(created, "7", "9")


@pytest.mark.parametrize(
    ("fields", "ttl_seconds"),
    [
        ({}, 0),
        ({"message_send_ttl_seconds": 60}, 60),
        ({"category": "AUTHENTICATION"}, 600),
        ({"category": "AUTHENTICATION", "message_send_ttl_seconds": 30}, 30),
    ],
)
def test_when_its_messages_expire(fields: dict[str, Any], ttl_seconds: int) -> None:
    assert template_from(call(body(), **fields), "7", "9").message_send_ttl_seconds == ttl_seconds


def test_a_template_is_approved_and_known_by_account_name_and_language() -> None:
    template = template_from(call(body("Grüße {{1}}")), "7", "9")
    assert template_key(template) == "template/7/order_update/en_US"
    assert (template.status, template.template_id) == ("APPROVED", "9")
    assert template.category == facts_pb2.CATEGORY_UTILITY
    assert json.loads(template.components_json) == [body("Grüße {{1}}")]


def test_each_account_begins_with_two_utility_templates() -> None:
    made = [template_from(each, "7", "9") for each in starter_calls()]
    assert [(each.name, each.language, sum(one.count for one in each.parameters)) for each in made] == [
        ("hello_world", "en_US", 0),
        ("order_update", "en_US", 2),
    ]
    assert {each.category for each in made} == {facts_pb2.CATEGORY_UTILITY}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"{", "is no JSON"),
        (b"[]", "must be a JSON object"),
        (b"\xff", "is no JSON"),
        (b"[" * 60_000, "is no JSON"),
        (b" " * (BODY_BYTES_MAX + 1), "is larger than"),
    ],
)
def test_a_file_that_is_no_create_call_is_refused(tmp_path: Path, content: bytes, sentence: str) -> None:
    file = tmp_path / "template.json"
    file.write_bytes(content)
    with pytest.raises(Refused, match=sentence):
        read_create_call(file)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="cannot be read: No such file"):
        read_create_call(tmp_path / "template.json")
