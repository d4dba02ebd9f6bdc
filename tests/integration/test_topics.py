"""`Topics`: what proto/ declares, made on a real broker and compared with it."""

import time
from dataclasses import replace
from uuid import uuid4

import pytest
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourceType,
)

from services.admin.errors import Refused
from services.admin.topics import Difference, Replication, Topics
from services.contracts.catalogue import topic
from services.runtime.kafka_connection import KafkaConnection

pytestmark = pytest.mark.integration
DECLARED = [topic("intake"), topic("settings"), topic("ledger")]


@pytest.fixture
def admin(kafka: KafkaConnection) -> AdminClient:
    return AdminClient(kafka.librdkafka())


@pytest.fixture
def prefix() -> str:
    return f"topics-{uuid4().hex}."


def test_created_topics_do_not_differ(admin: AdminClient, prefix: str) -> None:
    topics = Topics(admin, prefix, DECLARED)
    assert sorted(topics.create()) == sorted(prefix + declared.name for declared in DECLARED)
    assert topics.differences() == []


def test_creating_twice_changes_nothing(admin: AdminClient, prefix: str) -> None:
    Topics(admin, prefix, DECLARED).create()
    assert Topics(admin, prefix, DECLARED).create() == []


def test_nothing_is_created_beside_topics_of_another_factor(admin: AdminClient, prefix: str) -> None:
    doubled = replace(topic("intake"), partitions=topic("intake").partitions * 2)
    Topics(admin, prefix, [doubled]).create()
    with pytest.raises(Refused, match=f"{prefix}intake has {doubled.partitions} partitions"):
        Topics(admin, prefix, DECLARED).create()
    missing = {each.topic for each in Topics(admin, prefix, DECLARED).differences() if each.what == "missing"}
    assert missing == {prefix + "settings", prefix + "ledger"}


def test_min_insync_is_created_and_compared(admin: AdminClient, prefix: str) -> None:
    Topics(admin, prefix, DECLARED, Replication(1, 1)).create()
    assert Topics(admin, prefix, DECLARED, Replication(1, 1)).differences() == []
    other = Topics(admin, prefix, DECLARED, Replication(1, 2)).differences()
    assert {(each.what, each.declared, each.found) for each in other} == {("min.insync.replicas", "2", "1")}


def test_each_difference_is_named(admin: AdminClient, prefix: str) -> None:
    topics = Topics(admin, prefix, DECLARED)
    made = admin.create_topics(
        [
            NewTopic(prefix + "intake", num_partitions=3, config=topic("intake").config()),
            NewTopic(
                prefix + "ledger",
                num_partitions=topic("ledger").partitions,
                config=topic("ledger").config(),
            ),
            NewTopic(prefix + "leger", num_partitions=1),
        ]
    )
    for future in made.values():
        future.result(10)
    keep_an_hour = ConfigEntry("retention.ms", "3600000", incremental_operation=AlterConfigOpType.SET)
    edited = ConfigResource(ResourceType.TOPIC, prefix + "ledger", incremental_configs=[keep_an_hour])
    for altered in admin.incremental_alter_configs([edited]).values():
        altered.result(10)

    expected = [
        Difference(prefix + "intake", "partitions", str(topic("intake").partitions), "3"),
        Difference(prefix + "ledger", "retention.ms", "-1", "3600000"),
        Difference(prefix + "leger", "extra", None, "on the cluster"),
        Difference(prefix + "settings", "missing", "declared", None),
    ]
    # The controller has taken the edit; the broker that is asked hears of it a moment later.
    deadline = time.monotonic() + 10
    while topics.differences() != expected and time.monotonic() < deadline:
        pass
    assert topics.differences() == expected
