"""A rig for ingress: the real HTTP server, its settings and clock in the test's hand, and no Kafka."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any

import httpx
from google.protobuf.message import Message

from parley.intake.v1.intake_pb2 import IntakeEvent
from parley.message.v1.facts_pb2 import CATEGORY_AUTHENTICATION, CATEGORY_UTILITY
from parley.settings.v1.settings_pb2 import (
    AccessToken,
    Account,
    ComponentParameters,
    PhoneNumber,
    SettingChanged,
    Template,
)
from services.contracts.catalogue import Topic
from services.identity.platform_key import PlatformKey
from services.ingress.app import CloudApi
from services.ingress.limits import HttpLimits
from services.ingress.messages import MessagesEndpoint
from services.ingress.rate import NumberRates
from services.ingress.server import IngressServer
from services.ingress.templates import TemplateIndex
from services.ingress.tokens import TokenIndex
from services.ingress.trace import Tracer

KEY = PlatformKey(bytes(range(32)))
NOON_MS = 1_760_011_200_000
"""2025-10-09T12:00:00Z."""
TTL_SECONDS = 2_592_000
TOKEN = "PT-good"
OTHER_TOKEN = "PT-other"
NUMBER = PhoneNumber(
    phone_number_id="106540352242922",
    account_id="102290129340398",
    business_id="506914307656634",
    display_phone_number="15550783881",
)
OTHER_NUMBER = PhoneNumber(
    phone_number_id="106540352242923",
    account_id="102290129340399",
    business_id="506914307656635",
    display_phone_number="15550783882",
)
PATH = f"/v23.0/{NUMBER.phone_number_id}/messages"
CUSTOMER = "16505551234"
TEXT = {"messaging_product": "whatsapp", "to": CUSTOMER, "type": "text", "text": {"body": "Hello"}}


def token(text: str, *, revoked_at_ms: int = 0) -> AccessToken:
    """An access token as the setting keeps it."""
    return AccessToken(token_id=text[-4:], sha256=sha256(text.encode()).digest(), revoked_at_ms=revoked_at_ms)


def account(account_id: str, *tokens: AccessToken) -> SettingChanged:
    """An account's setting."""
    return SettingChanged(
        key=f"account/{account_id}", account=Account(account_id=account_id, access_tokens=tokens)
    )


def template(
    name: str,
    *parameters: ComponentParameters,
    components: list[dict[str, Any]] | None = None,
    **more: Any,
) -> SettingChanged:
    """A template's setting, approved and in en_US unless told otherwise."""
    values: dict[str, Any] = {
        "account_id": NUMBER.account_id,
        "language": "en_US",
        "status": "APPROVED",
        "category": CATEGORY_UTILITY,
        "components_json": json.dumps(components or []).encode(),
    } | more
    value = Template(name=name, parameters=parameters, **values)
    return SettingChanged(key=f"template/{value.account_id}/{name}/{value.language}", template=value)


TEMPLATES = [
    template("hello_world"),
    template("order_update", ComponentParameters(component="body", count=2)),
    template(
        "named",
        ComponentParameters(component="body", count=2, names=["order_id", "day"]),
        parameter_format="NAMED",
    ),
    template(
        "rich",
        ComponentParameters(component="body", count=1),
        ComponentParameters(component="button", count=1, index=1),
        components=[
            {"type": "HEADER", "format": "IMAGE"},
            {"type": "BODY", "text": "Hi {{1}}"},
            {
                "type": "BUTTONS",
                "buttons": [
                    {"type": "QUICK_REPLY", "text": "Yes"},
                    {"type": "URL", "text": "See", "url": "https://shop.example/{{1}}"},
                    {"type": "COPY_CODE", "example": "X"},
                    {"type": "PHONE_NUMBER", "phone_number": "1"},
                ],
            },
        ],
    ),
    template("code", category=CATEGORY_AUTHENTICATION, message_send_ttl_seconds=600),
    template("paused", status="PAUSED"),
    template("disabled", status="DISABLED"),
    template("pending", status="PENDING"),
    template("unreadable", components_json=b"{"),
    template("theirs", account_id=OTHER_NUMBER.account_id),
]


class Written:
    """What a writer was given; it fails as it is told."""

    def __init__(self) -> None:
        self.records: list[tuple[str, bytes, IntakeEvent, str, str, bytes | None]] = []
        self.failure: Exception | None = None
        self.may_go = asyncio.Event()
        self.may_go.set()

    async def write(
        self,
        topic: Topic,
        key: bytes,
        event: Message,
        kind: str,
        *,
        message_id: str = "",
        traceparent: bytes | None = None,
        **_: object,
    ) -> None:
        await self.may_go.wait()
        if self.failure:
            raise self.failure
        assert isinstance(event, IntakeEvent)
        self.records.append((topic.name, key, event, kind, message_id, traceparent))

    @property
    def last(self) -> IntakeEvent:
        return self.records[-1][2]


class Rig:
    """One replica of ingress on loopback."""

    def __init__(self, limits: HttpLimits, rate: int, replicas: int) -> None:
        self.now_ms = NOON_MS
        self.seconds = 0.0
        self.written = Written()
        self.tokens = TokenIndex()
        self.templates = TemplateIndex()
        self.numbers = {number.phone_number_id: number for number in (NUMBER, OTHER_NUMBER)}
        self.take(account(NUMBER.account_id, token(TOKEN), token("PT-second")))
        self.take(account(OTHER_NUMBER.account_id, token(OTHER_TOKEN)))
        for setting in TEMPLATES:
            self.take(setting)
        endpoint = MessagesEndpoint(
            KEY,
            self.templates,
            NumberRates(rate, replicas, lambda: self.seconds),
            self.written,
            lambda: self.now_ms,
            TTL_SECONDS,
        )
        self.api = CloudApi(endpoint, self, self.tokens, Tracer(0), limits, lambda: self.seconds)
        self._limits = limits
        self.client: httpx.AsyncClient
        self.port = 0

    def phone_number(self, phone_number_id: str) -> PhoneNumber | None:
        return self.numbers.get(phone_number_id)

    def take(self, setting: SettingChanged) -> None:
        self.tokens.take(setting)
        self.templates.take(setting)

    async def post(self, json: Any = None, path: str = PATH, **more: Any) -> httpx.Response:
        """POST to the server, with the good token unless headers are given."""
        more.setdefault("headers", {"Authorization": f"Bearer {TOKEN}"})
        if json is not None:
            more["json"] = json
        return await self.client.post(path, **more)

    async def raw(self, data: bytes) -> bytes:
        """Send bytes as they are; what comes back until the server closes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(data)
        try:
            async with asyncio.timeout(10):
                return await reader.read()
        finally:
            writer.close()

    @asynccontextmanager
    async def served(self) -> AsyncIterator["Rig"]:
        server = IngressServer(self.api.handle, self._limits)
        listening = await asyncio.get_running_loop().create_server(server, "127.0.0.1", 0)
        self.port = listening.sockets[0].getsockname()[1]
        # A context that trusts nobody is quickly made, and nothing here speaks TLS.
        trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        url = f"http://127.0.0.1:{self.port}"
        self.client = httpx.AsyncClient(base_url=url, timeout=10, verify=trust)
        try:
            yield self
        finally:
            await self.client.aclose()
            listening.close()
            server.pre_shutdown()
            await server.shutdown(1)


@asynccontextmanager
async def ingress_rig(
    limits: HttpLimits | None = None, rate: int = 1_000_000, replicas: int = 1
) -> AsyncIterator[Rig]:
    """A replica that serves until the context ends."""
    async with Rig(limits or HttpLimits(), rate, replicas).served() as rig:
        yield rig


def assert_envelope(response: httpx.Response, status: int, code: int) -> dict[str, Any]:
    """Assert that an answer is the Cloud API's error envelope; its ``error_data``."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"].startswith("application/json")
    error = response.json()["error"]
    assert error["code"] == code, error
    assert error["message"].startswith(f"(#{code}) ")
    assert error["type"] == "OAuthException"
    assert error["fbtrace_id"] == response.headers["x-fb-trace-id"]
    assert isinstance(error["is_transient"], bool)
    data: dict[str, Any] = error["error_data"]
    assert data["messaging_product"] == "whatsapp"
    assert data["details"].endswith(".")
    return data
