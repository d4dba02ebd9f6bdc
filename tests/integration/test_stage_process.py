"""A stage on a real broker: what it writes, what it survives, and what it says when it cannot go on."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.kafka import EmbeddedKafka
from parley.consent.v1 import screened_pb2
from parley.delivery.v1 import dispatch_pb2
from parley.runtime.v1 import runtime_pb2
from services.contracts.catalogue import FACTOR, partition_factor
from services.contracts.headers import headers_for
from services.runtime.kafka_connection import KafkaConnection
from services.runtime.kafka_errors import FENCES_ITSELF
from services.runtime.partition import META_KEY
from services.runtime.rocks_store import RocksStore
from tests.integration.stage_rig import Rig, StageChild
from tests.integration.waiting import until

pytestmark = pytest.mark.integration

KEYS = [f"b:{number}".encode() for number in range(40)]


@pytest.fixture
def rig(kafka: KafkaConnection, tmp_path: Path) -> Rig:
    return Rig(kafka, tmp_path)


@pytest.fixture
def start(rig: Rig) -> Iterator[Callable[..., StageChild]]:
    """Starts the stage; whatever runs at the end of the test is ended."""
    children: list[StageChild] = []

    def start(**environment: str) -> StageChild:
        children.append(StageChild(rig, **environment))
        return children[-1]

    yield start
    for child in children:
        child.kill()


def store_meta(rig: Rig, partition: int) -> runtime_pb2.StateMeta | None:
    """The meta in the local store of a stage that does not run."""
    store = RocksStore(rig.data_dir / "state" / "counting" / f"partition-{partition}")
    meta = store.meta()
    store.close()
    return meta


def changelog_metas(rig: Rig) -> dict[int, int]:
    """The input offset that the changelog says, by partition."""
    return {
        each.partition: runtime_pb2.StateMeta.FromString(each.value or b"").next_offset
        for each in rig.read("session-window-changelog")
        if each.key == META_KEY
    }


def test_each_record_has_its_effect_once_also_over_restarts(
    rig: Rig, start: Callable[..., StageChild]
) -> None:
    rig.send(KEYS * 5)
    child = start()
    rig.wait_until_done()
    child.wait_ready()
    assert rig.counts() == {key: [1, 2, 3, 4, 5] for key in KEYS}
    status, answer = child.state("b:7/anything")
    assert (status, answer["error"]) == (404, "no row b:7/anything")
    status, answer = child.state("b:7")
    assert (status, answer["state"]["opened_at_ms"]) == (200, "5")
    assert "parley_counting_records_total 200.0" in child.get("/metrics")[1]
    assert child.get("/healthz")[0] == 200
    assert child.stop() == 0

    rig.send(KEYS)
    child = start()
    rig.wait_until_done()
    assert child.stop() == 0
    assert "restored=0" in child.text

    shutil.rmtree(rig.data_dir / "state")
    rig.send(KEYS)
    child = start()
    rig.wait_until_done()
    assert child.stop() == 0
    assert rig.counts() == {key: [1, 2, 3, 4, 5, 6, 7] for key in KEYS}
    assert rig.read("dead-letters") == []


@pytest.mark.parametrize("point", ["PRODUCED", "OFFSETS_SENT", "COMMITTED", "STORED"])
def test_kill_9_leaves_all_of_a_batch_or_nothing(
    rig: Rig, start: Callable[..., StageChild], point: str
) -> None:
    rig.send(KEYS[:1])
    child = start()
    rig.wait_until_done()
    assert child.stop() == 0
    (before,) = rig.committed().items()
    partition, offset = before

    rig.send(KEYS[:1] * 3)
    child = start(STRIKE=f"{point}:1")
    assert child.wait() == -9
    is_committed = point in ("COMMITTED", "STORED")
    # The first batch after the start may hold one to three of them.
    if is_committed:
        until(lambda: rig.committed()[partition] > offset, "the commit's markers")
    after = rig.committed()[partition]
    assert (after > offset) == is_committed
    stored = store_meta(rig, partition)
    assert stored is not None
    assert stored.next_offset == (after if point == "STORED" else offset)

    child = start()
    child.wait_ready()
    rig.wait_until_done()
    assert changelog_metas(rig) == rig.committed()
    assert child.state("b:0")[1]["state"]["opened_at_ms"] == "4"
    assert child.stop() == 0
    assert rig.counts() == {KEYS[0]: [1, 2, 3, 4]}
    assert store_meta(rig, partition) is not None
    assert rig.committed()[partition] == offset + 3


def test_records_that_cannot_be_decoded(rig: Rig, start: Callable[..., StageChild]) -> None:
    schema = headers_for(screened_pb2.ScreenedEvent(), "send_screened", message_id="wamid.1")
    rig.send_raw(b"b:1", b"\xff\xff", schema, 1_700_000_000_000)
    rig.send_raw(b"b:1", b"\xff\xff", headers_for(screened_pb2.ScreenedEvent(), "ticked"), 1_700_000_000_001)
    rig.send([b"b:1"])
    child = start()
    rig.wait_until_done()
    letters = [runtime_pb2.DeadLettered.FromString(each.value or b"") for each in rig.read("dead-letters")]
    assert [(each.kind, each.reason, each.value) for each in letters] == [
        ("send_screened", "undecodable", b"\xff\xff"),
        ("ticked", "undecodable", b"\xff\xff"),
    ]
    (failed,) = rig.read("dispatch")
    event = dispatch_pb2.DispatchEvent.FromString(failed.value or b"").send_failed
    assert (event.message_id, event.refusal.code) == ("wamid.1", 131_000)
    assert (failed.key, failed.timestamp_ms) == (b"b:1", 1_700_000_000_000)
    assert rig.counts() == {b"b:1": [1]}

    rig.send_raw(b"b:1", b"\xff", headers_for(screened_pb2.ScreenedEvent(), "setting_changed"), 1)
    rig.flush()
    place = letters[0].partition
    for _ in range(2):
        until(lambda child=child: "(setting_changed) cannot be applied" in child.get("/readyz")[1], "it")  # type: ignore[misc]
        assert child.get("/readyz")[0] == 503
        stands = f'partition_stopped{{partition="{place}"}} 1.0'
        until(lambda child=child, stands=stands: stands in child.get("/metrics")[1], "the metric")  # type: ignore[misc]
        assert child.stop() == 0
        assert rig.committed() == {place: 3}
        child = start()


def test_a_tick_wakes_a_quiet_partition(rig: Rig, start: Callable[..., StageChild]) -> None:
    child = start()
    rig.send([b"b:1"], "wake+300")
    until(lambda: rig.counts() == {b"b:1": [1, 1]}, "the timer")
    assert any(each.key == b"\x00tick" for each in rig.read("screened"))
    assert child.stop() == 0


def test_a_replica_says_who_owns_the_rest(rig: Rig, start: Callable[..., StageChild]) -> None:
    first = start()
    first.wait_ready()
    second = start(PARLEY_ORDINAL="1", PARLEY_DATA_DIR=str(rig.data_dir / "state-1"))
    second.wait_ready()
    rig.send(KEYS)
    rig.wait_until_done()

    def owners() -> list[int]:
        return [sum(child.state(key.decode())[0] == 200 for key in KEYS) for child in (first, second)]

    until(lambda: sum(owners()) == len(KEYS) and all(owners()), "the partitions to be shared")
    answer = next(body for status, body in (first.state(key.decode()) for key in KEYS) if status == 421)
    assert answer["owner"] == {
        "replica": f"{rig.prefix}counting-1",
        "address": f"127.0.0.1:{second.port}",
    }
    rig.send(KEYS)
    rig.wait_until_done()
    assert (first.stop(), second.stop()) == (0, 0)
    assert rig.counts() == {key: [1, 2] for key in KEYS}


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"KAFKA_BOOTSTRAP_SERVERS": ""}, "KAFKA_BOOTSTRAP_SERVERS is not set"),
        ({"PARLEY_HEALTH_PORT": ""}, "PARLEY_HEALTH_PORT is not set"),
        ({"PARLEY_ORDINAL": "one"}, "PARLEY_ORDINAL: "),
        ({"PARLEY_GROUP_PROTOCOL": "x"}, "PARLEY_GROUP_PROTOCOL: "),
        ({"PARLEY_COMPRESSION": "x"}, "PARLEY_COMPRESSION: "),
        ({FACTOR: "x"}, "PARLEY_PARTITION_FACTOR must be a whole number"),
    ],
)
def test_a_bad_setting_is_one_line(
    start: Callable[..., StageChild], environment: dict[str, str], sentence: str
) -> None:
    child = start(**environment)
    assert child.wait() == 78
    (line,) = child.text.splitlines()
    assert line.startswith(sentence)


def test_topics_of_another_factor_are_one_line(rig: Rig, start: Callable[..., StageChild]) -> None:
    child = start(**{FACTOR: str(partition_factor() * 2)})
    assert child.wait() == 1
    assert f"set {FACTOR}={partition_factor()}" in child.text.splitlines()[-1]


def test_a_missing_topic_is_one_line(rig: Rig, start: Callable[..., StageChild]) -> None:
    name = rig.prefix + "dead-letters"
    rig.admin.delete_topics([name])[name].result(10)
    until(lambda: name not in rig.admin.list_topics(timeout=10).topics, "the topic to be deleted")
    child = start()
    assert child.wait() == 1
    assert f"Kafka has no topic {name}" in child.text.splitlines()[-1]


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
    rig: Rig, start: Callable[..., StageChild]
) -> None:
    rig.send(KEYS)
    first = start()
    rig.wait_until_done()
    second = start(PARLEY_DATA_DIR=str(rig.data_dir / "other"))
    second.wait_ready()
    rig.send(KEYS)
    assert first.wait() == 1
    assert first.text.splitlines()[-1].startswith("counting: Fenced")
    rig.wait_until_done()
    assert second.stop() == 0
    assert rig.counts() == {key: [1, 2] for key in KEYS}


def test_offsets_that_disagree_with_the_state_end_the_process(
    rig: Rig, start: Callable[..., StageChild]
) -> None:
    rig.send(KEYS[:1] * 3)
    child = start()
    rig.wait_until_done()
    assert child.stop() == 0
    ((partition, _),) = rig.committed().items()
    rig.set_offset(partition, 2)
    child = start()
    assert child.wait() == 1
    assert "the group's offset is 2 but the state is at 3" in child.text.splitlines()[-1]
    rig.set_offset(partition, 3)
    child = start()
    child.wait_ready()
    assert child.stop() == 0


def test_a_broker_that_restarts_is_waited_out(tmp_path: Path) -> None:
    with EmbeddedKafka(tmp_path / "kafka", heap_mb=256) as broker:
        rig = Rig(broker.connection(), tmp_path)
        children = [StageChild(rig)]

        def all_done() -> bool:
            if not children[-1].running:  # what a supervisor does; no other end than this one is in order
                assert FENCES_ITSELF in children[-1].text.splitlines()[-1]
                children.append(StageChild(rig))
            return children[-1].get("/readyz")[0] == 200 and rig.is_done()

        try:
            children[-1].wait_ready()
            rig.send(KEYS)
            rig.wait_until_done()
            broker.kill()
            until(lambda: children[-1].get("/readyz") == (503, "no broker answers\n"), "the loss to be seen")
            broker.start()
            rig.send(KEYS)
            until(all_done, "all to be done, and the stage to be ready again")
            assert children[-1].stop() == 0
            assert rig.counts() == {key: [1, 2] for key in KEYS}
        finally:
            for child in children:
                child.kill()
