"""Delivery's rules as tables."""

import pytest

from parley.delivery.v1 import delivery_row_pb2, dispatch_pb2
from parley.message.v1 import facts_pb2
from services.delivery import rules
from services.delivery.rules import Consent, Effect, Receipt, Retention, Stand

DAY_MS = 86_400_000


@pytest.mark.parametrize(
    ("stand", "receipt", "effect"),
    [
        (Stand.ACCEPTED, Receipt.DELIVERED, Effect.NONE),
        (Stand.ACCEPTED, Receipt.READ, Effect.NONE),
        (Stand.SENT, Receipt.DELIVERED, Effect.FIRST),
        (Stand.SENT, Receipt.READ, Effect.FIRST),
        (Stand.DELIVERED, Receipt.DELIVERED, Effect.NONE),
        (Stand.DELIVERED, Receipt.READ, Effect.READ_AT_LAST),
        (Stand.READ, Receipt.DELIVERED, Effect.NONE),
        (Stand.READ, Receipt.READ, Effect.NONE),
        (Stand.FAILED, Receipt.DELIVERED, Effect.LATE),
        (Stand.FAILED, Receipt.READ, Effect.LATE),
        (Stand.EXPIRED, Receipt.DELIVERED, Effect.LATE),
        (Stand.EXPIRED, Receipt.READ, Effect.LATE),
    ],
)
def test_what_a_receipt_does(stand: Stand, receipt: Receipt, effect: Effect) -> None:
    assert rules.effect(stand, receipt) is effect


@pytest.mark.parametrize("consent", Consent)
def test_a_blocked_business_is_not_told_of_reading(consent: Consent) -> None:
    hidden = consent is Consent.BLOCKED
    assert rules.counts_as(Receipt.READ, consent) is (Receipt.DELIVERED if hidden else Receipt.READ)
    assert rules.counts_as(Receipt.DELIVERED, consent) is Receipt.DELIVERED


@pytest.mark.parametrize(
    ("consent", "code", "word"),
    [
        (Consent.NEVER, 131026, "opt-in"),
        (Consent.STOPPED, 131050, "START"),
        (Consent.BLOCKED, 131026, "block"),
    ],
)
def test_consent_that_forbids_an_attempt_says_what_to_do(consent: Consent, code: int, word: str) -> None:
    objection = rules.objection(consent)
    assert objection is not None
    assert objection.code == code
    assert word in objection.details


def test_granted_consent_permits() -> None:
    assert rules.objection(Consent.GRANTED) is None


@pytest.mark.parametrize("consent", Consent)
def test_a_notice_passes_unless_blocked(consent: Consent) -> None:
    assert rules.may_signal(consent) is (consent is not Consent.BLOCKED)


@pytest.mark.parametrize(
    ("stand", "authorized", "days"),
    [
        (Stand.DELIVERED, True, 7),
        (Stand.READ, True, 1),
        (Stand.FAILED, True, 1),
        (Stand.FAILED, False, 1),
        (Stand.EXPIRED, True, 1),
        (Stand.EXPIRED, False, 7),
    ],
)
def test_how_long_a_message_is_remembered(stand: Stand, authorized: bool, days: int) -> None:
    forget_at_ms = rules.forget_at_ms(stand, 1_000, Retention(), authorized=authorized)
    assert forget_at_ms == 1_000 + days * DAY_MS


def test_the_words_of_the_rules_are_those_of_the_contracts() -> None:
    assert {f"STAND_{stand.name}": stand.value for stand in Stand} == {
        name: number for name, number in delivery_row_pb2.Stand.items() if number
    }
    assert {f"RECEIPT_{receipt.name}": receipt.value for receipt in Receipt} == {
        name: number for name, number in dispatch_pb2.Receipt.items() if number
    }
    consents = {f"CONSENT_{consent.name}": consent.value for consent in Consent if consent}
    assert consents == {name: number for name, number in facts_pb2.Consent.items() if number}
