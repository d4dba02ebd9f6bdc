"""The installed `parley` command on a real broker: answers, exit status, and what it leaves in the topics."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from confluent_kafka import Producer

from parley.intake.v1 import intake_pb2
from parley.message.v1 import facts_pb2
from parley.runtime.v1 import runtime_pb2
from services.admin.kafka_records import committed_records
from services.admin.settings_snapshot import read_settings
from services.consent.stage import ConsentStage
from services.contracts.catalogue import topic
from services.contracts.setting_routes import SETTING_PURPOSE
from services.identity.customer_token import number_of_token
from services.identity.message_id import Kind, MessageId
from services.identity.platform_key import PlatformKey
from services.identity.references import user_ref
from services.runtime.health import Health, HealthServer, HealthThread, StateAnswer
from services.runtime.kafka_connection import KafkaConnection
from services.runtime.memory_store import MemoryStore
from services.runtime.partition import Partition
from services.runtime.record import Record
from services.runtime.state_view import StateView

pytestmark = pytest.mark.integration
PARLEY = str(Path(sys.executable).with_name("parley"))
KEY_TEXT = PlatformKey.generate()
KEY = PlatformKey.from_text(KEY_TEXT)
CUSTOMER = "16505551234"
PLAN = Path(__file__).parents[2] / "services/rate_and_bill/plans/launch-2018.toml"


class Answer:
    """What a command printed, and how it ended."""

    def __init__(self, done: subprocess.CompletedProcess[str]) -> None:
        self.status = done.returncode
        self.out = done.stdout
        self.sentence = done.stderr.strip()

    @property
    def objects(self) -> list[dict[str, Any]]:
        """Its lines as JSON."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def object(self) -> dict[str, Any]:
        """Its one line as JSON."""
        (only,) = self.objects
        return only


class Operator:
    """Somebody at a terminal, with credentials for one platform on the test's broker."""

    def __init__(self, kafka: KafkaConnection, directory: Path) -> None:
        self.kafka = kafka
        self.prefix = f"command-{uuid4().hex}."
        self.directory = directory
        self.environment = {
            "PATH": os.environ["PATH"],
            **kafka.environment(),
            "PARLEY_TOPIC_PREFIX": self.prefix,
            "PARLEY_PLATFORM_KEY": KEY_TEXT,
            "PARLEY_WEBHOOK_ALLOW_PRIVATE": "true",
        }

    def parley(self, *words: str, as_json: bool = True) -> Answer:
        """Run a command to its end."""
        command = [PARLEY, *words, *(["--json"] if as_json else [])]
        return Answer(
            subprocess.run(
                command,
                env=self.environment,
                cwd=self.directory,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
        )


@pytest.fixture(scope="module")
def operator(kafka: KafkaConnection, tmp_path_factory: pytest.TempPathFactory) -> Operator:
    operator = Operator(kafka, tmp_path_factory.mktemp("operator"))
    created = operator.parley("topics", "create").objects
    assert all(each["created"] for each in created)
    assert operator.parley("plan", "publish", str(PLAN)).status == 0
    return operator


@pytest.fixture(scope="module")
def account(operator: Operator) -> dict[str, Any]:
    return operator.parley("account", "create", "--name", "Air Example").object


def test_topics_are_as_declared_until_they_are_not(operator: Operator) -> None:
    assert operator.parley("topics", "diff").out == ""
    assert not any(each["created"] for each in operator.parley("topics", "create").objects)
    operator.environment["PARLEY_MIN_INSYNC_REPLICAS"] = "2"
    different = operator.parley("topics", "diff")
    del operator.environment["PARLEY_MIN_INSYNC_REPLICAS"]
    assert different.status == 1
    assert {each["what"] for each in different.objects} == {"min.insync.replicas"}
    assert "differences" in different.sentence


def test_a_new_account_is_described_with_its_secrets_once(
    operator: Operator, account: dict[str, Any]
) -> None:
    shown = operator.parley("account", "show", account["account_id"])
    assert shown.object["business_id"] == account["business_id"]
    assert shown.object["numbers"][0]["phone_number_id"] == account["phone_number_id"]
    for secret in ("access_token", "app_secret", "verify_token"):
        assert account[secret] not in shown.out
    listed = operator.parley("account", "show", as_json=False)
    assert account["account_id"] in listed.out


def test_tokens_are_made_listed_and_revoked(operator: Operator, account: dict[str, Any]) -> None:
    made = operator.parley("account", "token", account["account_id"]).object
    assert made["access_token"].startswith("PT")
    revoked = operator.parley("account", "token", account["account_id"], "--revoke", made["token_id"]).object
    assert revoked["revoked_at"]
    assert "access_token" not in revoked
    listed = operator.parley("account", "token", account["account_id"], "--list").objects
    assert {each["token_id"]: each["revoked_at"] for each in listed}[made["token_id"]] == revoked[
        "revoked_at"
    ]


def test_an_account_is_changed_where_it_is_named(operator: Operator, account: dict[str, Any]) -> None:
    words = ("account", "set", account["account_id"])
    changed = operator.parley(*words, "--closing-soon-seconds", "60", "--time-zone", "Europe/Berlin").object
    assert (changed["closing_soon_seconds"], changed["time_zone"]) == (60, "Europe/Berlin")
    assert (changed["name"], changed["plan"]) == ("Air Example", "launch-2018")
    assert operator.parley(*words, "--plan", "none").status == 1
    assert operator.parley(*words, "--time-zone", "Mars/Olympus").status == 2
    assert operator.parley(*words).status == 2


def test_numbers_are_added_and_changed(operator: Operator, account: dict[str, Any]) -> None:
    added = operator.parley("number", "add", account["account_id"], "+49 151 12345678").object
    assert added["display_phone_number"] == "4915112345678"
    changed = operator.parley("number", "set", added["phone_number_id"], "--rate", "5").object
    assert changed == added | {"rate_per_second": 5}
    taken = operator.parley("number", "add", account["account_id"], "4915112345678")
    assert (taken.status, taken.out) == (1, "")
    assert "belongs to an account already" in taken.sentence


def test_templates_are_added_and_listed(operator: Operator, account: dict[str, Any]) -> None:
    file = operator.directory / "template.json"
    body = {"type": "BODY", "text": "Your code is {{1}}"}
    call = {"name": "code", "language": "de", "category": "AUTHENTICATION", "components": [body]}
    file.write_text(json.dumps(call | {"message_send_ttl_seconds": 60}))
    added = operator.parley("template", "add", account["account_id"], str(file)).object
    assert (added["parameters"], added["message_send_ttl_seconds"]) == (1, 60)
    listed = operator.parley("template", "list", account["account_id"]).objects
    assert [each["name"] for each in listed] == ["code", "hello_world", "order_update"]
    again = operator.parley("template", "add", account["account_id"], str(file)).object
    assert again == added, "the same template keeps its id"


def test_a_published_plan_is_shown(operator: Operator) -> None:
    (listed,) = operator.parley("plan", "show").objects
    assert (listed["name"], listed["version"], listed["currency"]) == ("launch-2018", 1, "USD")
    rates = operator.parley("plan", "show", "launch-2018").object["rates"]
    assert {
        "market": "Germany",
        "category": "service",
        "rate": {"currency": "USD", "micros": 90_000},
    } in rates
    assert operator.parley("plan", "check", str(PLAN)).status == 0
    assert operator.parley("plan", "check", str(operator.directory / "none.toml")).status == 1


def test_handset_tokens_open_for_the_canonical_number(operator: Operator) -> None:
    tokens = operator.parley("handset", "token", "+1 (650) 555-1234", CUSTOMER).objects
    assert [each["number"] for each in tokens] == [CUSTOMER, CUSTOMER]
    assert {number_of_token(KEY, each["token"]) for each in tokens} == {CUSTOMER}


class Endpoint(BaseHTTPRequestHandler):
    """A webhook endpoint that answers the challenge at /right and echoes nonsense elsewhere."""

    seen: list[dict[str, list[str]]] = []  # noqa: RUF012 - what all requests brought

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = parse_qs(parts.query)
        self.seen.append(query)
        body = query["hub.challenge"][0] if parts.path == "/right" else "nonsense"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


@pytest.fixture
def endpoint() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Endpoint) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_webhook_url_is_taken_once_it_has_answered(
    operator: Operator, account: dict[str, Any], endpoint: str
) -> None:
    words = ("account", "webhook", account["account_id"])
    assert operator.parley(*words, f"{endpoint}/right").object["webhook_url"] == f"{endpoint}/right"
    assert Endpoint.seen[-1]["hub.verify_token"] == [account["verify_token"]]
    assert Endpoint.seen[-1]["hub.mode"] == ["subscribe"]

    refused = operator.parley(*words, f"{endpoint}/wrong")
    assert (refused.status, refused.out) == (1, "")
    assert "hub.challenge" in refused.sentence
    shown = operator.parley("account", "show", account["account_id"]).object
    assert shown["webhook_url"] == f"{endpoint}/right", "the old one stays"


def test_a_private_webhook_url_is_refused_where_that_is_not_allowed(
    operator: Operator, account: dict[str, Any], endpoint: str
) -> None:
    operator.environment["PARLEY_WEBHOOK_ALLOW_PRIVATE"] = "false"
    refused = operator.parley("account", "webhook", account["account_id"], f"{endpoint}/right")
    operator.environment["PARLEY_WEBHOOK_ALLOW_PRIVATE"] = "true"
    assert refused.status == 1


def consent_stage(operator: Operator) -> dict[int, Partition]:
    """The stage consent, as it is once it has read what the commands wrote to intake."""
    intake = topic("intake")
    partitions = {number: Partition(ConsentStage(), MemoryStore()) for number in range(intake.partitions)}
    for record in committed_records(operator.kafka, operator.prefix + intake.name, intake.partitions):
        number, offset = record.partition() or 0, record.offset() or 0
        headers = cast("list[tuple[str, bytes]]", record.headers())
        partition = partitions[number]
        assert partition.step(
            Record(
                intake.name,
                number,
                offset,
                bytes(record.key() or b""),
                record.value(),
                record.timestamp()[1],
                headers,
            )
        )
        partition.commit(partition.meta())
    return partitions


def test_an_opt_in_is_in_intake_with_method_and_evidence(operator: Operator, account: dict[str, Any]) -> None:
    account_id = account["account_id"]
    words = ("--method", "web form", "--evidence", "form 42")
    recorded = operator.parley("consent", "opt-in", account_id, CUSTOMER, *words)
    assert (recorded.status, recorded.object["recorded"]) == (0, "opt-in")

    view = StateView(topic("intake"), consent_stage(operator), lambda _: None)
    owner = HealthThread(HealthServer("127.0.0.1", 0, Health(), view))
    owner.start()
    elsewhere = StateAnswer(421, {"owner": {"replica": "consent-1", "address": f"127.0.0.1:{owner.port}"}})
    replica = HealthThread(HealthServer("127.0.0.1", 0, Health(), lambda _: elsewhere))
    replica.start()
    try:
        urls = {"consent": f"http://127.0.0.1:{replica.port}/metrics"}
        operator.environment["PARLEY_METRICS_URLS"] = json.dumps(urls)
        shown = operator.parley("consent", "show", account_id, "+1 650 555 1234").object
        never = operator.parley("consent", "show", account_id, "4915112345678").object
    finally:
        del operator.environment["PARLEY_METRICS_URLS"]
        for each in (owner, replica):
            each.stop()
    assert (shown["consent"], shown["method"], shown["evidence"]) == ("granted", "web form", "form 42")
    assert (never["consent"], never["permits"], never["changed_at"]) == ("never", False, None)


def test_where_a_stage_is_asked_must_be_known(operator: Operator, account: dict[str, Any]) -> None:
    refused = operator.parley("window", "show", account["account_id"], CUSTOMER)
    assert (refused.status, refused.out) == (1, "")
    assert "PARLEY_METRICS_URLS" in refused.sentence


def test_nothing_was_charged_or_set_aside(operator: Operator) -> None:
    assert operator.parley("ledger", "tail").out == ""
    assert operator.parley("dead-letters", "list").out == ""
    assert "no dead letter 0.7" in operator.parley("dead-letters", "show", "0.7").sentence


def set_aside(operator: Operator, account: dict[str, Any]) -> str:
    """Put a request of the account among the dead letters; returns its message id."""
    customer = user_ref(KEY, CUSTOMER)
    business_id, phone_number_id = account["business_id"], account["phone_number_id"]
    facts = facts_pb2.SendFacts(
        message_id=MessageId(Kind.OUTBOUND, business_id, phone_number_id, customer, bytes(16)).seal(KEY),
        business_id=business_id,
        account_id=account["account_id"],
        phone_number_id=phone_number_id,
        user_ref=customer,
    )
    request = intake_pb2.IntakeEvent(send_requested=intake_pb2.SendRequested(facts=facts, content=b"{}"))
    letter = runtime_pb2.DeadLettered(
        stage="consent",
        topic=operator.prefix + "intake",
        kind="send_requested",
        message_id=facts.message_id,
        reason="failing",
        value=request.SerializeToString(),
    )
    producer = Producer(operator.kafka.librdkafka())
    producer.produce(operator.prefix + "dead-letters", value=letter.SerializeToString(), partition=0)
    assert producer.flush(10) == 0
    return facts.message_id


def test_a_bad_file_of_authorities_is_a_sentence(operator: Operator, account: dict[str, Any]) -> None:
    operator.environment["PARLEY_WEBHOOK_CA_FILE"] = "nowhere.pem"
    answers = [
        operator.parley("account", "webhook", account["account_id"], "https://shop.example/webhook"),
        operator.parley("webhook", "replay", account["account_id"], "--since", "1h"),
    ]
    del operator.environment["PARLEY_WEBHOOK_CA_FILE"]
    for answer in answers:
        assert (answer.status, answer.out) == (1, "")
        assert answer.sentence.startswith("PARLEY_WEBHOOK_CA_FILE names no file of certificates: nowhere.pem")


def test_a_dead_letter_is_listed_shown_and_replayed(operator: Operator, account: dict[str, Any]) -> None:
    failed = set_aside(operator, account)
    (listed,) = operator.parley("dead-letters", "list").objects
    assert (listed["stage"], listed["kind"], listed["reason"]) == ("consent", "send_requested", "failing")
    shown = operator.parley("dead-letters", "show", listed["id"]).object
    assert shown["value"]["send_requested"]["facts"]["message_id"] == failed
    replayed = operator.parley("dead-letters", "replay", listed["id"]).object
    assert replayed["replays"] == failed != replayed["message_id"]
    (step,) = operator.parley("trace", replayed["message_id"]).objects
    assert (step["topic"], step["kind"], step["after_ms"]) == ("intake", "send_requested", 0)
    assert operator.parley("trace", "wamid.unknown").status == 1


def test_limits_of_the_platform_are_changed_one_by_one(operator: Operator) -> None:
    operator.parley("platform", "set", "--pair-burst", "9")
    assert operator.parley("platform", "set", "--pair-interval-seconds", "3").object["pair_burst"] == 9


def test_the_wrong_platform_key_is_told_from_the_right_one(
    operator: Operator, account: dict[str, Any]
) -> None:
    operator.environment["PARLEY_PLATFORM_KEY"] = PlatformKey.generate()
    refused = operator.parley("account", "webhook", account["account_id"], "https://shop.example/webhook")
    operator.environment["PARLEY_PLATFORM_KEY"] = KEY_TEXT
    assert refused.status == 1
    assert "not the key that the settings were sealed with" in refused.sentence
    sealed = read_settings(operator.kafka, operator.prefix).get(f"account/{account['account_id']}")
    assert sealed is not None
    assert KEY.open(SETTING_PURPOSE, sealed.account.app_secret_sealed).decode() == account["app_secret"]


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("account", "show", "1"), 1),
        (("consent", "opt-in", "1", CUSTOMER), 1),
        (("consent", "opt-in", "1", "nobody"), 2),
        (("account", "colour"), 2),
        (("acount",), 2),
        (("handset", "token"), 2),
    ],
)
def test_refused_and_wrong_usage_differ(operator: Operator, words: tuple[str, ...], status: int) -> None:
    answer = operator.parley(*words)
    assert (answer.status, answer.out) == (status, "")
    assert (len(answer.sentence.splitlines()) == 1) == (status == 1)


def test_every_group_explains_itself(operator: Operator) -> None:
    answer = operator.parley("--help", as_json=False)
    assert answer.status == 0
    for group in ("account", "consent", "ledger", "topics", "dead-letters", "platform-key"):
        assert f"\n  {group} " in answer.out
