"""Clocks that are wrong: an ingress's or a stage's ahead of the brokers', one broker's behind another's."""

from typing import Self

import pytest
from confluent_kafka import KafkaException

from parley.billing.v1 import usage_pb2
from parley.intake.v1 import intake_pb2
from services.consent.stage import ConsentStage
from services.contracts.catalogue import topic
from services.contracts.headers import KIND, MESSAGE_ID, header, headers_for
from services.delivery.stage import DeliveryStage
from services.rate_and_bill.stage import RateAndBillStage
from services.runtime.record_writer import NotWritten, RecordWriter
from services.runtime.stage import Stage
from services.runtime.ticks import TICK_KEY
from services.session_window.stage import SessionWindowStage
from tests.integration.hard_cases.conftest import MakeWorld
from tests.integration.hard_cases.rig import events
from tests.integration.hard_cases.rig.events import DAY_MS, HOUR_MS, now_ms
from tests.integration.hard_cases.rig.world import World
from tests.integration.waiting import until

OUTPUTS = ("screened", "inbox", "consents")
CUSTOMER, OTHER = "u1_a", "u1_b"
MINUTE_MS = 60_000


@pytest.fixture
def consent(make_world: MakeWorld) -> World:
    """The first stage, whose input an ingress writes."""
    return make_world(ConsentStage, *OUTPUTS)


class Ingress:
    """Writes as an ingress does whose clock is ahead."""

    def __init__(self, world: World) -> None:
        self.ahead_ms = 0
        self._writer = RecordWriter(world.connection, world.prefix, lambda: now_ms() + self.ahead_ms)

    async def write(self, message_id: str, ahead_ms: int) -> None:
        """A customer's message."""
        self.ahead_ms = ahead_ms
        key, value, _ = events.wrote(message_id, CUSTOMER, now_ms())
        assert isinstance(value, intake_pb2.IntakeEvent)
        kind = "customer_message_received"
        await self._writer.write(topic("intake"), key, value, kind, message_id=message_id)

    async def __aenter__(self) -> Self:
        await self._writer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._writer.stop()


def ids(world: World, name: str) -> list[str]:
    """Message ids in a topic, in order."""
    return [(header(each.headers, MESSAGE_ID) or b"").decode() for each in world.read(name)]


async def test_an_ingress_that_is_far_ahead_is_refused_and_one_a_little_ahead_is_not(consent: World) -> None:
    async with Ingress(consent) as ingress:
        with pytest.raises(NotWritten):
            await ingress.write("far", 7_000)
        assert consent.read("intake") == []
        await ingress.write("ahead", 3_000)
        # The one behind comes after it, and is no worse off.
        await ingress.write("behind", 0)
    consent.settle()
    assert ids(consent, "inbox") == ids(consent, "screened") == ["ahead", "behind"]
    times = [each.timestamp_ms for each in consent.read("intake")]
    assert times == [each.timestamp_ms for each in consent.read("screened")]
    assert times[1] < times[0]
    assert consent.read("dead-letters") == []


async def test_a_broker_that_is_behind_another_is_waited_for(consent: World) -> None:
    """What intake let in is ahead of what dispatch lets in: no message is given up for that."""
    consent.configure("dispatch", "message.timestamp.after.max.ms", "1000")
    events.put(consent, events.wrote("zeroth", OTHER, now_ms()))
    member = consent.start()
    consent.wait_done()
    async with Ingress(consent) as ingress:
        await ingress.write("first", 4_500)
    until(lambda: "Invalid timestamp" in member.said, "the refusal")
    consent.wait_done()
    member.stop()
    assert sorted(ids(consent, "inbox")) == sorted(ids(consent, "screened")) == ["first", "zeroth"]
    assert len(consent.read("dispatch")) == 2
    assert consent.read("dead-letters") == []


def test_a_stage_that_is_ahead_says_that_its_ticks_are_refused(consent: World) -> None:
    """Requests are remembered for 25 hours: then their rows want to be woken."""
    events.put(consent, events.send_requested("m", CUSTOMER, now_ms()))
    member = consent.start(clock_ahead_ms=26 * HOUR_MS)
    consent.wait_done()
    until(lambda: "INVALID_TIMESTAMP" in member.said, "the complaint")
    assert not [each for each in consent.read("intake") if each.key == TICK_KEY]
    member.stop()


def test_a_stage_half_an_hour_ahead_does_not_close_a_window_that_is_open(make_world: MakeWorld) -> None:
    """Its ticks are refused, and the window is what the customer's message and the reply say."""
    world = make_world(SessionWindowStage, "usage", "windows")
    wrote_at_ms = now_ms() - DAY_MS + HOUR_MS // 4
    events.put(world, events.wrote_screened("question", CUSTOMER, wrote_at_ms))
    member = world.start(clock_ahead_ms=HOUR_MS // 2)
    until(lambda: "INVALID_TIMESTAMP" in member.said, "the complaint")
    events.put(world, events.send_screened("reply", CUSTOMER, now_ms()))
    world.wait_done()
    member.stop()
    assert not [each for each in world.read("screened") if each.key == TICK_KEY]
    kinds = [(header(each.headers, KIND) or b"").decode() for each in world.read("windows")]
    assert "closed" not in kinds
    (assessed,) = world.read("usage")
    assert usage_pb2.UsageEvent.FromString(assessed.value or b"").send_assessed.window.open


@pytest.mark.parametrize("stage", [ConsentStage, SessionWindowStage, RateAndBillStage, DeliveryStage])
def test_no_stage_s_input_takes_a_tick_from_ahead(make_world: MakeWorld, stage: type[Stage]) -> None:
    world = make_world(stage)
    at_ms = now_ms() + MINUTE_MS
    ticked = stage.input.message()
    ticked.ticked.at_ms = at_ms  # type: ignore[attr-defined]
    with pytest.raises(KafkaException, match="INVALID_TIMESTAMP"):
        world.offer(TICK_KEY, ticked, headers_for(ticked, "ticked"), at_ms)
    assert world.read(stage.input.name) == []
