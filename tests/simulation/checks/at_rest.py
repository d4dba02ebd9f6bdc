"""What must hold of a drained platform beside the invariants: nothing waits, nothing is left."""

from collections.abc import Iterator

from parley.billing.v1 import rating_row_pb2
from parley.catalog.v1 import topic_pb2
from parley.consent.v1 import consent_row_pb2
from parley.delivery.v1 import delivery_row_pb2
from parley.delivery.v1.statuses_pb2 import StatusEvent
from parley.runtime.v1.runtime_pb2 import DeadLettered
from services.contracts.headers import KIND, header
from services.contracts.placement import partition_of
from tests.simulation.disks import CopiedStore
from tests.simulation.kafka_model.cluster import ModelCluster
from tests.simulation.simulation import Simulation
from tests.simulation.stage_process import StageProcess
from tests.simulation.topology import TOPICS

ENDS = frozenset({"failed", "expired", "delivered", "read"})
MEANT_FOR_DEAD_LETTERS = frozenset(
    {("send_requested", "too_large"), ("send_requested", "undecodable"), ("receipt_received", "invariant")}
)
"""Kind and reason of what the scenario writes for it."""
EVERYWHERE = frozenset({b"setting_changed", b"ticked"})
"""Kinds that are written to partitions by number."""


def violations(simulation: Simulation) -> Iterator[str]:
    """What does not hold, one sentence each."""
    yield from _answers(simulation)
    for reason in simulation.world.needs_a_person:
        yield f"a process needs a person's help: {reason}"
    yield from _set_aside(simulation.world.cluster)
    yield from _placement(simulation.world.cluster)
    if simulation.channel.waiting_count:
        yield f"{simulation.channel.waiting_count} messages or signals still wait in outbox"
    for process in simulation.deployment.processes:
        yield from _state(process)


def _answers(simulation: Simulation) -> Iterator[str]:
    """What clients were told: what was accepted has an end, and what has one was asked for."""
    cluster = simulation.world.cluster
    ended: set[str] = set()
    for number in range(TOPICS["statuses"].partitions):
        for entry in cluster.partition("statuses", number).committed(0):
            if (header(entry.headers, KIND) or b"").decode() in ENDS:
                ended.add(StatusEvent.FromString(entry.value or b"").message_id)
    for ingress in simulation.ingresses:
        for message_id in sorted(ingress.doubly_given):
            yield f"{message_id} is the id of two messages"
    asked = {message_id for ingress in simulation.ingresses for message_id in ingress.asked}
    accepted = {message_id for ingress in simulation.ingresses for message_id in ingress.accepted}
    for message_id in sorted(accepted - ended):
        yield f"{message_id} was accepted and has no end"
    for message_id in sorted(ended - asked):
        yield f"{message_id} has an end and nobody asked for it"


def _set_aside(cluster: ModelCluster) -> Iterator[str]:
    """Only what was meant to be set aside has been."""
    for entry in cluster.partition("dead-letters", 0).committed(0):
        letter = DeadLettered.FromString(entry.value or b"")
        if (letter.kind, letter.reason) not in MEANT_FOR_DEAD_LETTERS:
            place = f"{letter.topic}/{letter.partition}@{letter.offset}"
            yield f"{letter.stage} has set aside {place}: {letter.error}"


def _placement(cluster: ModelCluster) -> Iterator[str]:
    """Every record lies where its key says."""
    for (name, number), log in cluster.logs.items():
        topic = TOPICS[name]
        if topic.key in (topic_pb2.RECORD_KEY_SAME_AS_CAUSE, topic_pb2.RECORD_KEY_SETTING):
            continue
        for entry in log.history:
            if header(entry.headers, KIND) not in EVERYWHERE and partition_of(topic, entry.key) != number:
                yield f"{name}/{number}@{entry.offset} belongs to partition {partition_of(topic, entry.key)}"


def _state(process: StageProcess) -> Iterator[str]:
    """Long after everything, a local store remembers consents, settings and ledger heads alone."""
    for number in process.runner.partitions:
        store = process.disk.open(number)
        assert isinstance(store, CopiedStore)
        for key, value in store.content().items():
            if not key.startswith(b"\x00") and not _is_kept(process.stage, value):
                yield f"{process.name} still remembers {key!r} of partition {number}"


def _is_kept(stage: str, value: bytes) -> bool:
    if stage == "consent":
        return consent_row_pb2.ConsentRow.FromString(value).HasField("conversation")
    if stage == "rate-and-bill":
        return rating_row_pb2.RatingRow.FromString(value).HasField("head")
    if stage == "delivery":
        row = delivery_row_pb2.DeliveryRow.FromString(value)
        return row.HasField("conversation") and not row.conversation.waiting
    return False
