"""Ledger entries as programs and people read them, rendered from what the stage really writes."""

import json

import pytest

from parley.billing.v1 import ledger_pb2
from services.admin.ledger_tail import ChainedEntry
from services.admin.ledger_view import HEADINGS, entry_object, explain, table_row
from tests.unit.rate_and_bill.rig import (
    ACCOUNT,
    BUSINESS,
    HOUR_MS,
    NO_HASH,
    T0_MS,
    RatingRig,
    assessed,
    delivered,
    launch_plan,
    undelivered,
)

MESSAGE_ID = "wamid.0123456789abcdef"


def ledger_of(*events: object, rig: RatingRig | None = None) -> list[ChainedEntry]:
    rig = rig or RatingRig()
    for event in events:
        rig.give(event)
    return [ChainedEntry(*each) for each in zip(rig.entries, rig.hashes, strict=True)]


def late_reply() -> list[ChainedEntry]:
    at_ms = T0_MS + 25 * HOUR_MS
    return ledger_of(
        assessed(MESSAGE_ID, at_ms=at_ms, wrote_at_ms=T0_MS), delivered(MESSAGE_ID, at_ms + 1_500)
    )


def test_a_captured_entry_as_json() -> None:
    hold, charge = late_reply()
    expected = {
        "business_id": BUSINESS,
        "account_id": ACCOUNT,
        "sequence": 2,
        "kind": "captured",
        "message_id": MESSAGE_ID,
        "user_ref": "u1_a",
        "amount": {"currency": "USD", "micros": -14_700},
        "balance": {"currency": "USD", "micros": -14_700},
        "reserved": {"currency": "USD", "micros": -14_700},
        "reason": "late_reply",
        "plan": "launch-2018",
        "plan_version": 1,
        "market": "North America",
        "category": "service",
        "accepted_at": "2025-10-10T09:53:20.000Z",
        "recorded_at": "2025-10-10T09:53:21.500Z",
        "evidence": ["wamid.last", "wamid.opened", "consent.3.7"],
        "hash": charge.hash,
        "previous_hash": hold.hash,
    }
    rendered = entry_object(charge)
    assert rendered == expected
    assert list(rendered) == list(expected)
    assert json.loads(json.dumps(rendered)) == expected


def test_an_authorization_shows_its_amount_as_reserved() -> None:
    hold = entry_object(late_reply()[0])
    assert hold["amount"] == {"currency": "USD", "micros": 0}
    assert hold["reserved"] == {"currency": "USD", "micros": 14_700}
    assert hold["previous_hash"] == NO_HASH


def test_a_free_entry_reserves_nothing() -> None:
    (entry,) = ledger_of(assessed(MESSAGE_ID, "utility", wrote_at_ms=T0_MS - 1), delivered(MESSAGE_ID))
    rendered = entry_object(entry)
    assert (rendered["kind"], rendered["reserved"], rendered["category"]) == ("free", None, "utility")
    assert rendered["amount"] == {"currency": "USD", "micros": 0}


def test_a_row_of_the_table() -> None:
    row = dict(zip(HEADINGS, table_row(late_reply()[1]), strict=True))
    assert row == {
        "business": BUSINESS,
        "#": "2",
        "recorded at": "2025-10-10T09:53:21.500Z",
        "entry": "captured",
        "message": "…89abcdef",
        "market": "North America",
        "reserved": "-0.0147",
        "amount": "-0.0147",
        "balance": "-0.0147",
        "": "USD",
        "reason": "late_reply",
    }


RESERVED = "USD 0.0147, the rate of North America, is reserved."


@pytest.mark.parametrize(
    ("events", "sentences"),
    [
        (
            [
                assessed(MESSAGE_ID, at_ms=T0_MS + 24 * HOUR_MS, wrote_at_ms=T0_MS),
                delivered(MESSAGE_ID, T0_MS + 25 * HOUR_MS),
            ],
            [
                "A free-form message accepted 24 h 00 min 00 s after the customer's last message, "
                f"outside the window of launch-2018 version 1: {RESERVED}",
                "Delivered at 2025-10-10T09:53:20.000Z: USD 0.0147 that entry 1 reserved falls due.",
            ],
        ),
        (
            [assessed(MESSAGE_ID, "marketing"), undelivered(MESSAGE_ID, expired=True)],
            [
                "A template (marketing) accepted though the customer never wrote to this number, "
                f"outside any window of launch-2018 version 1: {RESERVED}",
                "Nobody received it before it expired at 2025-10-09T08:53:20.000Z: "
                "USD 0.0147 that entry 1 reserved is released, and nothing falls due.",
            ],
        ),
        (
            [assessed(MESSAGE_ID, wrote_at_ms=T0_MS - HOUR_MS - 61_999), delivered(MESSAGE_ID)],
            [
                "A free-form message accepted 1 h 01 min 01 s after the customer's last message, "
                "inside the window of launch-2018 version 1: "
                "it was delivered at 2025-10-09T08:53:20.000Z, and nothing falls due.",
            ],
        ),
    ],
)
def test_each_entry_explains_itself(events: list[object], sentences: list[str]) -> None:
    assert [explain(entry.entry) for entry in ledger_of(*events)] == sentences


def test_a_failed_message_and_a_charge_inside_the_window_explain_themselves() -> None:
    plan = launch_plan()
    del plan.free_in_window[:]
    hold, release = ledger_of(
        assessed(MESSAGE_ID, "marketing", wrote_at_ms=T0_MS + 1_000),
        undelivered(MESSAGE_ID),
        rig=RatingRig(plan),
    )
    assert explain(hold.entry) == (
        "A template (marketing) accepted 0 h 00 min 00 s after the customer's last message, "
        f"inside the window, where launch-2018 version 1 charges for it: {RESERVED}"
    )
    assert explain(release.entry).startswith("It failed at 2025-10-09T08:53:20.000Z: USD 0.0147 that entry 1")


def test_an_entry_of_a_later_version_is_not_guessed_at() -> None:
    later = ledger_pb2.LedgerEntry(business_id=BUSINESS)
    rendered = entry_object(ChainedEntry(later, NO_HASH))
    assert (rendered["kind"], rendered["category"]) == ("unknown", "unknown")
    assert "later one" in explain(later)
