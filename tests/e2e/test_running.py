"""Whole ways through the running platform: in by the API, a handset or the command, out at the other end."""

import asyncio
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import httpx
import pytest

from demo.business import Business
from demo.customer import Phone
from parley.window.v1 import windows_pb2
from services.admin.instance import find_instance
from services.admin.kafka_records import committed_records
from services.contracts.catalogue import topic
from tests.e2e.place import DEADLINE_SECONDS, PARLEY, Place, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("said")]

Json = dict[str, Any]
LINE = re.compile(
    r"timestamp=\d{4}-\d\d-\d\dT[0-9:.]+Z level=(debug|info|warning|error|critical) service=[a-z-]+ what=."
)


@pytest.fixture
def account(place: Place, said: str) -> Json:
    """The last account: the first one belongs to the tests of `make up`."""
    last: Json = place.description["accounts"][-1]
    return last


@asynccontextmanager
async def business(place: Place, account: Json) -> AsyncIterator[Business]:
    """The account's owner, who hears of everything."""
    async with Business(place.description["ingress_url"], account) as business:
        await asyncio.to_thread(
            place.parley, "account", "webhook", account["account_id"], business.webhook_url
        )
        yield business


@asynccontextmanager
async def phone(place: Place, number: str) -> AsyncIterator[Phone]:
    """A customer's phone, connected."""
    (made,) = await asyncio.to_thread(place.parley, "handset", "token", number)
    async with Phone("Ana", number, place.description["handset_url"], made["token"]) as phone:
        yield phone


def send(place: Place, account: Json, to: str, **more: Any) -> httpx.Response:
    """A free-form text; ``more`` replaces: `token`, `key`, `url`, `phone_number_id`, or the message."""
    headers = {"Authorization": f"Bearer {more.pop('token', account['access_token'])}"}
    if key := more.pop("key", ""):
        headers["Idempotency-Key"] = key
    url = more.pop("url", place.description["ingress_url"])
    path = f"/v23.0/{more.pop('phone_number_id', account['phone_number_id'])}/messages"
    message = {"type": "text", "text": {"body": "Hello"}} | more
    body = {"messaging_product": "whatsapp", "to": to} | message
    return httpx.post(url + path, headers=headers, json=body, trust_env=False, timeout=30)


def id_of(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    return str(answer.json()["messages"][0]["id"])


def entries_of(place: Place, message_id: str) -> list[Json]:
    return [entry for entry in place.ledger() if entry["message_id"] == message_id]


async def test_a_template_with_parameters_is_shown_told_and_charged(place: Place, account: Json) -> None:
    number = "447400123451"
    place.parley("consent", "opt-in", account["account_id"], number)
    words = [{"type": "text", "text": word} for word in ("A-17", "Monday")]
    template = {
        "name": "order_update",
        "language": {"code": "en_US"},
        "components": [{"type": "body", "parameters": words}],
    }
    async with business(place, account) as shop, phone(place, number) as ana:
        message_id = id_of(
            await asyncio.to_thread(send, place, account, number, type="template", template=template)
        )
        frame = await ana.sees(type="message", id=message_id)
        assert frame["content"]["type"] == "template"
        assert frame["content"]["template"]["name"] == "order_update"
        assert frame["content"]["template"]["components"][0]["parameters"] == words
        delivered = await shop.hears(id=message_id, status="delivered")
        assert delivered["pricing"]["category"] == "utility"
        assert delivered["pricing"]["billable"] is True
    wait_for(lambda: [each["kind"] for each in entries_of(place, message_id)] == ["authorized", "captured"])
    captured = entries_of(place, message_id)[-1]
    assert (captured["category"], captured["account_id"]) == ("utility", account["account_id"])
    assert captured["amount"]["micros"] < 0


def notices_of(phone: Phone) -> list[str]:
    return [frame["text"] for frame in phone.frames if frame["type"] == "notice"]


async def test_a_stop_and_a_start_are_told_and_confirmed_each_time(place: Place, account: Json) -> None:
    number = "447400123452"
    async with business(place, account) as shop, phone(place, number) as ana:
        for word, value in (("STOP", "stop"), ("stop.", "stop"), ("START", "resume"), ("start", "resume")):
            before = notices_of(ana)
            written = await ana.writes(account["phone_number_id"], word)
            assert (await shop.hears(id=written["id"]))["text"]["body"] == word
            assert (await shop.hears(wa_id=number, value=value))["category"] == "marketing_messages"
            await asyncio.to_thread(wait_for, lambda: len(notices_of(ana)) > len(before))  # noqa: B023
        assert ["not receive any more" in text for text in notices_of(ana)] == [True, True, False, False]
        message_id = id_of(await asyncio.to_thread(send, place, account, number))
        await shop.hears(id=message_id, status="read")


async def test_after_a_recorded_opt_out_a_message_fails(place: Place, account: Json) -> None:
    number = "447400123453"
    place.parley("consent", "opt-in", account["account_id"], number)
    place.parley("consent", "opt-out", account["account_id"], number, "--method", "phone call")
    async with business(place, account) as shop:
        message_id = id_of(await asyncio.to_thread(send, place, account, number))
        failed = await shop.hears(id=message_id, status="failed")
        assert failed["errors"][0]["code"] == 131050
        assert "opted out" in failed["errors"][0]["error_data"]["details"]
    assert entries_of(place, message_id) == []


def test_a_revoked_token_opens_nothing_any_more(place: Place, account: Json) -> None:
    (made,) = place.parley("account", "token", account["account_id"])
    number = "447400123454"
    wait_for(lambda: send(place, account, number, token=made["access_token"]).status_code == 200)
    place.parley("account", "token", account["account_id"], "--revoke", made["token_id"])
    wait_for(lambda: send(place, account, number, token=made["access_token"]).status_code == 401)
    answer = send(place, account, number, token=made["access_token"])
    assert answer.json()["error"]["code"] == 190
    assert send(place, account, number).status_code == 200
    assert place.description["accounts"][-1]["access_token"] == account["access_token"]


def test_a_number_keeps_to_the_rate_that_was_set(place: Place, account: Json) -> None:
    (added,) = place.parley("number", "add", account["account_id"])
    (changed,) = place.parley("number", "set", added["phone_number_id"], "--rate", "1")
    assert changed["rate_per_second"] == 1
    own = {"phone_number_id": added["phone_number_id"]}
    answers: list[httpx.Response] = []

    def is_refused() -> bool:
        answers.append(send(place, account, "447400123455", **own))
        return answers[-1].status_code == 429

    wait_for(is_refused)
    answer = answers[-1]
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, 130429)
    assert answer.headers["retry-after"] == "1"
    wait_for(
        lambda: (
            added["phone_number_id"]
            in {each["phone_number_id"] for each in place.description["accounts"][-1]["phone_numbers"]}
        )
    )


def told_of_windows(place: Place, opened_by: str) -> set[str | None]:
    """The kinds of events in `windows` about the window that a message opened."""
    declared = topic("windows")
    instance = find_instance(place.directory, {})
    records = committed_records(
        instance.connection, instance.topic_prefix + declared.name, declared.partitions
    )
    events = [windows_pb2.WindowEvent.FromString(record.value() or b"") for record in records]
    return {event.WhichOneof("event") for event in events if event.opened_by == opened_by}


async def test_a_window_is_shown_and_told_to_close_soon_by_the_accounts_own_lead(
    place: Place, account: Json
) -> None:
    number, account_id = "447400123456", account["account_id"]
    async with phone(place, number) as ana:
        first = await ana.writes(account["phone_number_id"], "Hi")
        await asyncio.to_thread(wait_for, lambda: told_of_windows(place, first["id"]) == {"opened"})
        (shown,) = of_number(place.parley("window", "show", account_id, number), account)
        assert set(shown) == {
            *("phone_number_id", "display_phone_number", "state", "opened_by", "opened_at"),
            *("last_message_id", "last_message_at", "closes_at"),
        }
        assert (shown["state"], shown["opened_by"]) == ("open", first["id"])

        place.parley("account", "set", account_id, "--closing-soon-seconds", "86400")
        (shown,) = of_number(place.parley("window", "show", account_id, number), account)
        assert shown["state"] == "open", "nobody is told of this window before its old time"
        second = await ana.writes(account["phone_number_id"], "Hi again")
        await asyncio.to_thread(
            wait_for, lambda: {"extended", "closing_soon"} <= told_of_windows(place, first["id"])
        )
    (shown,) = of_number(place.parley("window", "show", account_id, number), account)
    assert (shown["state"], shown["last_message_id"]) == ("closing_soon", second["id"])
    place.parley("account", "set", account_id, "--closing-soon-seconds", "7200")


def of_number(shown: list[Json], account: Json) -> list[Json]:
    """The window of the account's first number."""
    return [each for each in shown if each["phone_number_id"] == account["phone_number_id"]]


@contextmanager
def following(place: Place, *words: str) -> Iterator[subprocess.Popen[str]]:
    """`parley ledger tail --follow` as a person runs it."""
    command = [PARLEY, "ledger", "tail", "--follow", *words]
    with subprocess.Popen(
        command,
        cwd=place.directory,
        env=place.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A test run in a shell's background ignores it, and so would all that it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - before its threads
    ) as follower:
        try:
            yield follower
        finally:
            follower.kill()


def test_the_ledger_is_followed_until_somebody_has_seen_enough(place: Place, account: Json) -> None:
    number = "447400123457"
    place.parley("consent", "opt-in", account["account_id"], number)
    with following(place, "--json", "--explain", "--business", account["business_id"]) as follower:
        message_id = id_of(send(place, account, number))
        assert follower.stdout is not None
        seen = next(
            entry for line in follower.stdout if (entry := json.loads(line))["message_id"] == message_id
        )
        assert seen["kind"] == "authorized"
        assert seen["explanation"].endswith(".")
        later = id_of(send(place, account, number))
        assert json.loads(follower.stdout.readline())["message_id"] == later
        follower.send_signal(signal.SIGINT)
        rest, complaint = follower.communicate(timeout=DEADLINE_SECONDS)
        assert (follower.returncode, rest, complaint) == (0, "", "")


@pytest.mark.parametrize("words", ["", "--json", "--follow", "--follow --json --explain"])
def test_who_reads_only_the_head_sees_no_traceback(place: Place, account: Json, words: str) -> None:
    number = "447400123457"
    place.parley("consent", "opt-in", account["account_id"], number)
    message_id = id_of(send(place, account, number))
    wait_for(lambda: bool(entries_of(place, message_id)))
    with subprocess.Popen(
        ["sh", "-c", f"{PARLEY} ledger tail {words} | head -n 1"],
        cwd=place.directory,
        env=place.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as pipe:
        assert pipe.stdout is not None
        assert pipe.stdout.readline()
        # A follower notices only when there is something more to print.
        deadline = time.monotonic() + DEADLINE_SECONDS
        while pipe.poll() is None and time.monotonic() < deadline:
            send(place, account, number)
        _, complaint = pipe.communicate(timeout=DEADLINE_SECONDS)
        assert (pipe.returncode, complaint) == (0, "")


@contextmanager
def second_ingress(place: Place) -> Iterator[tuple[str, list[str]]]:
    """A second replica, which logs each message: its URL, and its log by the end."""
    kept = json.loads((place.directory / ".run/environment.json").read_text())
    more = {"PARLEY_INGRESS_PORT": "0", "PARLEY_HEALTH_PORT": "0", "PARLEY_LOG_LEVEL": "DEBUG"}
    lines: list[str] = []
    with subprocess.Popen(
        [sys.executable, "-m", "services.ingress"],
        cwd=place.directory,
        env=place.environment | kept | more,
        stderr=subprocess.PIPE,
        text=True,
    ) as ingress:
        try:
            assert ingress.stderr is not None
            lines.append(next(line for line in ingress.stderr if "serving the Cloud API" in line))
            yield re.findall(r" url=(\S+)", lines[0])[0], lines
            ingress.send_signal(signal.SIGTERM)
            lines += ingress.stderr
        finally:
            ingress.kill()


async def test_one_key_at_once_at_two_replicas_is_one_message(place: Place, account: Json) -> None:
    number = "447400123458"
    place.parley("consent", "opt-in", account["account_id"], number)
    with second_ingress(place) as (url, log):
        async with business(place, account) as shop, phone(place, number) as ana:
            urls = [place.description["ingress_url"], url] * 5
            answers = await asyncio.gather(
                *(asyncio.to_thread(send, place, account, number, key="order-17", url=each) for each in urls)
            )
            (message_id,) = {id_of(answer) for answer in answers}
            await shop.hears(id=message_id, status="read")
            # What is sent later is shown later: by then a second one would have been shown.
            after = id_of(await asyncio.to_thread(send, place, account, number))
            await ana.sees(type="message", id=after)
            assert [frame["id"] for frame in ana.frames if frame["type"] == "message"] == [message_id, after]
    assert place.kinds(message_id).count("send_screened") == 1
    accepted = [line for line in log if "what=accepted" in line]
    assert len(accepted) == 5
    assert all(LINE.match(line) and f"message_id={message_id}" in line for line in accepted)


def test_the_logs_of_every_service_can_be_read(place: Place) -> None:
    logs = place.directory / ".run/logs"
    for name in place.description["metrics_urls"]:
        lines = (logs / f"{name}.log").read_text().splitlines()
        assert lines, name
        assert all(LINE.match(line) for line in lines), [line for line in lines if not LINE.match(line)][:3]
