"""Businesses whose clients retry as real ones do: some with an Idempotency-Key, some without."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from random import Random
from typing import Any
from uuid import uuid4

import aiohttp

from tests.chaos.load.told import Asked, Told

DAY_SECONDS = 86_400
ANSWER_SECONDS_MAX = 8.0
ATTEMPTS_MAX = 12
BACKOFF_SECONDS = 0.2
BACKOFF_SECONDS_MAX = 4.0
KEYED_SHARE = 0.6
ANXIOUS_SHARE = 0.05
"""Of those with a key that were answered 200: they ask again all the same."""
TEMPLATE_SHARE = 0.3
BURST_SHARE = 0.01
BURST_MESSAGES = 120
"""Sent at once now and then, above what a number's rate admits."""
TEMPLATES: Mapping[str, int] = {"hello_world": 0, "order_update": 2, "flash_sale": 0}
"""Name to parameters; the last one expires soon."""

Account = Mapping[str, Any]


class Business:
    """One account's client. ``urls`` are the replicas of ingress: each attempt goes to any of them."""

    def __init__(
        self,
        account: Account,
        urls: Sequence[str],
        customers: Sequence[str],
        told: Told,
        rng: Random,
        burst_share: float = BURST_SHARE,
    ) -> None:
        self._account = account
        self._urls = urls
        self._customers = customers
        self._told = told
        self._rng = rng
        self._burst_share = burst_share

    async def trade(self, per_second: float, is_over: Callable[[], bool]) -> None:
        """Send until it is over, and settle what was begun."""
        session = aiohttp.ClientSession(
            headers={"Authorization": f"Bearer {self._account['access_token']}"},
            timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS_MAX),
            connector=aiohttp.TCPConnector(limit=0),
        )
        async with session, asyncio.TaskGroup() as sending:
            while not is_over():
                messages = BURST_MESSAGES if self._rng.random() < self._burst_share / per_second else 1
                for _ in range(messages):
                    sending.create_task(self._send(session, self._rng.choice(self._customers)))
                await asyncio.sleep(self._rng.expovariate(per_second))

    async def _send(self, session: aiohttp.ClientSession, customer: str) -> None:
        key = uuid4().hex if self._rng.random() < KEYED_SHARE else None
        number_id, keyed = self._account["phone_number_id"], key is not None
        asked = Asked(uuid4().hex, number_id, customer, keyed, asked_at=time.monotonic())
        self._told.asked[asked.token] = asked
        body = self._body(asked)
        for attempt in range(ATTEMPTS_MAX):
            pause = await self._attempt(session, asked, body, key)
            if pause is None:
                break
            backoff = min(BACKOFF_SECONDS * 2**attempt, BACKOFF_SECONDS_MAX)
            await asyncio.sleep(max(pause, backoff * self._rng.uniform(0.5, 1)))
        else:
            self._told.answers["gave up"] += 1
        if key is not None and asked.accepted and self._rng.random() < ANXIOUS_SHARE:
            await self._attempt(session, asked, body, key)

    async def _attempt(
        self, session: aiohttp.ClientSession, asked: Asked, body: dict[str, Any], key: str | None
    ) -> float | None:
        """Seconds to wait before it may be repeated; None when it is settled, or must not be repeated."""
        url = f"{self._rng.choice(self._urls)}/v23.0/{asked.phone_number_id}/messages"
        headers = {} if key is None else {"Idempotency-Key": key}
        may_repeat = 0.0 if asked.keyed else None
        try:
            async with session.post(url, json=body, headers=headers) as response:
                answer = await response.json()
        except aiohttp.ClientConnectorError:
            self._told.answers["not connected"] += 1
            return 0.0
        except (aiohttp.ClientError, TimeoutError, ValueError):
            self._told.answers["none"] += 1
            asked.silent += 1
            return may_repeat
        self._told.answers[str(response.status)] += 1
        match response.status:
            case HTTPStatus.OK:
                asked.accepted.append((answer["messages"][0]["id"], int(time.time() // DAY_SECONDS)))
                return None
            case HTTPStatus.TOO_MANY_REQUESTS | HTTPStatus.SERVICE_UNAVAILABLE:
                return float(response.headers["Retry-After"])
            case HTTPStatus.INTERNAL_SERVER_ERROR if "message_id" in answer["error"]["error_data"]:
                asked.possible.add(answer["error"]["error_data"]["message_id"])
                return may_repeat
            case _:
                self._told.surprises.append(f"{response.status}: {answer}")
                asked.silent += 1
                return may_repeat

    def _body(self, asked: Asked) -> dict[str, Any]:
        body: dict[str, Any] = {
            "messaging_product": "whatsapp",
            "to": asked.number,
            "biz_opaque_callback_data": asked.token,
        }
        if self._rng.random() >= TEMPLATE_SHARE:
            return body | {"type": "text", "text": {"body": f"About your order: {asked.token}"}}
        name = self._rng.choice(list(TEMPLATES))
        template: dict[str, Any] = {"name": name, "language": {"code": "en_US"}}
        if TEMPLATES[name]:
            parameters = [{"type": "text", "text": str(each)} for each in range(TEMPLATES[name])]
            template["components"] = [{"type": "body", "parameters": parameters}]
        return body | {"type": "template", "template": template}
