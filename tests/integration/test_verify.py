"""`parley verify` on a real broker: runs at rest and under way, transactions, states, dumps, exit status."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from services.admin.replay.replay import replay
from services.runtime.kafka_connection import KafkaConnection
from services.runtime.record import Record
from services.verifier.records import ORDER
from services.verifier.sources.cluster import ClusterSource
from services.verifier.verification import verify
from tests.integration.verify_topics import write_topics
from tests.integration.waiting import until
from tests.line.doctored import CASES
from tests.line.doctoring import Run
from tests.line.traffic import Traffic

pytestmark = pytest.mark.integration
TOGETHER = 10
"""Of a line's transactions: few, so that a run takes some time to write."""
PARLEY = str(Path(sys.executable).with_name("parley"))


@pytest.fixture(scope="module")
def traffic() -> Traffic:
    traffic = Traffic(seed=7)
    traffic.go(400)
    return traffic


@pytest.fixture(scope="module")
def prefix(kafka: KafkaConnection, traffic: Traffic) -> str:
    return write_topics(kafka, ORDER, traffic.line.topics)


def command(kafka: KafkaConnection, prefix: str, directory: Path, *arguments: str) -> Any:
    """Run the installed command; returns status, lines on stdout, and what is on stderr."""
    done = subprocess.run(
        [PARLEY, "verify", *arguments],
        cwd=directory,
        env={**os.environ, **kafka.environment(), "PARLEY_TOPIC_PREFIX": prefix},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout.splitlines(), done.stderr


def test_a_run_at_rest_holds(kafka: KafkaConnection, traffic: Traffic, prefix: str) -> None:
    findings = verify(ClusterSource(kafka, prefix), drained=True)
    assert findings.violations == []
    written = sum(len(records) for (name, _), records in traffic.line.topics.items() if name in ORDER)
    assert sum(findings.records.values()) == written
    assert findings.messages > 200
    found = replay(ClusterSource(kafka, prefix, with_headers=True), "", drained=True)
    assert found.lanes.differences == []
    assert found.unchecked == {}


def test_the_command_prints_what_it_counted(kafka: KafkaConnection, prefix: str, tmp_path: Path) -> None:
    status, lines, stderr = command(kafka, prefix, tmp_path, "--no-replay")
    assert (status, stderr) == (0, "")
    assert any(line.startswith("ledger ") for line in lines)
    assert lines[-1].endswith("everything holds.")


def test_the_command_answers_programs(kafka: KafkaConnection, prefix: str, tmp_path: Path) -> None:
    status, lines, stderr = command(kafka, prefix, tmp_path, "--no-replay", "--json")
    rows = [json.loads(line) for line in lines]
    assert (status, stderr) == (0, "")
    assert {row["topic"] for row in rows if "records" in row and "topic" in row} <= set(ORDER)
    assert [row["invariant"] for row in rows if "says" in row] == list(range(1, 8))
    assert rows[-1]["violations"] == 0
    assert rows[-1]["messages"] > 200


def test_the_command_names_what_is_wrong(kafka: KafkaConnection, traffic: Traffic, tmp_path: Path) -> None:
    doctored = CASES["charge_in_an_open_window"](Run(traffic.line.topics))
    prefix = write_topics(kafka, ORDER, doctored.in_place_of(traffic.line.topics))
    status, lines, stderr = command(kafka, prefix, tmp_path, "--no-replay", "--json")
    named = [row for row in map(json.loads, lines) if "sentence" in row]
    assert status == 1
    assert stderr == "2 violations: the records named above show them.\n"
    found = {(row["invariant"], row["topic"], row["partition"], row["offset"]) for row in named}
    assert found == {tuple(each) for each in doctored.expected}


def test_a_dump_is_verified_without_the_cluster(
    kafka: KafkaConnection, traffic: Traffic, prefix: str, tmp_path: Path
) -> None:
    assert command(kafka, prefix, tmp_path, "--write-dump", "run.dump.gz")[0] == 0
    nowhere = kafka.model_copy(update={"bootstrap_servers": "127.0.0.1:1"})
    status, lines, stderr = command(nowhere, prefix, tmp_path, "--dump", "run.dump.gz", "--no-replay")
    assert (status, stderr) == (0, "")
    assert lines[-1].endswith("everything holds.")


@pytest.mark.parametrize(
    ("content", "sentence"), [(None, "No such file"), (b"something else\n", "is no dump")]
)
def test_what_is_no_dump_is_refused(
    kafka: KafkaConnection, tmp_path: Path, content: bytes | None, sentence: str
) -> None:
    if content is not None:
        (tmp_path / "run.dump").write_bytes(content)
    status, lines, stderr = command(kafka, "", tmp_path, "--dump", "run.dump")
    assert (status, lines) == (1, [])
    assert sentence in stderr
    assert stderr.count("\n") == 1


def test_a_state_sees_a_tail_that_was_cut_off(
    kafka: KafkaConnection, traffic: Traffic, tmp_path: Path
) -> None:
    """The ledger's topic is deleted and made anew without its last entry."""
    prefix = write_topics(kafka, ORDER, traffic.line.topics)
    assert verify(ClusterSource(kafka, prefix), tmp_path).violations == []
    with AdminClient({**kafka.librdkafka(), "log_level": 0}) as admin:
        for deleted in admin.delete_topics([prefix + "ledger"]).values():
            deleted.result(30)
        until(lambda: prefix + "ledger" not in admin.list_topics(timeout=30).topics, "its end")
    place, records = max(
        ((place, each) for place, each in traffic.line.topics.items() if place[0] == "ledger"),
        key=lambda item: len(item[1]),
    )
    shorter = {**traffic.line.topics, place: records[:-1]}
    write_topics(kafka, ["ledger"], shorter, prefix)
    marker = records[-2].offset + 1
    found = verify(ClusterSource(kafka, prefix), tmp_path).violations
    assert [(each.invariant, tuple(each.place)) for each in found] == [(5, (*place, marker + 1))]


def test_what_was_aborted_does_not_count(kafka: KafkaConnection, traffic: Traffic) -> None:
    """An aborted second capture is no second capture, though it lies in the log."""
    prefix = write_topics(kafka, ORDER, traffic.line.topics)
    entry = next(line.record for line in Run(traffic.line.topics).lines("ledger", "captured"))
    with _transactional(kafka, prefix) as producer:
        producer.begin_transaction()
        _produce(producer, prefix, entry)
        producer.flush(30)
        producer.abort_transaction(30)
    assert verify(ClusterSource(kafka, prefix)).violations == []


def test_an_open_transaction_is_waited_for(kafka: KafkaConnection, traffic: Traffic) -> None:
    """What is being committed when the ends are asked for belongs to the cut."""
    last = next(each for each in reversed(traffic.line.transactions) if each)[-1]
    rest = {
        place: [record for record in records if record is not last]
        for place, records in traffic.line.topics.items()
    }
    prefix = write_topics(kafka, ORDER, rest)
    with _transactional(kafka, prefix) as producer:
        producer.begin_transaction()
        _produce(producer, prefix, last)
        producer.flush(30)
        asked = threading.Event()
        source = ClusterSource(kafka, prefix)
        cut = source.cut()

        def commit() -> None:
            asked.wait(30)
            producer.commit_transaction(30)

        committer = threading.Thread(target=commit)
        committer.start()
        seen = []
        for records in source.read(cut, {}):
            asked.set()
            seen += [record for record in records if record.topic == last.topic]
        committer.join()
    assert (last.partition, last.key, last.value) == (seen[-1].partition, seen[-1].key, seen[-1].value)


def test_a_system_under_way_holds(kafka: KafkaConnection, tmp_path: Path) -> None:
    """While records go on being written, each transaction at once, no cut shows a violation."""
    traffic = Traffic(seed=8, together=TOGETHER)
    traffic.go(400)
    prefix = write_topics(kafka, ORDER, {})
    writer = threading.Thread(target=_write_on, args=(kafka, prefix, traffic.line.transactions))
    writer.start()
    cuts = 0
    try:
        while writer.is_alive():
            assert verify(ClusterSource(kafka, prefix), tmp_path / "state").violations == []
            assert verify(ClusterSource(kafka, prefix)).violations == []
            cuts += 1
    finally:
        writer.join()
    findings = verify(ClusterSource(kafka, prefix), tmp_path / "state")
    assert findings.violations == []
    written = sum(record.topic in ORDER for each in traffic.line.transactions for record in each)
    assert sum(findings.records.values()) == written
    assert cuts > 1


def _write_on(kafka: KafkaConnection, prefix: str, transactions: list[list[Record]]) -> None:
    """Write a run in the order of cause and effect."""
    with _transactional(kafka, prefix) as producer:
        for start in range(0, len(transactions), TOGETHER):
            producer.begin_transaction()
            for record in (each for made in transactions[start : start + TOGETHER] for each in made):
                if record.topic in ORDER:
                    _produce(producer, prefix, record)
            producer.commit_transaction(30)


def _transactional(kafka: KafkaConnection, prefix: str) -> Producer:
    producer = Producer({**kafka.librdkafka(), "transactional.id": prefix, "log_level": 0})
    producer.init_transactions(30)
    return producer


def _produce(producer: Producer, prefix: str, record: Record) -> None:
    producer.produce(
        prefix + record.topic, record.value, record.key, record.partition, timestamp=record.timestamp_ms
    )
