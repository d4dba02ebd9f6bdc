"""The embedded Kafka as its users see it: starts, answers, is kept, ends, and says what is wrong."""

import os
import select
import signal
import socket
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaError, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from deploy.kafka import EmbeddedKafka, NodeSettings, errors
from services.runtime.kafka_connection import KafkaConnection

pytestmark = pytest.mark.integration

DEADLINE_SECONDS = 30


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedKafka]:
    """A broker that the tests of this module may stop and start; each leaves it running."""
    with EmbeddedKafka(tmp_path_factory.mktemp("broker")) as own:
        yield own


def new_topic(connection: KafkaConnection) -> str:
    name = f"topic-{uuid.uuid4()}"
    admin = AdminClient(connection.librdkafka())
    admin.create_topics([NewTopic(name, 1)])[name].result(DEADLINE_SECONDS)
    return name


def produce(connection: KafkaConnection, topic: str, value: bytes) -> None:
    producer = Producer({**connection.librdkafka(), "enable.idempotence": True})
    producer.produce(topic, value, partition=0)
    assert producer.flush(DEADLINE_SECONDS) == 0


def read_first(connection: KafkaConnection, topic: str, **settings: str) -> bytes | None:
    """The first record's value, read through a group with the settings given."""
    consumer = Consumer(
        {**connection.librdkafka(), "group.id": topic, "auto.offset.reset": "earliest", **settings}
    )
    consumer.subscribe([topic])
    record = consumer.poll(DEADLINE_SECONDS)
    consumer.close()
    assert record is not None
    assert record.error() is None
    return record.value()


def cluster_id(servers: str) -> str | None:
    return AdminClient({"bootstrap.servers": servers}).list_topics(timeout=DEADLINE_SECONDS).cluster_id


def wait_for_end(pid: int) -> None:
    """Until the process, no child of ours, is gone."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    ended, _, _ = select.select([process], [], [], DEADLINE_SECONDS)
    os.close(process)
    assert ended, f"process {pid} is still there"


def test_it_is_ready_when_it_has_started_on_ports_of_its_own(tmp_path: Path, broker: EmbeddedKafka) -> None:
    other = EmbeddedKafka(tmp_path)
    with other:
        assert cluster_id(other.bootstrap_servers) == other.cluster_id != broker.cluster_id
        assert not set(other.identity.ports.values()) & set(broker.identity.ports.values())
    assert not other.is_alive()
    assert broker.is_alive()


def stop(broker: EmbeddedKafka) -> None:
    broker.stop()
    assert (broker.directory.data / ".kafka_cleanshutdown").exists()


def stop_while_it_does_not_answer(broker: EmbeddedKafka) -> None:
    patience, broker.stop_seconds = broker.stop_seconds, 0.5
    os.kill(broker.pid, signal.SIGSTOP)
    broker.stop()
    broker.stop_seconds = patience


@pytest.mark.parametrize("end", [stop, EmbeddedKafka.kill, stop_while_it_does_not_answer])
def test_records_cluster_and_ports_survive_a_restart(
    broker: EmbeddedKafka, end: Callable[[EmbeddedKafka], None]
) -> None:
    before = broker.connection()
    topic = new_topic(before)
    produce(before, topic, b"kept")
    end(broker)
    assert not broker.is_alive()
    broker.stop()
    again = EmbeddedKafka(broker.directory.root)
    assert again.connection() == before
    broker.start()
    assert cluster_id(before.bootstrap_servers) == again.cluster_id
    assert read_first(before, topic) == b"kept"


ORPHAN = """
import sys, threading
from pathlib import Path
from deploy.kafka import EmbeddedKafka
broker = EmbeddedKafka(Path(sys.argv[1]))
thread = threading.Thread(target=broker.start)
thread.start()
thread.join()
print(broker.pid, broker.bootstrap_servers, flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("how", ["kill -9", "exit without stop"])
def test_the_broker_ends_with_its_parent_but_not_with_the_thread_that_started_it(
    tmp_path: Path, how: str
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", ORPHAN, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdin is not None
        pid, servers = parent.stdout.readline().split()
        assert cluster_id(servers) is not None
        if how == "kill -9":
            parent.kill()
        else:
            parent.stdin.close()
        wait_for_end(int(pid))


def test_topics_are_not_made_by_mistake(broker: EmbeddedKafka) -> None:
    producer = Producer({**broker.client_settings(), "allow.auto.create.topics": True})
    answer = producer.list_topics("misspelt", timeout=DEADLINE_SECONDS).topics["misspelt"]
    assert answer.error is not None
    assert answer.error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART
    assert "misspelt" not in producer.list_topics(timeout=DEADLINE_SECONDS).topics


def test_a_transaction_is_seen_whole_and_an_aborted_one_never(broker: EmbeddedKafka) -> None:
    topic = new_topic(broker.connection())
    producer = Producer({**broker.client_settings(), "transactional.id": topic})
    producer.init_transactions(DEADLINE_SECONDS)
    producer.begin_transaction()
    producer.produce(topic, b"aborted", partition=0)
    producer.flush(DEADLINE_SECONDS)
    producer.abort_transaction(DEADLINE_SECONDS)
    producer.begin_transaction()
    producer.produce(topic, b"committed", partition=0)
    producer.commit_transaction(DEADLINE_SECONDS)
    assert read_first(broker.connection(), topic, **{"isolation.level": "read_committed"}) == b"committed"


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_both_group_protocols_work(broker: EmbeddedKafka, protocol: str) -> None:
    topic = new_topic(broker.connection())
    produce(broker.connection(), topic, b"value")
    assert read_first(broker.connection(), topic, **{"group.protocol": protocol}) == b"value"


def test_sessions_may_be_short(broker: EmbeddedKafka) -> None:
    topic = new_topic(broker.connection())
    produce(broker.connection(), topic, b"value")
    short = {"session.timeout.ms": "1000", "heartbeat.interval.ms": "300"}
    assert read_first(broker.connection(), topic, **short) == b"value"


def test_one_broker_needs_no_second_one(broker: EmbeddedKafka) -> None:
    admin = AdminClient(broker.client_settings())
    topics = admin.list_topics(timeout=DEADLINE_SECONDS).topics
    for internal in ("__consumer_offsets", "__transaction_state"):
        assert len(topics[internal].partitions) == 4
        assert {len(partition.replicas) for partition in topics[internal].partitions.values()} == {1}


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(errors.PortTaken, match=f"Port {port} on 127.0.0.1 is taken") as refusal:
            EmbeddedKafka(tmp_path / "data", port=port).start()
    assert refusal.value.port == port


def test_a_data_directory_of_another_cluster_or_node_is_refused(tmp_path: Path) -> None:
    kept = EmbeddedKafka(tmp_path / "data").cluster_id
    with pytest.raises(errors.ForeignDataDirectory, match=f"belongs to cluster {kept}, not AAAA"):
        EmbeddedKafka(tmp_path / "data", NodeSettings(cluster_id="AAAA"))
    with pytest.raises(errors.ForeignDataDirectory, match="belongs to node 1, not node 2"):
        EmbeddedKafka(tmp_path / "data", NodeSettings(node_id=2))


def test_a_directory_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(errors.ForeignDataDirectory, match="is not empty and not a Kafka data directory"):
        EmbeddedKafka(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_broker_that_is_late_is_ended_and_its_log_named(tmp_path: Path) -> None:
    late = EmbeddedKafka(tmp_path / "data", ready_seconds=0.01)
    with pytest.raises(errors.BrokerNotReady, match=r"was not ready within 0\.01 s: see .*kafka\.log"):
        late.start()
    assert not late.is_alive()


def test_a_broker_that_ends_at_start_says_why(tmp_path: Path) -> None:
    wrong = NodeSettings(extra={"num.io.threads": "many"})
    with pytest.raises(errors.BrokerFailed, match=r"could not format .*num\.io\.threads"):
        EmbeddedKafka(tmp_path, wrong).start()
    occupied = EmbeddedKafka(tmp_path, NodeSettings(extra={"log.message.timestamp.type": "Never"}))
    occupied.directory.data.mkdir(exist_ok=True)
    (occupied.directory.data / "meta.properties").touch()
    with pytest.raises(
        errors.BrokerFailed, match=r"ended at start with exit code 1; .*kafka\.log says: .*Never"
    ):
        occupied.start()
    assert not occupied.is_alive()


def test_the_command_line_runs_a_broker_until_it_is_told_to_end(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "deploy.kafka", "run", "--data-dir", str(tmp_path / "data")],
        stdout=subprocess.PIPE,
        text=True,
    ) as command:
        assert command.stdout is not None
        name, _, servers = command.stdout.readline().strip().partition("=")
        assert name == "KAFKA_BOOTSTRAP_SERVERS"
        assert cluster_id(servers) is not None
        command.send_signal(signal.SIGTERM)
        assert command.wait(DEADLINE_SECONDS) == 0
    assert (tmp_path / "data" / "data" / ".kafka_cleanshutdown").exists()
