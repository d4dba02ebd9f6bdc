"""Ids and seals: whoever holds the platform key can open them, and nobody else learns anything."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.identity.country import UNKNOWN, country_of
from services.identity.customer_token import BadCustomerToken, customer_token, number_of_token
from services.identity.destination import destination_prefix
from services.identity.message_id import TEXT_MAX, Kind, MessageId, UnknownMessageId, open_message_id
from services.identity.platform_key import BadPlatformKey, NotSealedHere, PlatformKey, encode
from services.identity.references import business_scoped_user_id, user_ref

KEY = PlatformKey(bytes(range(32)))
OTHER_KEY = PlatformKey(bytes(range(1, 33)))
CUSTOMER = "16505551234"


def an_id(unique: bytes = b"u" * 16, kind: Kind = Kind.OUTBOUND) -> MessageId:
    return MessageId(kind, "506914307656634", "106540352242922", user_ref(KEY, CUSTOMER), unique)


@given(st.binary(min_size=16, max_size=16), st.sampled_from(Kind))
def test_an_id_opens_to_what_it_was_made_of(unique: bytes, kind: Kind) -> None:
    text = an_id(unique, kind).seal(KEY)
    assert open_message_id(KEY, text) == an_id(unique, kind)
    assert text.startswith("wamid.")
    assert len(text) <= TEXT_MAX


def test_an_id_is_the_same_each_time_it_is_made() -> None:
    assert an_id().seal(KEY) == an_id().seal(KEY) != an_id(b"v" * 16).seal(KEY)


def test_an_id_shows_nothing_of_its_customer() -> None:
    one, two = an_id(b"a" * 16).seal(KEY), an_id(b"b" * 16).seal(KEY)
    assert one[6:20] != two[6:20]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "wamid.",
        "wamid.HBgLMTY0NjcwNDM1OTUVAgARGBI4MjZGRDA0OUE2OTQ3RkEyMzcA",
        an_id().seal(OTHER_KEY),
        an_id().seal(KEY)[:-1],
        an_id().seal(KEY) + "=",
        an_id().seal(KEY) + "\n",
        an_id().seal(KEY).removeprefix("wamid."),
        an_id().seal(KEY).replace("wamid.", "wamid.!"),
        "wamid." + "A" * 4096,
        "wamid.é",
        "wamid." + encode(KEY.seal(b"message-id", b"short")),
        "wamid." + encode(KEY.seal(b"message-id", b"\x09" + bytes(48))),
        "wamid." + encode(KEY.seal(b"another-purpose", b"\x01" + bytes(48))),
    ],
)
def test_a_foreign_or_changed_id_is_unknown(text: str) -> None:
    with pytest.raises(UnknownMessageId):
        open_message_id(KEY, text)


@given(st.integers(min_value=6, max_value=92), st.characters(codec="ascii"))
def test_no_other_text_opens_to_the_same_message(position: int, character: str) -> None:
    text = an_id().seal(KEY)
    changed = text[:position] + character + text[position + 1 :]
    if changed != text:
        with pytest.raises(UnknownMessageId):
            open_message_id(KEY, changed)


def test_a_seal_holds_for_its_purpose_only() -> None:
    sealed = KEY.seal(b"one", b"secret")
    assert KEY.open(b"one", sealed) == b"secret"
    for key, purpose in ((KEY, b"two"), (OTHER_KEY, b"one")):
        with pytest.raises(NotSealedHere):
            key.open(purpose, sealed)


def test_digests_do_not_run_their_parts_together() -> None:
    assert KEY.digest(b"p", b"ab", b"c") != KEY.digest(b"p", b"a", b"bc")


def test_a_platform_key_is_read_as_it_was_made() -> None:
    text = PlatformKey.generate()
    assert PlatformKey.from_text(f" {text}=\n").digest(b"p") == PlatformKey.from_text(text).digest(b"p")


@pytest.mark.parametrize("text", ["", "short", "!" * 43, encode(bytes(31)), encode(bytes(33))])
def test_a_bad_platform_key_is_refused_with_its_variable(text: str) -> None:
    with pytest.raises(BadPlatformKey, match="PARLEY_PLATFORM_KEY"):
        PlatformKey.from_text(text)


def test_a_user_ref_is_versioned_and_differs_by_platform() -> None:
    assert user_ref(KEY, CUSTOMER).startswith("u1_")
    assert user_ref(KEY, CUSTOMER) != user_ref(OTHER_KEY, CUSTOMER)


def test_a_user_id_is_country_and_twenty_digits_and_differs_by_business() -> None:
    one, two = (business_scoped_user_id(KEY, business, "4915112345678") for business in ("1", "2"))
    assert one != two
    country, _, digits = one.partition(".")
    assert (country, len(digits), digits.isdigit()) == ("DE", 20, True)


@pytest.mark.parametrize(
    ("number", "country"),
    [("16505551234", "US"), ("18765551234", "JM"), ("5511987654321", "BR"), ("99912345678", UNKNOWN)],
)
def test_countries(number: str, country: str) -> None:
    assert country_of(number) == country


@pytest.mark.parametrize(
    ("number", "prefix"),
    [("16505551234", "1"), ("18765551234", "1876"), ("4915112345678", "49"), ("99912345678", "")],
)
def test_the_longest_shipped_prefix_wins(number: str, prefix: str) -> None:
    assert destination_prefix(number) == prefix


def test_a_customers_token_opens_to_the_number() -> None:
    assert number_of_token(KEY, customer_token(KEY, CUSTOMER)) == CUSTOMER
    for token in ("", "x", customer_token(OTHER_KEY, CUSTOMER), customer_token(KEY, CUSTOMER)[:-2], "é"):
        with pytest.raises(BadCustomerToken):
            number_of_token(KEY, token)
