"""Three brokers as one cluster, each behind a proxy that it advertises."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from deploy.kafka import EmbeddedCluster
from deploy.kafka.settings import CONTROLLER, INTERNAL, PLAINTEXT
from tests.integration.tcp_forwarder import TcpForwarder

pytestmark = pytest.mark.integration

DEADLINE_SECONDS = 60

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
