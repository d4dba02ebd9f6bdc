"""`Idempotency-Key`: which requests are the same message, whatever replica they reach."""

import json
from typing import Any

import pytest

from services.ingress.idempotency import DAY_MS
from tests.unit.ingress.rig import CUSTOMER, NOON_MS, PATH, TEXT, TOKEN, Rig, ingress_rig

MIDNIGHT_MS = (NOON_MS // DAY_MS + 1) * DAY_MS
TEMPLATE = {"name": "hello_world", "language": {"code": "en_US"}}


async def sent(rig: Rig, request: Any, key: str = "order-1") -> str:
    """The message id of a request with a key; `request` as JSON, or as the text of it."""
    content = request if isinstance(request, str) else json.dumps(request)
    headers = {"Authorization": f"Bearer {TOKEN}", "Idempotency-Key": key}
    response = await rig.post(content=content, headers=headers)
    assert response.status_code == 200, response.text
    return str(response.json()["messages"][0]["id"])


@pytest.mark.parametrize(
    "repeat",
    [
        json.dumps(TEXT),
        json.dumps(TEXT, indent=4),
        json.dumps(dict(reversed(TEXT.items()))),
        json.dumps(TEXT | {"to": "+1 (650) 555-1234"}),
        json.dumps(TEXT).replace("Hello", "\\u0048ello"),
    ],
)
async def test_the_same_body_is_the_same_message(ingress: Rig, repeat: str) -> None:
    assert await sent(ingress, TEXT) == await sent(ingress, repeat)
    first, second = (record[2].send_requested.idempotency for record in ingress.written.records)
    assert first == second
    assert first.key_digest
    assert first.body_digest


@pytest.mark.parametrize(
    ("request_one", "request_two"),
    [
        (TEXT, TEXT | {"text": {"body": "hello"}}),
        (TEXT, TEXT | {"text": {"body": "Hello", "preview_url": False}}),
        (TEXT, TEXT | {"biz_opaque_callback_data": "x"}),
        (TEXT, TEXT | {"unheard_of": 1}),
        (TEXT | {"unheard_of": [1, 2]}, TEXT | {"unheard_of": [2, 1]}),
    ],
)
async def test_another_body_is_another_message_under_the_same_key(
    ingress: Rig, request_one: dict[str, Any], request_two: dict[str, Any]
) -> None:
    assert await sent(ingress, request_one) != await sent(ingress, request_two)
    first, second = (record[2].send_requested.idempotency for record in ingress.written.records)
    assert first.key_digest == second.key_digest
    assert first.body_digest != second.body_digest


@pytest.mark.parametrize(("one", "two"), [("1", "1.0"), ("100", "1e2"), ("0", "-0.0"), ("0.5", "5e-1")])
async def test_equal_numbers_are_equal(ingress: Rig, one: str, two: str) -> None:
    text = json.dumps(TEXT | {"number": 0})
    ids = [await sent(ingress, text.replace('"number": 0', f'"number": {number}')) for number in (one, two)]
    assert ids[0] == ids[1]


async def test_another_key_or_recipient_is_another_message(ingress: Rig) -> None:
    ids = {
        await sent(ingress, TEXT, "order-1"),
        await sent(ingress, TEXT, "order-2"),
        await sent(ingress, TEXT | {"to": "16505551235"}, "order-1"),
    }
    assert len(ids) == 3
    assert len({record[2].send_requested.idempotency.key_digest for record in ingress.written.records}) == 3


@pytest.mark.parametrize("key", ["!", "~", "a" * 255, '"quoted"', "8e03978e-40d5-43e8-bc93-6894a57f9324"])
async def test_every_visible_key(ingress: Rig, key: str) -> None:
    assert await sent(ingress, TEXT, key) == await sent(ingress, TEXT, key)


@pytest.mark.parametrize(
    ("first_at_ms", "second_at_ms", "same"),
    [
        (NOON_MS, NOON_MS + 1, True),
        (MIDNIGHT_MS - DAY_MS, MIDNIGHT_MS - 1, True),
        (MIDNIGHT_MS - 1, MIDNIGHT_MS, False),
        (MIDNIGHT_MS, MIDNIGHT_MS + 1, True),
        (NOON_MS, NOON_MS + DAY_MS, False),
    ],
)
async def test_the_utc_day_is_part_of_the_id(
    ingress: Rig, first_at_ms: int, second_at_ms: int, same: bool
) -> None:
    ids = []
    for ingress.now_ms in (first_at_ms, second_at_ms):
        ids.append(await sent(ingress, TEXT))
    assert (ids[0] == ids[1]) is same
    # Across midnight the stage still knows the repeat, by key and body.
    first, second = (record[2].send_requested.idempotency for record in ingress.written.records)
    assert first == second


async def test_two_replicas_give_the_same_id() -> None:
    async with ingress_rig() as one, ingress_rig() as two:
        assert await sent(one, TEXT) == await sent(two, TEXT)


async def test_a_rotated_token_changes_nothing(ingress: Rig) -> None:
    ids = set()
    for token in (TOKEN, "PT-second"):
        path = f"{PATH}?access_token={token}"
        response = await ingress.post(TEXT, path=path, headers={"Idempotency-Key": "k"})
        ids.add(response.json()["messages"][0]["id"])
    assert len(ids) == 1


async def test_a_template_is_keyed_too(ingress: Rig) -> None:
    request = TEXT | {"type": "template", "template": TEMPLATE}
    assert await sent(ingress, request) == await sent(ingress, request | {"to": f"+{CUSTOMER}"})
