"""`make up` and `make down`: what a person does with them, and what every process survives."""

import asyncio
import json
import os
import re
import signal
import threading
import time
from datetime import datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import httpx
import pytest

from tests.e2e.business_endpoint import business_endpoint
from tests.e2e.place import DEADLINE_SECONDS, PARLEY, Place, wait_for

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).parents[2]
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
PROCESSES = {
    "kafka",
    "ingress",
    "consent",
    "session-window",
    "rate-and-bill",
    "delivery",
    "channel-handset",
    "webhooks",
}


def curl_of(said: str) -> str:
    """The curl line that `make up` prints."""
    match = re.search(r"^  (curl .*?)\n\n?(?=\S|$)", said, re.MULTILINE | re.DOTALL)
    assert match, said
    return match[1]


def test_everything_runs_and_is_described(place: Place, said: str) -> None:
    description = place.description
    assert set(description["pids"]) == PROCESSES
    assert set(description["metrics_urls"]) == PROCESSES - {"kafka"}
    assert len(description["accounts"]) == 2
    assert description["limits"]["pair_burst"] == 1000
    assert place.all_ready()
    assert description["accounts"][0]["access_token"] in said


def test_what_is_printed_can_be_tried(place: Place, said: str) -> None:
    account = place.description["accounts"][0]["account_id"]
    number = re.search(r'"to": "(\d+)"', said)
    assert number
    assert place.run(PARLEY, "consent", "opt-in", account, number[1]).returncode == 0
    answer = json.loads(place.run("sh", "-c", curl_of(said)).stdout)
    message_id = answer["messages"][0]["id"]
    business = ("--business", place.description["accounts"][0]["business_id"])
    wait_for(lambda: [each["message_id"] for each in place.ledger(*business)] == [message_id])
    assert place.ledger(*business)[0]["kind"] == "authorized"
    shown = place.run(PARLEY, "window", "show", account, number[1], "--json").stdout
    assert json.loads(shown)["state"] == "closed"


async def test_one_trace_leads_from_the_request_to_the_webhook_however_late_the_customer_comes(
    place: Place, said: str
) -> None:
    sender, number = place.description["accounts"][1], "16505550142"
    assert place.run(PARLEY, "consent", "opt-in", sender["account_id"], number).returncode == 0
    with business_endpoint() as endpoint:
        url = place.run(PARLEY, "account", "webhook", sender["account_id"], endpoint.url)
        assert url.returncode == 0, url.stderr
        message_id = await post_traced(place.description["ingress_url"], sender, number)
        # The customer is away when it is sent, sees it on one connection, and confirms it on two others.
        await asyncio.to_thread(wait_for, lambda: "customer_was_offline" in place.kinds(message_id))
        token = json.loads(place.run(PARLEY, "handset", "token", number, "--json").stdout)["token"]
        device_url = f"{place.description['handset_url']}?token={token}"
        async with aiohttp.ClientSession() as session:
            async with session.ws_connect(device_url) as device:
                assert (await device.receive_json(timeout=DEADLINE_SECONDS))["id"] == message_id
            for status in ("delivered", "read"):
                async with session.ws_connect(device_url) as device:
                    await device.send_json({"type": "ack", "id": message_id, "status": status})
                    await asyncio.to_thread(endpoint.wait_for, message_id, status, DEADLINE_SECONDS)
        posted = endpoint.about(message_id)
    wait_for(lambda: "captured" in place.kinds(message_id))
    steps = place.trace(message_id)
    # Only what a device reports of a message that waits no longer may have none.
    untraced = [each["kind"] for each in steps if each["traceparent"] is None]
    assert untraced in ([], ["receipt_received"])
    assert {each["traceparent"] for each in steps if each["traceparent"]} == {TRACEPARENT}
    assert {each["topic"] for each in steps if each["traceparent"]} == {
        *("intake", "screened", "usage", "dispatch", "outbox", "statuses", "ledger")
    }
    assert [each["kind"] for each in steps].count("attempt_emitted") >= 2
    assert posted == [(status, TRACEPARENT) for status in ("sent", "delivered", "read")]


async def post_traced(ingress_url: str, sender: dict[str, Any], number: str) -> str:
    """Have a template sent under a trace of ours; returns the message's id."""
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(
            f"{ingress_url}/v23.0/{sender['phone_number_id']}/messages",
            headers={"Authorization": f"Bearer {sender['access_token']}", "traceparent": TRACEPARENT},
            json={
                "messaging_product": "whatsapp",
                "to": number,
                "type": "template",
                "template": {"name": "hello_world", "language": {"code": "en_US"}},
            },
        )
    return str(answer.json()["messages"][0]["id"])


class RefusingShop(BaseHTTPRequestHandler):
    """Proves itself by the challenge, and takes no webhook."""

    def do_GET(self) -> None:
        self._answer(HTTPStatus.OK, parse_qs(urlsplit(self.path).query)["hub.challenge"][0].encode())

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(HTTPStatus.SERVICE_UNAVAILABLE, b"")

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _answer(self, status: HTTPStatus, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def steps_of(place: Place, message_id: str, *words: str) -> list[dict[str, Any]]:
    traced = place.run(PARLEY, "trace", message_id, "--json", *words)
    assert traced.returncode == 0, traced.stderr
    return [json.loads(line) for line in traced.stdout.splitlines()]


def test_a_message_is_traced_on_its_whole_way_with_times(place: Place, said: str) -> None:
    before_ms = time.time() * 1000
    message_id = json.loads(place.run("sh", "-c", curl_of(said)).stdout)["messages"][0]["id"]
    wait_for(lambda: len([each for each in steps_of(place, message_id) if each["topic"] == "statuses"]) == 2)
    steps = steps_of(place, message_id)
    assert {(each["topic"], each["kind"]) for each in steps} >= {
        ("intake", "send_requested"),
        ("screened", "send_screened"),
        ("usage", "send_assessed"),
        ("ledger", "authorized"),
        ("dispatch", "content_held"),
        ("dispatch", "send_authorized"),
        ("outbox", "attempt_emitted"),
        ("statuses", "accepted"),
        ("statuses", "sent"),
    }
    way = [each for each in steps if each["topic"] in ("intake", "screened", "usage", "ledger", "outbox")]
    assert [each["topic"] for each in way] == ["intake", "screened", "usage", "ledger", "outbox"]
    assert len({each["at"] for each in way}) == 1, "each has the time of its cause"
    after_ms = [each["after_ms"] for each in way]
    assert after_ms[0] == 0 < after_ms[-1]
    assert after_ms == sorted(after_ms), "each was written after the one that it comes of"
    for each in steps:
        written_ms = datetime.fromisoformat(each["written_at"]).timestamp() * 1000
        assert before_ms - 1_000 < written_ms < time.time() * 1000 + 1_000
    assert steps_of(place, message_id, "--since", "1h") == steps
    assert place.run(PARLEY, "trace", message_id).stdout.count("\n") == len(steps) + 1


def test_a_message_whose_webhooks_are_retried_is_traced_to_its_tier(place: Place, said: str) -> None:
    account = place.description["accounts"][0]["account_id"]
    with HTTPServer(("127.0.0.1", 0), RefusingShop) as shop:
        threading.Thread(target=shop.serve_forever, daemon=True).start()
        try:
            url = f"http://127.0.0.1:{shop.server_port}/"
            assert place.run(PARLEY, "account", "webhook", account, url).returncode == 0
            message_id = json.loads(place.run("sh", "-c", curl_of(said)).stdout)["messages"][0]["id"]
            wait_for(lambda: any(each["topic"] == "webhook-retry-2" for each in steps_of(place, message_id)))
        finally:
            shop.shutdown()
    tiers = [each for each in steps_of(place, message_id) if each["topic"].startswith("webhook-retry")]
    assert {each["kind"] for each in tiers} == {"webhook_deferred"}
    first, second = (
        next(each for each in tiers if each["topic"] == name)
        for name in ("webhook-retry-1", "webhook-retry-2")
    )
    assert second["after_ms"] - first["after_ms"] >= 1_000, "the first wait"


def test_an_unknown_message_is_one_sentence(place: Place, said: str) -> None:
    traced = place.run(PARLEY, "trace", "wamid.unknown", "--json")
    assert (traced.returncode, traced.stdout) == (1, "")
    assert traced.stderr == "wamid.unknown was not made by this platform.\n"


def test_a_second_one_is_told_of_the_first(place: Place, said: str) -> None:
    again = place.supervisor("up")
    assert again.returncode == 1
    assert "is running already" in again.stderr
    assert place.all_ready()


def test_every_process_survives_being_killed(place: Place, said: str) -> None:
    before = place.description["pids"]
    for pid in before.values():
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: all(place.description["pids"][name] != before[name] for name in before))
    wait_for(place.all_ready)

    entries = len(place.ledger())
    assert json.loads(place.run("sh", "-c", curl_of(said)).stdout)["messages"]
    wait_for(lambda: len(place.ledger()) == entries + 1)


def test_down_ends_everything_and_keeps_the_data(place: Place, said: str) -> None:
    pids = place.description["pids"].values()
    assert place.supervisor("down").stdout == "Parley has stopped.\n"
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    assert not (place.directory / ".run/parley.json").exists()
    assert place.supervisor("down").stdout == "Parley was not running.\n"
    assert (place.directory / ".run/data/platform-key").exists()
