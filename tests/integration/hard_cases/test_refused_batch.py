"""A batch that the broker refuses: the culprit is found and set aside, the others have their effect once."""

import time
from random import Random

import pytest

from parley.delivery.v1 import dispatch_pb2
from parley.runtime.v1 import runtime_pb2
from services.contracts.headers import headers_for
from services.runtime.kafka_log import KafkaLog
from services.runtime.stage_process import MakeLog
from tests.integration.hard_cases.rig.counting import Miscounted, count
from tests.integration.hard_cases.rig.leaky_log import LeakyLog
from tests.integration.hard_cases.rig.standing import Standing
from tests.integration.hard_cases.rig.tally import keys
from tests.integration.hard_cases.rig.world import World
from tests.integration.waiting import until
from tests.unit.runtime.counting_stage import message

RECORD_BYTES_MAX = 400_000
"""More than a whole batch of the small ones, which the client sends as one."""
ATTEMPTS_MAX = 20
"""Once to ask for reports, three times with the batch, 13 times by halves, and some to spare."""
KEYS = [*keys(0, 5), *keys(1, 5)]


def refuse_large_outputs(world: World) -> None:
    """Have the broker take small records only in the topic that the stage writes."""
    world.configure("windows", "max.message.bytes", str(RECORD_BYTES_MAX))


def put_too_large(world: World, kind: str) -> None:
    """A message with an id that makes its output larger than the broker takes."""
    at_ms = int(time.time() * 1000)
    # Random, so that no compression makes it small.
    event = message(Random(1).randbytes(RECORD_BYTES_MAX).hex(), at_ms)  # noqa: S311
    world.put(keys(0, 1)[0], event, headers_for(event, kind, message_id="wamid.large"), at_ms)


def refuse_a_record(world: World, make_log: MakeLog = KafkaLog, following: int = 1) -> None:
    """One request among messages cannot be written; all else is counted."""
    refuse_large_outputs(world)
    world.write(KEYS)
    put_too_large(world, "send_screened")
    world.write(KEYS * following)
    member = world.start(make_log=make_log)
    world.wait_done()
    member.stop()
    assert member.said.count("will be tried again") <= ATTEMPTS_MAX
    (letter,) = world.read("dead-letters")
    found = runtime_pb2.DeadLettered.FromString(letter.value or b"")
    assert (found.partition, found.offset, found.message_id) == (0, 5, "wamid.large")
    assert found.reason == "failing"
    (failed,) = world.read("dispatch")
    event = dispatch_pb2.DispatchEvent.FromString(failed.value or b"").send_failed
    assert (event.message_id, event.refusal.code) == ("wamid.large", 131_000)
    count(world, set_aside={0: {5}})


def test_a_request_too_large_for_the_broker_is_found_and_set_aside(world: World) -> None:
    refuse_a_record(world)


def test_what_is_refused_while_its_batch_is_still_being_written_is_found_too(world: World) -> None:
    refuse_a_record(world, following=490)


def test_without_transactions_the_same_doubles_its_neighbours(world: World) -> None:
    with pytest.raises(Miscounted, match="too many"):
        refuse_a_record(world, LeakyLog)


def test_a_message_too_large_for_the_broker_stops_its_partition(world: World) -> None:
    refuse_large_outputs(world)
    world.write(KEYS)
    put_too_large(world, "customer_message_screened")
    world.write(KEYS)
    member = world.start()
    until(lambda: f"{world.name('screened')}/0/5 (customer_message_screened)" in member.said, "the stop")
    world.write(KEYS)
    until(lambda: world.group.offsets() == {0: 5, 1: 15}, "the other partition")
    member.stop()
    assert world.standing() == Standing({0: 5, 1: 15}, {0: 5, 1: 15}, {0: 5, 1: 15})
    assert world.read("dead-letters", "dispatch") == []
