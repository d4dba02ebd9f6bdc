"""What a stage tells librdkafka, and why."""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from confluent_kafka import KafkaError

from services.runtime.kafka_connection import KafkaConnection
from services.runtime.record import VALUE_BYTES_MAX

GroupProtocol = Literal["classic", "consumer"]
"""``consumer`` is KIP-848, whose session time-out is the broker's setting."""
Compression = Literal["none", "gzip", "snappy", "lz4", "zstd"]
"""Of each batch that a stage writes. Under a steady load a batch has few records, and the broker opens it to
check them: uncompressed, messages arrive a third sooner and take twice the bytes."""

SESSION_MS = 6_000
"""A member that is silent for so long loses its partitions."""
TRANSACTION_MS = 5_000
"""An older open transaction is aborted by the broker: whoever reads committed records waits for it. Below the
session time-out."""
FRAMING_BYTES = 80_000
"""Room for key, headers and framing above the largest value; the sum stays below the broker's limit."""

Settings = dict[str, Any]


class StageIdentity(NamedTuple):
    """Who a stage's process is, towards Kafka."""

    stage: str
    ordinal: int
    prefix: str
    """Of topics, groups and transactional ids."""
    health_address: str = ""
    """host:port of /state, told to others through the client id."""

    @property
    def group(self) -> str:
        """Consumer group of all replicas."""
        return f"{self.prefix}{self.stage}"

    @property
    def member(self) -> str:
        """Transactional id and group instance id: a restart ends its own orphan, and keeps its partitions."""
        return f"{self.group}-{self.ordinal}"

    @property
    def client_id(self) -> str:
        """Name in the broker's view of the group."""
        return f"{self.member}@{self.health_address}"


def common(
    connection: KafkaConnection, identity: StageIdentity, on_error: Callable[[KafkaError], None]
) -> Settings:
    """For every client. A broker that comes back is found within half a second, not within ten."""
    return {
        **connection.librdkafka(),
        "client.id": identity.client_id,
        "reconnect.backoff.ms": 50,
        "reconnect.backoff.max.ms": 500,
        # Else librdkafka forgets all brokers when none answers, and a producer can then wait for ever for one
        # that it has forgotten (confluentinc/librdkafka 5511).
        "metadata.recovery.strategy": "none",
        "error_cb": on_error,
        # What matters is logged by us; librdkafka's own lines have another form.
        "log_level": 0,
    }


class ClientChoices(NamedTuple):
    """What an operator may choose of a stage's clients."""

    group_protocol: GroupProtocol = "classic"
    compression: Compression = "none"


def input_consumer(identity: StageIdentity, protocol: GroupProtocol) -> Settings:
    """For the stage's input."""
    settings: Settings = {
        **_reading(),
        "group.id": identity.group,
        "group.instance.id": identity.member,
        "group.protocol": protocol,
    }
    if protocol == "classic":
        settings["session.timeout.ms"] = SESSION_MS
        settings["heartbeat.interval.ms"] = SESSION_MS // 4
        settings["partition.assignment.strategy"] = "cooperative-sticky"
    return settings


def changelog_consumer(identity: StageIdentity) -> Settings:
    """For reading a changelog; the group is a name only, nothing is committed to it."""
    return {
        **_reading(),
        "group.id": f"{identity.group}-restore",
        # The end is told after a fetch that brought nothing: the broker shall not hold it back.
        "fetch.wait.max.ms": 5,
    }


def transactional_producer(identity: StageIdentity, compression: Compression = "none") -> Settings:
    """For everything that a batch writes."""
    return {
        "transactional.id": identity.member,
        "transaction.timeout.ms": TRANSACTION_MS,
        # The first partition of a transaction waits for the markers of the last one: with the defaults
        # (100 ms, 1 s) every small transaction takes 100 ms, with these 4 ms.
        "retry.backoff.ms": 5,
        "retry.backoff.max.ms": 50,
        "linger.ms": 1,
        "compression.type": compression,
        "message.max.bytes": VALUE_BYTES_MAX + FRAMING_BYTES,
    }


def tick_producer() -> Settings:
    """For ticks, which stand outside of transactions."""
    return {"enable.idempotence": True, "linger.ms": 0, "message.timeout.ms": TRANSACTION_MS}


def _reading() -> Settings:
    return {
        "isolation.level": "read_committed",
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        # Never guess: where to begin is always said.
        "auto.offset.reset": "error",
        "enable.partition.eof": True,
        # The fetcher sleeps so long once its queue is full; with the default (1 s) it halves the throughput.
        "fetch.queue.backoff.ms": 5,
        "queued.max.messages.kbytes": 32_768,
    }
