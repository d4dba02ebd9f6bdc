"""Three brokers as one cluster, each behind a proxy that it advertises."""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, IsolationLevel, KafkaError, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic, OffsetSpec

from deploy.kafka import EmbeddedCluster
from deploy.kafka.settings import CONTROLLER, INTERNAL, PLAINTEXT
from tests.integration.tcp_forwarder import TcpForwarder

pytestmark = pytest.mark.integration

DEADLINE_SECONDS = 60
NO_LEADER = -1

Forwarders = dict[int, dict[str, TcpForwarder]]


@pytest.fixture
def forwarders() -> Iterator[Forwarders]:
    """Node id to listener to the proxy in front of it."""
    with ExitStack() as running:
        yield {
            node_id: {
                name: running.enter_context(TcpForwarder()) for name in (PLAINTEXT, INTERNAL, CONTROLLER)
            }
            for node_id in (1, 2, 3)
        }


def test_three_brokers_behind_proxies_outlive_the_loss_of_one(tmp_path: Path, forwarders: Forwarders) -> None:
    fronts = {node: {name: front.port for name, front in each.items()} for node, each in forwarders.items()}
    soon_missed = {"broker.session.timeout.ms": "2000", "broker.heartbeat.interval.ms": "500"}
    cluster = EmbeddedCluster(tmp_path, advertised=fronts, extra=soon_missed)
    for node_id, each in forwarders.items():
        for listener, front in each.items():
            front.upstream_port = cluster.bound[node_id][listener]
    with cluster:
        settings: dict[str, Any] = {"bootstrap.servers": cluster.bootstrap_servers}
        admin = AdminClient(settings)
        brokers = admin.list_topics(timeout=DEADLINE_SECONDS).brokers
        assert {node_id: broker.port for node_id, broker in brokers.items()} == {
            node_id: front[PLAINTEXT] for node_id, front in fronts.items()
        }
        admin.create_topics([NewTopic("replicated", 6)])["replicated"].result(DEADLINE_SECONDS)
        produce_to_all(settings)
        cluster.brokers[1].kill()
        produce_to_all(settings)
        cluster.brokers[1].start()
        assert len(replicas(admin)) == 6
        assert all(len(nodes) == 3 for nodes in replicas(admin))
        assert all(front.connections for each in forwarders.values() for front in each.values())
    again = EmbeddedCluster(tmp_path, advertised=fronts)
    assert again.bound == cluster.bound
    assert {broker.cluster_id for broker in again.brokers.values()} == {cluster.brokers[1].cluster_id}
    assert not any(broker.is_alive() for broker in cluster.brokers.values())


def produce_to_all(settings: dict[str, Any]) -> None:
    """A record to each partition, acknowledged by the replicas in sync."""
    producer = Producer({**settings, "acks": "all", "message.timeout.ms": DEADLINE_SECONDS * 1000})
    failures: list[object] = []
    for partition in range(6):
        producer.produce(
            "replicated",
            os.urandom(8),
            partition=partition,
            on_delivery=lambda error, _: failures.append(error) if error else None,
        )
    assert producer.flush(DEADLINE_SECONDS) == 0
    assert failures == []


def replicas(admin: AdminClient) -> list[list[int]]:
    partitions = admin.list_topics("replicated", timeout=DEADLINE_SECONDS).topics["replicated"].partitions
    return [partition.replicas for partition in partitions.values()]


def test_a_transaction_ends_in_a_partition_that_had_no_leader_when_it_should_have(tmp_path: Path) -> None:
    """Kafka 4.3 and 4.4 forget it there, and who reads committed records waits for ever (KAFKA-20734)."""
    soon_missed = {"broker.session.timeout.ms": "2000", "broker.heartbeat.interval.ms": "500"}
    with EmbeddedCluster(tmp_path, extra=soon_missed) as cluster:
        settings: dict[str, Any] = {"bootstrap.servers": cluster.bootstrap_servers}
        admin = AdminClient(settings)
        alone_on_one = NewTopic("alone", 1, replica_assignment=[[1]], config={"min.insync.replicas": "1"})
        admin.create_topics([alone_on_one])["alone"].result(DEADLINE_SECONDS)
        writer = Producer({**settings, "transactional.id": "writer"})
        writer.init_transactions(DEADLINE_SECONDS)
        writer.begin_transaction()
        writer.produce("alone", b"never committed", partition=0)
        assert not writer.flush(DEADLINE_SECONDS)
        cluster.brokers[1].kill()
        until(lambda: leader(admin, "alone") == NO_LEADER)
        with ThreadPoolExecutor(max_workers=1) as threads:
            successor = Producer({**settings, "transactional.id": "writer"})
            ended = threads.submit(successor.init_transactions, DEADLINE_SECONDS)
            cluster.brokers[1].start()
            ended.result()
        until(lambda: leader(admin, "alone") == 1)
        committed, written = IsolationLevel.READ_COMMITTED, IsolationLevel.READ_UNCOMMITTED
        until(lambda: end(admin, committed) == end(admin, written))


def test_kafka_may_show_an_aborted_record_once_a_replica_has_caught_up(tmp_path: Path) -> None:
    """A defect of Kafka's that README warns of: when this fails, Kafka has mended it.

    A replica writes all of a piece that it fetched before it notes which of its transactions were aborted. Of
    two by the same producer the first is then noted as if no other followed before the next producer's.
    """
    soon_missed = {"broker.session.timeout.ms": "2000", "broker.heartbeat.interval.ms": "500"}
    with EmbeddedCluster(tmp_path, extra=soon_missed) as cluster:
        settings: dict[str, Any] = {"bootstrap.servers": cluster.bootstrap_servers}
        admin = AdminClient(settings)
        on_two = NewTopic("twice", 1, replica_assignment=[[1, 2]], config={"min.insync.replicas": "1"})
        admin.create_topics([on_two])["twice"].result(DEADLINE_SECONDS)
        until(lambda: in_sync(admin, "twice") == {1, 2})
        unlucky, next_one = (
            Producer({**settings, "transactional.id": name, "transaction.timeout.ms": 300_000})
            for name in ("unlucky", "next one")
        )
        for producer in (unlucky, next_one):
            producer.init_transactions(DEADLINE_SECONDS)
        cluster.brokers[2].kill()
        for value in (b"aborted", b"aborted too"):
            write(unlucky, "twice", value)
            unlucky.abort_transaction(DEADLINE_SECONDS)
        committed = [bytes([letter]) * 2_000 for letter in b"abcdefghijklmnopqrst"]
        write(unlucky, "twice", *committed)
        unlucky.commit_transaction(DEADLINE_SECONDS)
        write(next_one, "twice", b"open")
        assert committed_values(settings, "twice") == committed
        cluster.brokers[2].start()
        until(lambda: in_sync(admin, "twice") == {1, 2})
        cluster.brokers[1].kill()
        until(lambda: leader(admin, "twice") == 2)
        assert committed_values(settings, "twice") == [b"aborted too", *committed]


def write(producer: Producer, topic: str, *values: bytes) -> None:
    """Begin a transaction, and write each as a batch of its own."""
    producer.begin_transaction()
    for value in values:
        producer.produce(topic, value, partition=0)
        assert not producer.flush(DEADLINE_SECONDS)


def committed_values(settings: dict[str, Any], topic: str) -> list[bytes]:
    """What a reader of committed records is given, in small pieces."""
    reader = {
        **settings,
        "group.id": "reader",
        "isolation.level": "read_committed",
        "enable.partition.eof": True,
        "max.partition.fetch.bytes": 4_096,
    }
    values: list[bytes] = []
    with closing(Consumer(reader)) as consumer:
        consumer.assign([TopicPartition(topic, 0, 0)])
        while True:
            record = consumer.poll(DEADLINE_SECONDS)
            assert record is not None, "no answer"
            if error := record.error():
                assert error.code() == KafkaError._PARTITION_EOF, error
                return values
            values.append(record.value() or b"")


def in_sync(admin: AdminClient, topic: str) -> set[int]:
    partitions = admin.list_topics(topic, timeout=DEADLINE_SECONDS).topics[topic].partitions
    return {node for partition in partitions.values() for node in partition.isrs}


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "it never comes about"
        time.sleep(0.05)


def leader(admin: AdminClient, topic: str) -> int:
    partitions = admin.list_topics(topic, timeout=DEADLINE_SECONDS).topics[topic].partitions
    return partitions[0].leader if partitions else NO_LEADER


def end(admin: AdminClient, isolation: IsolationLevel) -> int:
    """Where readers of that kind find the end of the topic "alone"."""
    place = TopicPartition("alone", 0)
    listed = admin.list_offsets(
        {place: OffsetSpec.latest()},  # type: ignore[no-untyped-call]
        isolation_level=isolation,
    )
    return int(listed[place].result(DEADLINE_SECONDS).offset)
