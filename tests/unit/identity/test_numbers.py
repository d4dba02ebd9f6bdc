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
        # Signs of other widths and scripts, bullets, underscores, a link's prefix.
        (
            "\uff0b\uff11\uff08\uff16\uff15\uff10\uff09\uff15\uff15\uff15\uff0d\uff11\uff12\uff13\uff14",
            "16505551234",
        ),
        ("+1 \u2022 650 \u2022 555 \u2022 1234", "16505551234"),
        ("1\u00b7650\u00b7555\u00b71234", "16505551234"),
        ("81\u30fb90\u30fb1234\u30fb5678", "819012345678"),
        ("+1_650_555_1234", "16505551234"),
        ("tel:+1-650-555-1234", "16505551234"),
        (" TEL:+1 650 555 1234", "16505551234"),
        # The (0) after a country code is dialled at home only.
        ("+44 (0)20 7946 0958", "442079460958"),
        ("0044 (0) 20 7946 0958", "442079460958"),
        ("44(0)2079460958", "442079460958"),
        ("(+44) (0)20 7946 0958", "442079460958"),
        ("+44 \uff08\uff10\uff0920 7946 0958", "442079460958"),
        ("+44 (\u0660)20 7946 0958", "442079460958"),
        ("+49 (0)30 123456", "4930123456"),
        ("+55 (0)11 8765-4321", "5511987654321"),
        # In Italy the zero is part of the number.
        ("+39 (0)6 6982 1234", "390669821234"),
        ("+39 06 6982 1234", "390669821234"),
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
        "tel:",
        "tel:tel:16505551234",
        "tel:16505551234;ext=5",
        "1 tel:6505551234",
        # A zero in brackets that follows no country code, or comes twice, or means nothing there.
        "(0)20 7946 0958",
        "+(0)44 20 7946 0958",
        "+44 20 (0)7946 0958",
        "+44 (0)(0)20 7946 0958",
        "+1 (0)650 555 1234",
        "+999 (0)20 7946 0958",
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
