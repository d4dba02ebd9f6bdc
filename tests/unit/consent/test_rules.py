"""The rule books of consent as tables: who may be messaged, how fast, what is a repeat, what is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.consent.v1 import consents_pb2
from parley.intake.v1 import intake_pb2
from parley.message.v1 import facts_pb2
from services.consent.notices import confirmation
from services.consent.pair_rate import PairRate, paid_until_after, why_too_fast
from services.consent.repeats import KeyHolder, why_key_is_taken
from services.consent.rules import (
    STRANGERS,
    Change,
    Consent,
    Happened,
    Standing,
    Word,
    after,
    customer_blocked,
    customer_unblocked,
    customer_wrote,
    in_force,
    operator_recorded,
    why_forbidden,
)
from services.ingress.keywords import START_WORDS, STOP_WORDS

NEVER, GRANTED, STOPPED, BLOCKED = Consent


def standing(consent: Consent, *, blocked: bool = False, method: str = "customer_wrote") -> Standing:
    return Standing(consent, blocked, method, "m0")


@pytest.mark.parametrize(
    ("held", "blocked", "word", "then"),
    [
        (NEVER, False, Word.NONE, (Happened.GRANTED, "customer_wrote")),
        (NEVER, False, Word.START, (Happened.GRANTED, "keyword")),
        (NEVER, False, Word.STOP, (Happened.STOPPED, "keyword")),
        (GRANTED, False, Word.NONE, None),
        (GRANTED, False, Word.START, None),
        (GRANTED, False, Word.STOP, (Happened.STOPPED, "keyword")),
        (STOPPED, False, Word.NONE, None),
        (STOPPED, False, Word.START, (Happened.GRANTED, "keyword")),
        (STOPPED, False, Word.STOP, None),
        (NEVER, True, Word.NONE, None),
        (NEVER, True, Word.START, None),
        (NEVER, True, Word.STOP, (Happened.STOPPED, "keyword")),
        (GRANTED, True, Word.NONE, None),
        (GRANTED, True, Word.START, None),
        (GRANTED, True, Word.STOP, (Happened.STOPPED, "keyword")),
        (STOPPED, True, Word.NONE, None),
        (STOPPED, True, Word.START, None),
        (STOPPED, True, Word.STOP, None),
    ],
)
def test_what_a_message_changes(
    held: Consent, blocked: bool, word: Word, then: tuple[Happened, str] | None
) -> None:
    change = customer_wrote(standing(held, blocked=blocked), word, "m1")
    assert change == (None if then is None else Change(*then, evidence="m1"))


@pytest.mark.parametrize("held", [NEVER, GRANTED, STOPPED])
def test_an_unblock_brings_back_what_held_before(held: Consent) -> None:
    before = standing(held)
    block = customer_blocked(before)
    assert block is not None
    blocked = after(before, block)
    assert in_force(blocked) == BLOCKED
    assert customer_blocked(blocked) is None
    unblock = customer_unblocked(blocked)
    assert unblock is not None
    assert in_force(after(blocked, unblock)) == held
    assert customer_unblocked(before) is None


def test_a_stop_behind_a_block_outlives_it() -> None:
    blocked = standing(GRANTED, blocked=True)
    stop = customer_wrote(blocked, Word.STOP, "m1")
    assert stop is not None
    stopped = after(blocked, stop)
    assert in_force(stopped) == BLOCKED
    unblock = customer_unblocked(stopped)
    assert unblock is not None
    assert in_force(after(stopped, unblock)) == STOPPED


@pytest.mark.parametrize(
    ("held", "blocked", "happened", "now"),
    [
        (NEVER, False, Happened.GRANTED, GRANTED),
        (STOPPED, False, Happened.GRANTED, GRANTED),
        (NEVER, False, Happened.STOPPED, STOPPED),
        (GRANTED, False, Happened.STOPPED, STOPPED),
        (GRANTED, False, Happened.GRANTED, GRANTED),
        (STOPPED, True, Happened.GRANTED, BLOCKED),
    ],
)
def test_what_an_operator_records(held: Consent, blocked: bool, happened: Happened, now: Consent) -> None:
    before = standing(held, blocked=blocked)
    change = operator_recorded(before, happened, "web form", "https://shop.example/42")
    assert change == Change(happened, "web form", "https://shop.example/42")
    then = after(before, change)
    assert in_force(then) == now
    assert operator_recorded(then, happened, "web form", "https://shop.example/42") is None
    assert operator_recorded(then, happened, "phone call", "ticket 4711") is not None


@pytest.mark.parametrize(
    ("held", "code", "details"),
    [
        (STRANGERS, 131026, "never written"),
        (standing(NEVER, blocked=True), 131026, "blocked"),
        (standing(GRANTED, blocked=True), 131026, "blocked"),
        (standing(STOPPED, blocked=True), 131026, "blocked"),
        (standing(STOPPED, method="keyword"), 131050, "said STOP"),
        (standing(STOPPED, method="phone call"), 131050, "opted out"),
    ],
)
def test_what_forbids_and_what_to_do(held: Standing, code: int, details: str) -> None:
    refusal = why_forbidden(held)
    assert refusal is not None
    assert refusal.code == code
    assert details in refusal.details


def test_granted_permits() -> None:
    assert why_forbidden(standing(GRANTED)) is None


USUAL = PairRate()


def send(rate: PairRate, accepted: list[int]) -> list[bool]:
    """Which of the requests accepted at these milliseconds keep the pace."""
    paid_until, passed = 0, []
    for at in accepted:
        passed.append(why_too_fast(rate, paid_until, at) is None)
        if passed[-1]:
            paid_until = paid_until_after(rate, paid_until, at)
    return passed


@pytest.mark.parametrize(
    ("accepted", "refused"),
    [
        ([0] * 45, 0),
        ([0] * 46, 1),
        ([0] * 45 + [5_999], 1),
        ([0] * 45 + [6_000], 0),
        ([0] * 45 + [6_000] * 2, 1),
        ([0] * 45 + [270_000] * 45, 0),
        ([0] * 45 + [270_000] * 46, 1),
        ([6_000 * n for n in range(600)], 0),
        # A refused request counts for nothing: one in six seconds passes all the same.
        ([0] * 45 + [1_000 * n for n in range(1, 61)], 50),
        # The clock of one ingress is behind the other's.
        ([100] * 45 + [0], 1),
    ],
)
def test_g20_a_burst_of_45_then_one_in_six_seconds(accepted: list[int], refused: int) -> None:
    assert send(USUAL, [1_772_452_800_000 + at for at in accepted]).count(False) == refused


def test_too_fast_says_when_to_come_back() -> None:
    start, paid_until = 1_772_452_800_000, 0
    for _ in range(45):
        paid_until = paid_until_after(USUAL, paid_until, start)
    refusal = why_too_fast(USUAL, paid_until, start + 1_500)
    assert refusal is not None
    assert refusal.code == 131056
    assert "at most 45 at once, then one in 6 seconds" in refusal.details
    assert refusal.details.endswith("send it again in 5 seconds.")
    assert why_too_fast(USUAL, paid_until, start + 1_500 + 5_000) is None


@given(
    st.integers(1, 5),
    st.integers(1, 3),
    st.lists(st.integers(0, 20_000), max_size=40).map(sorted),
)
def test_no_stretch_of_time_sees_more_than_the_rate_allows(
    burst: int, seconds: int, times: list[int]
) -> None:
    rate = PairRate(burst, seconds * 1_000)
    passed = [at for at, ok in zip(times, send(rate, times), strict=True) if ok]
    for first, begin in enumerate(passed):
        for last, end in enumerate(passed[first:], start=first):
            assert last - first + 1 <= burst + (end - begin) // rate.interval_ms


@pytest.mark.parametrize(
    ("body", "details"),
    [(b"same", "duplicate of wamid.first"), (b"other", "Idempotency-Key was used with another body")],
)
def test_a_key_belongs_to_the_first(body: bytes, details: str) -> None:
    refusal = why_key_is_taken(KeyHolder("wamid.first", b"same"), body)
    assert refusal.code == 100
    assert refusal.details.startswith(details)
    assert "wamid.first" in refusal.details


@pytest.mark.parametrize("language", sorted({*STOP_WORDS.values(), *START_WORDS.values()}))
def test_each_language_of_a_word_has_its_confirmations(language: str) -> None:
    fallback = confirmation(Word.STOP, ""), confirmation(Word.START, "")
    texts = confirmation(Word.STOP, language), confirmation(Word.START, language)
    assert len({*texts, *fallback}) == (2 if language == "en" else 4)


@pytest.mark.parametrize(
    ("mirror", "prefix", "contract"),
    [
        (Consent, "CONSENT_", facts_pb2.Consent.items()),
        (Word, "KEYWORD_", intake_pb2.Keyword.items()),
    ],
)
def test_the_rules_count_as_the_contracts_do(
    mirror: type[Consent] | type[Word], prefix: str, contract: list[tuple[str, int]]
) -> None:
    numbers = {name.removeprefix(prefix): number for name, number in contract}
    assert {each.name: int(each) for each in mirror if each} == {
        name: number for name, number in numbers.items() if number
    }


def test_each_change_has_its_event() -> None:
    members = consents_pb2.ConsentEvent.DESCRIPTOR.oneofs_by_name["event"].fields
    assert {happened.name.lower() for happened in Happened} == {field.name for field in members}
