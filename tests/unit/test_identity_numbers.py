"""Canonical numbers: what people and clients write, and the one form that state is keyed by."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.identity.numbers import BadNumber, canonical_number


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("16505551234", "16505551234"),
        ("+16505551234", "16505551234"),
        ("0016505551234", "16505551234"),
        ("+1 (650) 555-1234", "16505551234"),
        ("(+1) 650.555.1234", "16505551234"),
        ("1-650-555-1234", "16505551234"),
        ("  +49/30 123456 ", "4930123456"),
        ("+1\u00a0650\u2011555\u20131234", "16505551234"),
        ("\u202a+1 650 555 1234\u202c", "16505551234"),
        ("\uff0b\uff11 650 555 1234", "16505551234"),
        ("\u0661\u0666\u0665\u0660\u0665\u0665\u0665\u0661\u0662\u0663\u0664", "16505551234"),
        ("12345678", "12345678"),
        ("123456789012345", "123456789012345"),
        # Brazil: a mobile of eight digits gets its ninth, a landline does not.
        ("551187654321", "5511987654321"),
        ("5511987654321", "5511987654321"),
        ("551134567890", "551134567890"),
        # Mexico: the 1 after 52 goes.
        ("5215512345678", "525512345678"),
        ("525512345678", "525512345678"),
    ],
)
def test_written_and_canonical(written: str, canonical: str) -> None:
    assert canonical_number(written) == canonical


@pytest.mark.parametrize(
    "text",
    [
        "",
        "+",
        "1234567",
        "1234567890123456",
        "+" + "0" * 9,
        "++16505551234",
        "1650+5551234",
        "1650555CALL",
        "16505551234 ext 5",
        "16505551234;",
        "1" * 5000,
        "\u00b2" * 8 + "\ud83d",
    ],
)
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(BadNumber):
        canonical_number(text)


@given(st.from_regex(r"\A[1-9][0-9]{7,14}\Z"))
def test_a_canonical_number_is_its_own_canonical_form(digits: str) -> None:
    canonical = canonical_number(digits)
    assert canonical_number(canonical) == canonical == canonical_number("+" + canonical)


@given(st.text(max_size=80))
def test_any_text_is_a_number_or_refused(text: str) -> None:
    try:
        canonical = canonical_number(text)
    except BadNumber:
        return
    assert canonical.isascii()
    assert canonical.isdigit()
    assert 8 <= len(canonical) <= 15
