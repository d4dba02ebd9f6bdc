"""What a client is told when a request is refused: the Cloud API's error envelope, always.

Clients decide by ``code`` and read ``error_data.details``; status and ``Retry-After`` are for those that
look at HTTP alone. The codes are Meta's (``error-codes`` of the Cloud API).
"""

import json
from secrets import token_urlsafe
from typing import Any

TITLES = {
    1: "API Unknown",
    10: "Permission Denied",
    33: "Parameter value is not valid",
    100: "Invalid parameter",
    190: "Access token has expired",
    130429: "Rate limit hit",
    131000: "Something went wrong",
    131008: "Required parameter is missing",
    131009: "Parameter value is not valid",
    131016: "Service unavailable",
    131021: "Recipient cannot be sender",
    131051: "Unsupported message type",
    131062: "Business-scoped user ID recipients are not supported",
    132000: "Template param count mismatch",
    132001: "Template does not exist",
    132005: "Template hydrated text too long",
    132012: "Template parameter format mismatch",
    132015: "Template is paused",
    132016: "Template is disabled",
}
"""Every code that ingress answers with, and its title."""

_TRACE_ID_BYTES = 16


class ApiError(Exception):
    """A request is refused. ``details`` says what is wrong and what to do, and may be shown to anyone."""

    def __init__(
        self,
        status: int,
        code: int,
        details: str,
        *,
        transient: bool = False,
        retry_after_seconds: int | None = None,
        message_id: str = "",
    ) -> None:
        super().__init__(f"(#{code}) {details}")
        self.status = status
        self.code = code
        self.details = details
        self.transient = transient
        """Whether the same request may succeed later."""
        self.retry_after_seconds = retry_after_seconds
        self.message_id = message_id
        """Id of a message that may exist although the request failed."""

    def envelope(self, trace_id: str) -> bytes:
        """The body of the answer."""
        data: dict[str, Any] = {"messaging_product": "whatsapp", "details": self.details}
        if self.message_id:
            data["message_id"] = self.message_id
        error = {
            "message": f"(#{self.code}) {TITLES[self.code]}",
            "type": "OAuthException",
            "code": self.code,
            "is_transient": self.transient,
            "error_data": data,
            "fbtrace_id": trace_id,
        }
        return json.dumps({"error": error}).encode()


def new_trace_id() -> str:
    """An ``fbtrace_id``: what a client quotes and the log names."""
    return "A" + token_urlsafe(_TRACE_ID_BYTES)


def invalid_parameter(details: str) -> ApiError:
    """Missing in the envelope, of the wrong type, or not readable at all."""
    return ApiError(400, 100, details)


def missing_parameter(details: str) -> ApiError:
    """The message lacks an object or a member."""
    return ApiError(400, 131008, details)


def value_not_valid(details: str) -> ApiError:
    """Of the right type, and out of range."""
    return ApiError(400, 131009, details)


def unknown_path(path: str) -> ApiError:
    """No such resource."""
    return ApiError(
        404,
        1,
        f"Unknown path {path[:100]!a}: send messages with POST /{{version}}/{{phone_number_id}}/messages.",
    )


def wrong_method(method: str) -> ApiError:
    """The resource takes POST alone."""
    return ApiError(405, 100, f"{method[:20]!a} is not possible here: use POST.")


def unauthorized() -> ApiError:
    """No token, or one that is not good (any more)."""
    return ApiError(
        401, 190, "The access token is missing, unknown or revoked: send a good one as Authorization: Bearer."
    )


def unknown_phone_number(phone_number_id: str) -> ApiError:
    """No such sending number."""
    return ApiError(
        400, 33, f"There is no phone number id {phone_number_id[:40]!a}: use one of your account."
    )


def foreign_phone_number() -> ApiError:
    """The number is another account's."""
    return ApiError(
        403, 10, "The access token's account does not own this phone number: use the owner's token."
    )


def body_too_large(bytes_max: int) -> ApiError:
    """The body is over its bound."""
    return ApiError(413, 100, f"The request body is larger than {bytes_max} bytes.")


def body_too_slow(seconds_max: float) -> ApiError:
    """The body did not come to its end."""
    return ApiError(
        408, 100, f"The request body was not finished within {seconds_max:g} seconds: send it again."
    )


def rate_limit_hit(rate_per_second: float, retry_after_seconds: int) -> ApiError:
    """The number sends too fast; nothing was written."""
    return ApiError(
        429,
        130429,
        f"The phone number's limit of {rate_per_second:g} requests a second has been reached: "
        "send again after the seconds in Retry-After.",
        transient=True,
        retry_after_seconds=retry_after_seconds,
    )


def overloaded(details: str, retry_after_seconds: int) -> ApiError:
    """The platform takes no more at the moment; nothing was written."""
    return ApiError(503, 131016, details, transient=True, retry_after_seconds=retry_after_seconds)


def outcome_unknown(message_id: str) -> ApiError:
    """The message may have been written, or not."""
    return ApiError(
        500,
        131000,
        "It is not known whether the request was recorded: repeat it with the same Idempotency-Key, which "
        "sends the message once; without a key it may be sent twice.",
        transient=True,
        message_id=message_id,
    )


def internal_error() -> ApiError:
    """A fault of this program."""
    return ApiError(
        500, 131000, "An unexpected error: report the fbtrace_id to the operator.", transient=True
    )
