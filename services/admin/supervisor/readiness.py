"""Wait until processes say that they are ready."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

POLL_SECONDS = 0.05
ANSWER_SECONDS_MAX = 2.0
REASON_BYTES_MAX = 200

_open = build_opener(ProxyHandler({})).open  # what runs on this machine is behind no proxy


class NotReady(Exception):
    """Some processes are not ready: one sentence that says which, and what they wait for."""


def wait_until_ready(
    urls: Mapping[str, str],
    seconds_max: float,
    complaint_of: Callable[[str], str | None],
    is_cancelled: Callable[[], bool],
) -> None:
    """Block until each ``/readyz`` URL, by process name, answers 200.

    Raises :class:`NotReady` when the time is over, or at once when a process failed by itself
    (``complaint_of`` its name) or ``is_cancelled``.
    """
    deadline = time.monotonic() + seconds_max
    waiting = dict(urls)
    with ThreadPoolExecutor(max_workers=max(1, len(urls))) as askers:
        while waiting:
            asked = {name: askers.submit(_waits_for, url) for name, url in waiting.items()}
            reasons = {name: reason for name, answer in asked.items() if (reason := answer.result())}
            waiting = {name: url for name, url in waiting.items() if name in reasons}
            for name in waiting:
                if complaint := complaint_of(name):
                    raise NotReady(f"{name} ended at start: {complaint}")
            if waiting and (is_cancelled() or time.monotonic() > deadline):
                told = "; ".join(f"{name}: {reasons[name]}" for name in waiting)
                raise NotReady(f"Not ready within {seconds_max:g} s: {told}")
            time.sleep(POLL_SECONDS if waiting else 0)


def _waits_for(url: str) -> str | None:
    """What the process behind ``url`` waits for; None when it is ready."""
    try:
        with _open(url, timeout=ANSWER_SECONDS_MAX):
            return None
    except HTTPError as answer:
        return answer.read(REASON_BYTES_MAX).decode(errors="replace").strip() or str(answer)
    except (OSError, HTTPException):
        return "does not answer yet"
