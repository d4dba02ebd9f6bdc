"""From an HTTP request to its answer: path, method, token, number, body, and then the endpoint."""

import asyncio
from collections.abc import Callable
from typing import Protocol, cast

import structlog
from aiohttp import hdrs
from aiohttp.web_request import BaseRequest
from aiohttp.web_response import Response

from parley.settings.v1.settings_pb2 import PhoneNumber
from services.ingress import metrics
from services.ingress.body import BodyReader
from services.ingress.decode import form_members, members_of
from services.ingress.errors import (
    ApiError,
    foreign_phone_number,
    internal_error,
    overloaded,
    unauthorized,
    unknown_path,
    unknown_phone_number,
    wrong_method,
)
from services.ingress.idempotency import idempotency_key_of
from services.ingress.limits import RETRY_AFTER_OVERLOAD_SECONDS, HttpLimits
from services.ingress.messages import MessagesEndpoint
from services.ingress.path import phone_number_id_of
from services.ingress.server import Connection, error_response, json_response
from services.ingress.tokens import TokenIndex
from services.ingress.trace import Tracer

log = structlog.get_logger()

TOKEN_PARAMETER = "access_token"  # noqa: S105
IDEMPOTENCY_KEY = "Idempotency-Key"
TRACEPARENT = "traceparent"
_BEARER = "bearer"


class Numbers(Protocol):
    """Where sending numbers are looked up: a SettingsTable."""

    def phone_number(self, phone_number_id: str) -> PhoneNumber | None:
        """The number, or None."""


class CloudApi:
    """Answers every request; never raises but for a client that went away."""

    def __init__(
        self,
        endpoint: MessagesEndpoint,
        numbers: Numbers,
        tokens: TokenIndex,
        tracer: Tracer,
        limits: HttpLimits,
        seconds: Callable[[], float],
    ) -> None:
        """``seconds`` is any clock that never goes back."""
        self._endpoint = endpoint
        self._numbers = numbers
        self._tokens = tokens
        self._tracer = tracer
        self._bodies = BodyReader(limits)
        metrics.BODIES_AWAITED.set_function(lambda: self.bodies_awaited)
        metrics.IN_HAND.set_function(lambda: self._in_hand)
        self._in_hand = 0
        self._in_hand_max = limits.requests_in_hand_max
        self._seconds = seconds

    @property
    def bodies_awaited(self) -> int:
        """Bodies that are being received now."""
        return self._bodies.awaited

    async def handle(self, request: BaseRequest) -> Response:
        """The answer to a request."""
        began = self._seconds()
        try:
            response = json_response(await self._answer(request))
            metrics.requests_answered(0).inc()
            retry_after_seconds = None
        except ApiError as error:
            response = error_response(error)
            retry_after_seconds = error.retry_after_seconds
        except (asyncio.CancelledError, ConnectionError):
            raise
        except Exception:  # a fault of ours is answered like any other, and logged
            response = error_response(internal_error())
            retry_after_seconds = None
            log.exception("unexpected error", fbtrace_id=response.headers["x-fb-trace-id"])
        cast(Connection, request.protocol).answers(retry_after_seconds)
        metrics.REQUEST_SECONDS.observe(self._seconds() - began)
        return response

    async def _answer(self, request: BaseRequest) -> bytes:
        target = request.raw_path if request.raw_path.startswith("/") else str(request.rel_url)
        path, _, query = target.partition("?")
        phone_number_id = phone_number_id_of(path)
        if phone_number_id is None:
            raise unknown_path(path)
        if request.method != hdrs.METH_POST:
            raise wrong_method(request.method)
        if self._in_hand >= self._in_hand_max:  # first, so that a refusal costs next to nothing
            raise overloaded("Too many requests wait already: send again.", RETRY_AFTER_OVERLOAD_SECONDS)
        others = form_members(query, "The query") if query else {}
        sender = self._sender(phone_number_id, self._account(request, others.pop(TOKEN_PARAMETER, "")))
        key = idempotency_key_of(request.headers.getall(IDEMPOTENCY_KEY, ()))
        body = await self._bodies.read(request)
        members = members_of(body, request.headers.get(hdrs.CONTENT_TYPE, ""), others)
        traceparent = self._tracer.traceparent(request.headers.get(TRACEPARENT))
        self._in_hand += 1
        try:
            return await self._endpoint.post(sender, members, key, traceparent)
        finally:
            self._in_hand -= 1

    def _account(self, request: BaseRequest, token_parameter: str) -> str:
        scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
        token = token.strip() if scheme.lower() == _BEARER else token_parameter
        account_id = self._tokens.account_of(token) if token else None
        if account_id is None:
            raise unauthorized()
        return account_id

    def _sender(self, phone_number_id: str, account_id: str) -> PhoneNumber:
        sender = self._numbers.phone_number(phone_number_id)
        if sender is None:
            raise unknown_phone_number(phone_number_id)
        if sender.account_id != account_id:
            raise foreign_phone_number()
        return sender
