"""A real Cloud API client, pywa, that believes it talks to the official host."""

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from pywa.client import WhatsApp
from pywa.errors import ExpiredAccessToken, InvalidParameter, TemplateNotExists
from pywa.types.templates import BodyText, TemplateLanguage

from services.ingress.intake import inbound_message_id
from tests.unit.ingress.rig import CUSTOMER, KEY, NUMBER, TOKEN, Rig

parameters: Callable[..., Any] = BodyText.params


class ToIngress(httpx.HTTPTransport):
    """Sends what is meant for the official host to a replica of ingress."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._port = port

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(scheme="http", host="127.0.0.1", port=self._port)
        return super().handle_request(request)


@pytest.fixture
def whatsapp(ingress: Rig) -> Iterator[WhatsApp]:
    with httpx.Client(transport=ToIngress(ingress.port)) as session:
        yield WhatsApp(phone_id=NUMBER.phone_number_id, token=TOKEN, session=session)


async def test_a_text(ingress: Rig, whatsapp: WhatsApp) -> None:
    quoted = inbound_message_id(KEY, NUMBER, CUSTOMER, "c-1")
    sent = await asyncio.to_thread(
        whatsapp.send_message,
        to="+1 (650) 555-1234",
        text="Hello 👋",
        preview_url=True,
        reply_to_message_id=quoted,
        tracker="order-1",
    )
    request = ingress.written.last.send_requested
    assert sent.id == request.facts.message_id
    assert sent.input == "+1 (650) 555-1234"
    assert sent.to == CUSTOMER
    assert json.loads(request.content) == {
        "type": "text",
        "text": {"body": "Hello 👋", "preview_url": True},
        "context": {"message_id": quoted},
    }
    assert request.envelope.callback_data == "order-1"


async def test_templates(ingress: Rig, whatsapp: WhatsApp) -> None:
    for name, params in (
        ("hello_world", []),
        ("order_update", [parameters("Pablo", "860198")]),
        ("named", [parameters(order_id="860198", day="Monday")]),
    ):
        sent = await asyncio.to_thread(
            whatsapp.send_template,
            to=CUSTOMER,
            name=name,
            language=TemplateLanguage.ENGLISH_US,
            params=params,
        )
        assert sent.id == ingress.written.last.send_requested.facts.message_id
        assert sent.status == "accepted"


async def test_mark_as_read_and_typing(ingress: Rig, whatsapp: WhatsApp) -> None:
    message_id = inbound_message_id(KEY, NUMBER, CUSTOMER, "c-1")
    assert await asyncio.to_thread(whatsapp.mark_message_as_read, message_id)
    assert not ingress.written.last.customer_message_read.typing
    assert await asyncio.to_thread(whatsapp.indicate_typing, message_id)
    assert ingress.written.last.customer_message_read.typing


async def test_errors_have_their_types(ingress: Rig, whatsapp: WhatsApp) -> None:
    with pytest.raises(InvalidParameter):
        await asyncio.to_thread(whatsapp.send_message, CUSTOMER, "x" * 5000)
    with pytest.raises(TemplateNotExists):
        await asyncio.to_thread(whatsapp.send_template, CUSTOMER, "nope", TemplateLanguage.GERMAN, [])
    whatsapp.token = "wrong"
    with pytest.raises(ExpiredAccessToken):
        await asyncio.to_thread(whatsapp.send_message, CUSTOMER, "Hello")
