"""The requests of the unit tests' properties, fewer of them, thrown at a real ingress with a real broker."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from services.identity.platform_key import encode
from services.runtime.kafka_connection import KafkaConnection
from tests.integration.ingress_rig import BEARER, KEY_BYTES, requests_in_intake, seeded_topics
from tests.integration.test_ingress_process import process, settings, until
from tests.unit.ingress.rig import CUSTOMER, PATH
from tests.unit.ingress.test_properties import assert_answer, request_json

pytestmark = pytest.mark.integration

FEWER = hypothesis_settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def prefix(kafka: KafkaConnection) -> str:
    return seeded_topics(kafka)


@pytest.fixture(scope="module")
def client(kafka: KafkaConnection, prefix: str) -> Iterator[httpx.Client]:
    environment = settings(kafka, prefix, PARLEY_PLATFORM_KEY=encode(KEY_BYTES), PARLEY_NUMBER_RATE="100000")
    with process(environment) as ingress:
        line = until(ingress, "serving the Cloud API")
        url = next(part for part in line.split() if part.startswith("url=")).removeprefix("url=")
        with httpx.Client(base_url=url, headers=BEARER, timeout=30) as client:
            yield client


@given(request_json, st.booleans())
@FEWER
def test_any_json(client: httpx.Client, request: dict[str, Any], escaped: bool) -> None:
    content = json.dumps(request, ensure_ascii=escaped).encode("utf-8", "surrogatepass")
    assert_answer(client.post(PATH, content=content))


@given(request_json, st.sampled_from(["text", "template"]))
@FEWER
def test_what_is_answered_with_an_id_lies_in_intake(
    client: httpx.Client, kafka: KafkaConnection, prefix: str, request: dict[str, Any], kind: str
) -> None:
    request |= {"messaging_product": "whatsapp", "to": CUSTOMER, "type": kind}
    request.pop("status", None)
    response = client.post(PATH, content=json.dumps(request))
    assert_answer(response)
    if response.status_code == 200:
        assert response.json()["messages"][0]["id"] in requests_in_intake(kafka, prefix)


@given(st.binary(max_size=200))
@FEWER
def test_any_bytes(client: httpx.Client, content: bytes) -> None:
    assert_answer(client.post(PATH, content=content))


def test_it_still_serves(client: httpx.Client) -> None:
    request = {"messaging_product": "whatsapp", "to": CUSTOMER, "type": "text", "text": {"body": "Hello"}}
    assert client.post(PATH, json=request).status_code == 200
