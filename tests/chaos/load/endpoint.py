"""The businesses' webhook endpoint: takes most updates, fails some, and is slow now and then."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any, Self

from aiohttp import web

from tests.chaos.load.told import Told

FAILS_SHARE, HANGS_SHARE = 0.03, 0.005
HANGS_SECONDS = 5.0
"""Longer than the workers wait."""


class Endpoint:
    """Serves ``/<account_id>`` on loopback. Async context manager."""

    def __init__(self, accounts: Sequence[Mapping[str, Any]], told: Told, rng: Random) -> None:
        self._secrets = {each["account_id"]: each["app_secret"].encode() for each in accounts}
        self._told = told
        self._rng = rng
        self.is_well = False
        """From now on nothing fails."""

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/{account}", self._receive)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    def url(self, account_id: str) -> str:
        """Where an account's webhooks are to go."""
        return f"http://127.0.0.1:{self._port}/{account_id}"

    async def _receive(self, request: web.Request) -> web.Response:
        body = await request.read()
        chance = self._rng.random()
        if not self.is_well and chance < FAILS_SHARE:
            return web.Response(status=500)
        if not self.is_well and chance < FAILS_SHARE + HANGS_SHARE:
            await asyncio.sleep(HANGS_SECONDS)
        mac = hmac.new(self._secrets[request.match_info["account"]], body, hashlib.sha256).hexdigest()
        if request.headers.get("X-Hub-Signature-256") != f"sha256={mac}":
            self._told.forged += 1
        self._told.webhooks.update(_names(json.loads(body)))
        return web.Response()


def _names(update: dict[str, Any]) -> Iterator[tuple[str, str]]:
    value = update["entry"][0]["changes"][0]["value"]
    for status in value.get("statuses", ()):
        yield status["id"], status["status"]
    for message in value.get("messages", ()):
        yield message["id"], "message"
    for preference in value.get("user_preferences", ()):
        yield f"{preference['wa_id']} at {preference['timestamp']}", preference["value"]
