"""New accounts, ids and tokens."""

from hashlib import sha256
from itertools import chain, repeat

import pytest

from parley.plan.v1 import plan_pb2
from parley.settings.v1 import settings_pb2
from services.admin.access_tokens import TOKENS_MAX, new_token, revoke, with_token
from services.admin.account_listing import listed_accounts
from services.admin.errors import Refused
from services.admin.identifiers import new_fictional_number, new_id
from services.admin.new_account import AccountWish, new_account
from services.admin.settings_snapshot import SettingsSnapshot
from services.contracts.setting_routes import SETTING_PURPOSE
from services.identity.platform_key import PlatformKey

NOW_MS = 1_542_852_000_000
KEY = PlatformKey(bytes(32))
PLAN = settings_pb2.SettingChanged(
    key="price-plan/launch-2018", version=1, price_plan=plan_pb2.PricePlan(name="launch-2018", currency="USD")
)


def with_plan(*changes: settings_pb2.SettingChanged) -> SettingsSnapshot:
    return SettingsSnapshot([PLAN]).with_changes(changes)


def tokens(good: int, revoked: int = 0) -> list[settings_pb2.AccessToken]:
    return [
        settings_pb2.AccessToken(
            token_id=f"t{number}", created_at_ms=number, revoked_at_ms=number if number <= revoked else 0
        )
        for number in range(1, good + revoked + 1)
    ]


def test_an_account_is_one_set_of_settings() -> None:
    made = new_account(AccountWish(), KEY, with_plan(), NOW_MS)
    assert [setting.key.partition("/")[0] for setting in made.settings] == [
        "business",
        "account",
        "phone-number",
        "template",
        "template",
    ]


def test_secrets_are_hashed_or_sealed_in_settings() -> None:
    made = new_account(AccountWish(), KEY, with_plan(), NOW_MS)
    (token,) = made.account.access_tokens
    assert token.sha256 == sha256(made.access_token.encode()).digest()
    assert KEY.open(SETTING_PURPOSE, made.account.app_secret_sealed).decode() == made.app_secret
    assert KEY.open(SETTING_PURPOSE, made.account.verify_token_sealed).decode() == made.verify_token
    written = b"".join(setting.SerializeToString() for setting in made.settings)
    for secret in (made.access_token, made.app_secret, made.verify_token):
        assert secret.encode() not in written


def test_everything_belongs_to_the_business() -> None:
    made = new_account(AccountWish(display_phone_number="4915112345678"), KEY, with_plan(), NOW_MS)
    (account,) = listed_accounts([made.kept_token], with_plan(*made.settings), KEY)
    assert made.account.business_id == made.number.business_id == account["business_id"]
    assert made.number.account_id == account["account_id"]
    assert account["display_phone_number"] == "4915112345678"
    assert account["webhook_url"] is None


def test_an_account_may_join_a_business() -> None:
    first = new_account(AccountWish(), KEY, with_plan(), NOW_MS)
    settings = with_plan(*first.settings)
    second = new_account(AccountWish(business_id=first.business.business_id), KEY, settings, NOW_MS)
    assert second.business == first.business
    assert not [setting for setting in second.settings if setting.key.startswith("business/")]


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        (AccountWish(business_id="8"), "no business 8"),
        (AccountWish(plan="per-message-2030"), "No price plan per-message-2030 is published"),
        (AccountWish(currency="EUR"), "is in USD, not EUR"),
        (AccountWish(display_phone_number="15550783881"), "belongs to an account already"),
    ],
)
def test_what_cannot_be_had_is_refused(wish: AccountWish, sentence: str) -> None:
    taken = settings_pb2.SettingChanged(
        key="phone-number/1", phone_number=settings_pb2.PhoneNumber(display_phone_number="15550783881")
    )
    with pytest.raises(Refused, match=sentence):
        new_account(wish, KEY, with_plan(taken), NOW_MS)


def test_an_id_has_fifteen_digits_and_is_not_taken() -> None:
    drawn = chain([0, 0], repeat(899_999_999_999_999))
    taken = {"100000000000000"}
    assert new_id(taken.__contains__, lambda _: next(drawn)) == "999999999999999"


def test_a_fictional_number_belongs_to_nobody() -> None:
    drawn = iter([7, 42])
    assert new_fictional_number({"15550000007"}.__contains__, lambda _: next(drawn)) == "15550000042"


def test_a_new_token_is_counted_on_and_hashed() -> None:
    token = new_token(tokens(good=2), NOW_MS, bytes)
    assert token.text == "PT" + "A" * 43
    assert token.setting.token_id == "t3"
    assert token.setting.sha256 == sha256(token.text.encode()).digest()
    assert token.setting.created_at_ms == NOW_MS


def test_no_account_has_more_good_tokens_than_the_limit() -> None:
    assert new_token(tokens(good=TOKENS_MAX - 1, revoked=5), NOW_MS).setting.token_id == f"t{TOKENS_MAX + 5}"
    with pytest.raises(Refused, match="revoke one first"):
        new_token(tokens(good=TOKENS_MAX), NOW_MS)


def test_old_revoked_tokens_make_room() -> None:
    existing = tokens(good=TOKENS_MAX - 2, revoked=4)
    kept = with_token(existing, new_token(existing, NOW_MS).setting)
    assert len(kept) == TOKENS_MAX
    assert [each.token_id for each in kept if each.revoked_at_ms] == ["t4"]


def test_a_token_is_revoked_once() -> None:
    existing = tokens(good=2)
    revoke("t2", existing, NOW_MS)
    revoke("t2", existing, NOW_MS + 1)
    assert [each.revoked_at_ms for each in existing] == [0, NOW_MS]
    with pytest.raises(Refused, match="no token t9"):
        revoke("t9", existing, NOW_MS)
