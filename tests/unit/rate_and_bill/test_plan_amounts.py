"""Amounts between text and micros."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rate_and_bill.amounts import AmountInvalid, amount_text, micros_of


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("0", 0),
        ("0.0147", 14_700),
        ("0.09", 90_000),
        ("0.1", 100_000),
        ("12", 12_000_000),
        ("0.000001", 1),
        ("0.01470000", 14_700),
    ],
)
def test_text_becomes_exact_micros(text: str, micros: int) -> None:
    assert micros_of(text) == micros


@pytest.mark.parametrize(
    "text", ["", " ", "1.", ".5", "1,5", "1e3", "+1", "-1", "0x1", "inf", "0.0000001", "1 2"]
)
def test_what_is_no_exact_amount_is_refused(text: str) -> None:
    with pytest.raises(AmountInvalid):
        micros_of(text)


@pytest.mark.parametrize(
    ("micros", "text"), [(0, "0.00"), (-14_700, "-0.0147"), (12_500_000, "12.50"), (1, "0.000001")]
)
def test_micros_become_text(micros: int, text: str) -> None:
    assert amount_text(micros) == text


@given(st.integers(0, 10**18 - 1))
def test_text_and_back_is_the_same_amount(micros: int) -> None:
    assert micros_of(amount_text(micros)) == micros
