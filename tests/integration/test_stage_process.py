"""A stage on a real broker: what it writes, what it survives, and what it says when it cannot go on."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from deploy.kafka import EmbeddedKafka
from parley.consent.v1 import screened_pb2
from parley.delivery.v1 import dispatch_pb2
from parley.runtime.v1 import runtime_pb2
from services.contracts.headers import headers_for
from services.runtime.kafka_connection import KafkaConnection
from services.runtime.partition import META_KEY
from services.runtime.rocks_store import RocksStore
from tests.integration.stage_rig import Bench, StageChild, until

pytestmark = pytest.mark.integration

KEYS = [f"b:{number}".encode() for number in range(40)]


@pytest.fixture
def bench(kafka: KafkaConnection, tmp_path: Path) -> Bench:
    return Bench(kafka, tmp_path)


@pytest.fixture
def start(bench: Bench) -> Iterator[Callable[..., StageChild]]:
    """Starts the stage; whatever runs at the end of the test is ended."""
    children: list[StageChild] = []

    def start(**environment: str) -> StageChild:
        children.append(StageChild(bench, **environment))
        return children[-1]

    yield start
    for child in children:
        child.kill()


def store_meta(bench: Bench, partition: int) -> runtime_pb2.StateMeta | None:
    """The meta in the local store of a stage that does not run."""
    store = RocksStore(bench.data_dir / "state" / "counting" / f"partition-{partition}")
    meta = store.meta()
    store.close()
    return meta


def changelog_metas(bench: Bench) -> dict[int, int]:
    """The input offset that the changelog says, by partition."""
    return {
        each.partition: runtime_pb2.StateMeta.FromString(each.value).next_offset
        for each in bench.read("session-window-changelog")
        if each.key == META_KEY
    }


def test_each_record_has_its_effect_once_also_over_restarts(
    bench: Bench, start: Callable[..., StageChild]
) -> None:
    bench.send(KEYS * 5)
    child = start()
    bench.wait_until_done()
    child.wait_ready()
    assert bench.counts() == {key: [1, 2, 3, 4, 5] for key in KEYS}
    status, answer = child.state("b:7/anything")
    assert (status, answer["error"]) == (404, "no row b:7/anything")
    status, answer = child.state("b:7")
    assert (status, answer["state"]["opened_at_ms"]) == (200, "5")
    assert "parley_counting_records_total 200.0" in child.get("/metrics")[1]
    assert child.get("/healthz")[0] == 200
    assert child.stop() == 0

    bench.send(KEYS)
    child = start()
    bench.wait_until_done()
    assert child.stop() == 0
    assert "restored=0" in child.text

    shutil.rmtree(bench.data_dir / "state")
    bench.send(KEYS)
    child = start()
    bench.wait_until_done()
    assert child.stop() == 0
    assert bench.counts() == {key: [1, 2, 3, 4, 5, 6, 7] for key in KEYS}
    assert bench.read("dead-letters") == []


@pytest.mark.parametrize("point", ["PRODUCED", "OFFSETS_SENT", "COMMITTED", "STORED"])
def test_kill_9_leaves_all_of_a_batch_or_nothing(
    bench: Bench, start: Callable[..., StageChild], point: str
) -> None:
    bench.send(KEYS[:1])
    child = start()
    bench.wait_until_done()
    assert child.stop() == 0
    (before,) = bench.committed().items()
    partition, offset = before

    bench.send(KEYS[:1] * 3)
    child = start(STRIKE=f"{point}:1")
    assert child.wait() == -9
    is_committed = point in ("COMMITTED", "STORED")
    # The first batch after the start may hold one to three of them.
    if is_committed:
        until(lambda: bench.committed()[partition] > offset, "the commit's markers")
    after = bench.committed()[partition]
    assert (after > offset) == is_committed
    stored = store_meta(bench, partition)
    assert stored is not None
    assert stored.next_offset == (after if point == "STORED" else offset)

    child = start()
    child.wait_ready()
    bench.wait_until_done()
    assert changelog_metas(bench) == bench.committed()
    assert child.state("b:0")[1]["state"]["opened_at_ms"] == "4"
    assert child.stop() == 0
    assert bench.counts() == {KEYS[0]: [1, 2, 3, 4]}
    assert store_meta(bench, partition) is not None
    assert bench.committed()[partition] == offset + 3


def test_records_that_cannot_be_decoded(bench: Bench, start: Callable[..., StageChild]) -> None:
    schema = headers_for(screened_pb2.ScreenedEvent(), "send_screened", message_id="wamid.1")
    bench.send_raw(b"b:1", b"\xff\xff", schema, 1_700_000_000_000)
    bench.send_raw(
        b"b:1", b"\xff\xff", headers_for(screened_pb2.ScreenedEvent(), "ticked"), 1_700_000_000_001
    )
    bench.send([b"b:1"])
    child = start()
    bench.wait_until_done()
    letters = [runtime_pb2.DeadLettered.FromString(each.value) for each in bench.read("dead-letters")]
    assert [(each.kind, each.reason, each.value) for each in letters] == [
        ("send_screened", "undecodable", b"\xff\xff"),
        ("ticked", "undecodable", b"\xff\xff"),
    ]
    (failed,) = bench.read("dispatch")
    event = dispatch_pb2.DispatchEvent.FromString(failed.value).send_failed
    assert (event.message_id, event.refusal.code) == ("wamid.1", 131_000)
    assert (failed.key, failed.timestamp_ms) == (b"b:1", 1_700_000_000_000)
    assert bench.counts() == {b"b:1": [1]}

    bench.send_raw(b"b:1", b"\xff", headers_for(screened_pb2.ScreenedEvent(), "setting_changed"), 1)
    bench.flush()
    place = letters[0].partition
    for _ in range(2):
        until(lambda child=child: "(setting_changed) cannot be applied" in child.get("/readyz")[1], "it")  # type: ignore[misc]
        assert child.get("/readyz")[0] == 503
        stands = f'partition_stopped{{partition="{place}"}} 1.0'
        until(lambda child=child, stands=stands: stands in child.get("/metrics")[1], "the metric")  # type: ignore[misc]
        assert child.stop() == 0
        assert bench.committed() == {place: 3}
        child = start()


def test_a_tick_wakes_a_quiet_partition(bench: Bench, start: Callable[..., StageChild]) -> None:
    child = start()
    bench.send([b"b:1"], "wake+300")
    until(lambda: bench.counts() == {b"b:1": [1, 1]}, "the timer")
    ticks = [each for each in bench.read("screened") if each.key == b"\x00tick"]
    assert len(ticks) == 1
    assert child.stop() == 0


def test_a_replica_says_who_owns_the_rest(bench: Bench, start: Callable[..., StageChild]) -> None:
    first = start()
    first.wait_ready()
    second = start(PARLEY_ORDINAL="1", PARLEY_DATA_DIR=str(bench.data_dir / "state-1"))
    second.wait_ready()
    bench.send(KEYS)
    bench.wait_until_done()

    def owners() -> list[int]:
        return [sum(child.state(key.decode())[0] == 200 for key in KEYS) for child in (first, second)]

    until(lambda: sum(owners()) == len(KEYS) and all(owners()), "the partitions to be shared")
    answer = next(body for status, body in (first.state(key.decode()) for key in KEYS) if status == 421)
    assert answer["owner"] == {
        "replica": f"{bench.prefix}counting-1",
        "address": f"127.0.0.1:{second.port}",
    }
    bench.send(KEYS)
    bench.wait_until_done()
    assert (first.stop(), second.stop()) == (0, 0)
    assert bench.counts() == {key: [1, 2] for key in KEYS}


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"KAFKA_BOOTSTRAP_SERVERS": ""}, "KAFKA_BOOTSTRAP_SERVERS is not set"),
        ({"PARLEY_HEALTH_PORT": ""}, "PARLEY_HEALTH_PORT is not set"),
        ({"PARLEY_ORDINAL": "one"}, "PARLEY_ORDINAL: "),
        ({"PARLEY_GROUP_PROTOCOL": "x"}, "PARLEY_GROUP_PROTOCOL: "),
    ],
)
def test_a_bad_setting_is_one_line(
    start: Callable[..., StageChild], environment: dict[str, str], sentence: str
) -> None:
    child = start(**environment)
    assert child.wait() == 78
    (line,) = child.text.splitlines()
    assert line.startswith(sentence)


def test_a_missing_topic_is_one_line(bench: Bench, start: Callable[..., StageChild]) -> None:
    until(lambda: _delete(bench.admin, bench.prefix + "dead-letters"), "the topic to be deleted")
    child = start()
    assert child.wait() == 1
    assert f"Kafka has no topic {bench.prefix}dead-letters" in child.text.splitlines()[-1]


def _delete(admin: AdminClient, name: str) -> bool:
    if name in admin.list_topics(timeout=10).topics:
        admin.delete_topics([name])[name].result(10)
    return name not in admin.list_topics(timeout=10).topics


def test_a_taken_health_port_is_one_line(start: Callable[..., StageChild]) -> None:
    first = start(KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1")
    until(lambda: first.get("/healthz")[0] == 200, "the health port")
    second = start(PARLEY_HEALTH_PORT=str(first.port))
    assert second.wait() == 1
    assert f"PARLEY_HEALTH_PORT {first.port} cannot be used" in second.text.splitlines()[-1]


def test_a_broker_out_of_reach_is_waited_for_visibly(start: Callable[..., StageChild]) -> None:
    child = start(KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1")
    until(lambda: "waiting for Kafka" in child.text, "a log line")
    assert child.get("/readyz") == (503, "no broker answers\n")
    assert child.running
    assert child.stop() == 0


def test_a_second_process_of_the_same_ordinal_ends_the_first(
    bench: Bench, start: Callable[..., StageChild]
) -> None:
    bench.send(KEYS)
    first = start()
    bench.wait_until_done()
    second = start(PARLEY_DATA_DIR=str(bench.data_dir / "other"))
    second.wait_ready()
    bench.send(KEYS)
    assert first.wait() == 1
    assert first.text.splitlines()[-1].startswith("counting: Fenced")
    bench.wait_until_done()
    assert second.stop() == 0
    assert bench.counts() == {key: [1, 2] for key in KEYS}


def test_offsets_that_disagree_with_the_state_end_the_process(
    bench: Bench, start: Callable[..., StageChild]
) -> None:
    bench.send(KEYS[:1] * 3)
    child = start()
    bench.wait_until_done()
    assert child.stop() == 0
    ((partition, _),) = bench.committed().items()
    bench.set_offset(partition, 2)
    child = start()
    assert child.wait() == 1
    assert "the group's offset is 2 but the state is at 3" in child.text.splitlines()[-1]
    bench.set_offset(partition, 3)
    child = start()
    child.wait_ready()
    assert child.stop() == 0


def test_a_broker_that_restarts_is_waited_out(tmp_path: Path) -> None:
    with EmbeddedKafka(tmp_path / "kafka", heap_mb=256) as broker:
        bench = Bench(broker.connection(), tmp_path)
        child = StageChild(bench)
        try:
            child.wait_ready()
            bench.send(KEYS)
            bench.wait_until_done()
            broker.kill()
            until(lambda: child.get("/readyz") == (503, "no broker answers\n"), "the loss to be seen")
            broker.start()
            bench.send(KEYS)
            bench.wait_until_done()
            until(lambda: child.get("/readyz")[0] == 200, "the stage to be ready again")
            assert child.stop() == 0
            assert bench.counts() == {key: [1, 2] for key in KEYS}
        finally:
            child.kill()
