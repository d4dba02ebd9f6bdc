"""What a stage knows of a key, asked of the stage itself: a view, never a decision."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from http.client import HTTPException
from typing import Any, TypeVar
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit
from urllib.request import ProxyHandler, build_opener

from google.protobuf import json_format
from google.protobuf.message import Message

from services.admin.errors import Refused

ANSWER_SECONDS_MAX = 10.0
ANSWER_BYTES_MAX = 1024 * 1024

RowType = TypeVar("RowType", bound=Message)

_open = build_opener(ProxyHandler({})).open  # services are asked directly, as Prometheus asks them


def state_of(
    metrics_urls: Mapping[str, str], stage: str, key: bytes, row_type: type[RowType]
) -> RowType | None:
    """The committed row under ``key`` in a stage such as ``consent``; None when there is none.

    Where another replica owns the key, that one is asked. Raises :class:`Refused` when nobody can tell.
    """
    url = metrics_urls.get(stage)
    if url is None:
        raise Refused(f"Where {stage} can be asked is not known: set PARLEY_METRICS_URLS.")
    status, answer = _ask(stage, urlsplit(url).netloc, key)
    if status == HTTPStatus.MISDIRECTED_REQUEST:
        owner = (answer.get("owner") or {}).get("address")
        if not owner:
            raise Refused(f"No replica of {stage} owns this conversation just now: repeat the command.")
        status, answer = _ask(stage, owner, key)
    if status == HTTPStatus.NOT_FOUND:
        return None
    if status != HTTPStatus.OK:
        raise Refused(f"{stage} cannot tell just now ({status}): repeat the command.")
    return json_format.ParseDict(answer["state"], row_type(), ignore_unknown_fields=True)


def _ask(stage: str, address: str, key: bytes) -> tuple[int, dict[str, Any]]:
    url = f"http://{address}/state?key={quote(key, safe='')}"
    try:
        with _open(url, timeout=ANSWER_SECONDS_MAX) as answer:
            return answer.status, json.loads(answer.read(ANSWER_BYTES_MAX))
    except HTTPError as refusal:
        body = refusal.read(ANSWER_BYTES_MAX)
        known = refusal.code in (HTTPStatus.NOT_FOUND, HTTPStatus.MISDIRECTED_REQUEST)
        return refusal.code, json.loads(body) if known else {}
    except (OSError, HTTPException, ValueError):
        raise Refused(f"{stage} does not answer at {address}: see whether it runs.") from None
