"""A business: an unchanged Cloud API client, and the endpoint that its webhooks go to."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any, Self

import httpx
from aiohttp import web
from pywa.client import WhatsApp

Update = dict[str, Any]


class ToIngress(httpx.HTTPTransport):
    """Leads requests for the official host to a Parley ingress; nothing else about the client changes."""

    def __init__(self, ingress_url: str) -> None:
        super().__init__()
        self._ingress = httpx.URL(ingress_url)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url, ingress = request.url, self._ingress
        request.url = url.copy_with(scheme=ingress.scheme, host=ingress.host, port=ingress.port)
        return super().handle_request(request)


class Business:
    """Sends through pywa and receives webhooks, whose signatures pywa checks."""

    def __init__(self, ingress_url: str, account: dict[str, Any]) -> None:
        self.phone_number_id: str = account["phone_number_id"]
        self._verify_token = account["verify_token"]
        self._client = WhatsApp(
            phone_id=self.phone_number_id,
            token=account["access_token"],
            app_secret=account["app_secret"],
            session=httpx.Client(transport=ToIngress(ingress_url)),
            server=None,
            verify_token=self._verify_token,
        )
        self._updates: list[Update] = []

    async def __aenter__(self) -> Self:
        self._news = asyncio.Condition()
        app = web.Application()
        app.add_routes([web.get("/webhook", self._challenge), web.post("/webhook", self._receive)])
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.webhook_url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/webhook"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def replies(self, to: str, text: str) -> str:
        """Send a free-form text; returns the message id."""
        sent = await asyncio.to_thread(self._client.send_message, to=to, text=text)
        return str(sent.id)

    async def hears(self, **expected: object) -> Update:
        """The first message, status or preference in the webhooks so far with these members.

        Waits at most 20 seconds, then raises ``TimeoutError``.
        """
        async with asyncio.timeout(20), self._news:
            while True:
                for update in self._values():
                    if all(update.get(name) == value for name, value in expected.items()):
                        return update
                await self._news.wait()

    def _values(self) -> Iterator[Update]:
        for update in self._updates:
            value = update["entry"][0]["changes"][0]["value"]
            for name in ("messages", "statuses", "user_preferences"):
                yield from value.get(name, ())

    async def _challenge(self, request: web.Request) -> web.Response:
        if request.query.get("hub.verify_token") != self._verify_token:
            return web.Response(status=403)
        return web.Response(text=request.query["hub.challenge"])

    async def _receive(self, request: web.Request) -> web.Response:
        body = await request.read()
        signature = request.headers.get("X-Hub-Signature-256")
        refused = self._client.webhook_update_validator(body, signature or "")
        if refused is not None:
            return web.Response(text=refused[0], status=refused[1])
        answer, status = await asyncio.to_thread(self._client.webhook_update_handler, body)
        async with self._news:
            self._updates.append(json.loads(body))
            self._news.notify_all()
        return web.Response(text=answer, status=status)
