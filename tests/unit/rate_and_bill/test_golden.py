"""The golden tests of the business rules under launch-2018, their column R1: c charged, f free."""

from typing import NamedTuple

import pytest

from parley.billing.v1 import usage_pb2
from tests.unit.rate_and_bill.rig import HOUR_MS, T0_MS, RatingRig, assessed, delivered, undelivered

NORTH_AMERICA = 14_700
LATIN_AMERICA = 70_600
SECOND_MS = 1_000


class Step(NamedTuple):
    """A message accepted ``hours`` after the first event, and what becomes of it."""

    hours: float
    category: str
    wrote_at_hours: float | None
    """When the customer last wrote, in hours; None for never."""
    becomes: str
    prefix: str = "1"
    price_micros: int = NORTH_AMERICA


def at(hours: float) -> int:
    return T0_MS + round(hours * HOUR_MS)


def second_before(hours: int) -> float:
    return hours - SECOND_MS / HOUR_MS


G1 = [
    Step(0, "marketing", None, "c"),
    Step(3, "service", 2, "f"),
    Step(4, "utility", 2, "f"),
    Step(30, "utility", 2, "c"),
]
G2 = [  # launch-2018 knows no free entry point
    Step(12, "utility", 0, "f"),
    Step(13, "service", 0, "f"),
    Step(25, "service", 0, "c"),
    Step(40, "utility", 0, "c"),
    Step(85, "utility", 0, "c"),
]
G4 = [Step(second_before(24), "service", 0, "f"), Step(24, "service", 0, "c")]
G5 = [Step(20, "service", 0, "f"), Step(30, "service", 0, "c")]
G12 = [
    Step(0, "utility", None, "c", prefix="1876", price_micros=LATIN_AMERICA),
    Step(0, "utility", None, "c", prefix="1"),
]
G15 = [Step(26, "service", 0, "c")]


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param(G1, id="G1"),
        pytest.param(G2, id="G2"),
        pytest.param(G4, id="G4"),
        pytest.param(G5, id="G5"),
        pytest.param(G12, id="G12"),
        pytest.param(G15, id="G15"),
    ],
)
def test_golden_traces(steps: list[Step]) -> None:
    rig = RatingRig()
    for number, step in enumerate(steps):
        wrote_at_ms = None if step.wrote_at_hours is None else at(step.wrote_at_hours)
        message_id = f"wamid.{number}"
        event = assessed(
            message_id, step.category, at_ms=at(step.hours), wrote_at_ms=wrote_at_ms, prefix=step.prefix
        )
        rig.give(event)
        rig.give(delivered(message_id, at(step.hours) + SECOND_MS))
    closing = [entry for entry in rig.entries if not entry.HasField("authorized")]
    assert "".join({"captured": "c", "free": "f"}[str(e.WhichOneof("event"))] for e in closing) == "".join(
        step.becomes for step in steps
    )
    prices = [step.price_micros for step in steps if step.becomes == "c"]
    assert [-entry.amount.micros for entry in closing if entry.HasField("captured")] == prices
    assert rig.entries[-1].balance.micros == -sum(prices)


def test_g6_a_template_never_delivered_is_not_charged() -> None:
    rig = RatingRig()
    rig.give(assessed("wamid.1", "utility"))
    rig.give(undelivered("wamid.1"))
    assert rig.kinds() == ["authorized", "voided"]
    assert rig.entries[-1].balance.micros == 0


def test_g7_a_read_receipt_alone_is_charged_once() -> None:
    rig = RatingRig()
    rig.give(assessed("wamid.1", "utility"))
    rig.give(usage_pb2.MessageDelivered(message_id="wamid.1", delivered_at_ms=T0_MS, read=True))
    assert rig.kinds() == ["authorized", "captured"]
    assert rig.entries[-1].balance.micros == -NORTH_AMERICA


def test_g8_however_often_it_is_reported_it_is_charged_once() -> None:
    rig = RatingRig()
    rig.give(assessed("wamid.1", "utility"))
    for _ in range(3):
        rig.give(delivered("wamid.1"))
    for _ in range(2):
        rig.give(usage_pb2.MessageDelivered(message_id="wamid.1", delivered_at_ms=T0_MS, read=True))
    assert rig.kinds() == ["authorized", "captured"]


def test_g11_a_stop_between_acceptance_and_dispatch_is_not_charged() -> None:
    rig = RatingRig()
    rig.give(assessed("wamid.1", "utility"))
    rig.give(undelivered("wamid.1", consent_id="consent.3.99"))
    assert rig.kinds() == ["authorized", "voided"]
    assert "consent.3.99" in rig.entries[-1].evidence


def test_g13_a_thousand_and_one_service_messages_are_all_free() -> None:
    rig = RatingRig()
    for number in range(1_001):
        rig.give(assessed(f"wamid.{number}", at_ms=T0_MS + number, wrote_at_ms=T0_MS))
        rig.give(delivered(f"wamid.{number}", T0_MS + number))
    assert rig.kinds() == ["free"] * 1_001
    assert rig.entries[-1].balance.micros == 0
