"""A business's webhook endpoint: answers the challenge, and keeps what is posted."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Thread
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit


class Posted(NamedTuple):
    """One webhook."""

    body: dict[str, Any]
    traceparent: str | None

    def statuses_of(self, message_id: str) -> list[str]:
        """What it says about a message."""
        values = [change["value"] for entry in self.body["entry"] for change in entry["changes"]]
        found = [status for value in values for status in value.get("statuses", [])]
        return [status["status"] for status in found if status["id"] == message_id]


class BusinessEndpoint:
    """Its URL, and what came so far."""

    def __init__(self) -> None:
        self.url = ""
        self._posted: list[Posted] = []
        self._came = Condition()

    def take(self, posted: Posted) -> None:
        """A webhook came."""
        with self._came:
            self._posted.append(posted)
            self._came.notify_all()

    def wait_for(self, message_id: str, status: str, seconds: float) -> None:
        """Block until a status of a message was posted."""
        with self._came:
            assert self._came.wait_for(lambda: status in dict(self.about(message_id)), seconds), status

    def about(self, message_id: str) -> list[tuple[str, str | None]]:
        """Each status of a message that was posted, with the HTTP header ``traceparent``."""
        return [
            (status, each.traceparent) for each in self._posted for status in each.statuses_of(message_id)
        ]


@contextmanager
def business_endpoint() -> Iterator[BusinessEndpoint]:
    """An endpoint on a port of its own."""
    endpoint = BusinessEndpoint()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(parse_qs(urlsplit(self.path).query)["hub.challenge"][0].encode())

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            endpoint.take(Posted(body, self.headers["traceparent"]))
            self._answer(b"")

        def _answer(self, body: bytes) -> None:
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        serving = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        serving.start()
        try:
            endpoint.url = f"http://127.0.0.1:{server.server_port}/"
            yield endpoint
        finally:
            server.shutdown()
            serving.join()
