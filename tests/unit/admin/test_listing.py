"""What `.run/parley.json` lists follows the settings; only token texts are kept beside it."""

from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pytest

from parley.plan.v1 import plan_pb2
from parley.settings.v1 import settings_pb2
from services.admin.access_tokens import new_token, revoke
from services.admin.account_listing import listed_accounts, worth_keeping
from services.admin.kept_tokens import KeptToken, KeptTokens
from services.admin.new_account import AccountWish, NewAccount, new_account, new_number
from services.admin.settings_snapshot import SettingsSnapshot
from services.admin.templates import template_from, template_key
from services.identity.platform_key import NotSealedHere, PlatformKey

NOW_MS = 1_542_852_000_000
KEY = PlatformKey(bytes(32))
Setting = settings_pb2.SettingChanged
PLAN = Setting(
    key="price-plan/launch-2018", version=1, price_plan=plan_pb2.PricePlan(name="launch-2018", currency="USD")
)
WRITERS = 4
START_SECONDS_MAX = 60.0
TOKENS_EACH = 25


@pytest.fixture
def made() -> NewAccount:
    return new_account(AccountWish(), KEY, SettingsSnapshot([PLAN]), NOW_MS)


@pytest.fixture
def settings(made: NewAccount) -> SettingsSnapshot:
    return SettingsSnapshot([PLAN]).with_changes(made.settings)


def listed(kept: list[KeptToken], settings: SettingsSnapshot) -> dict[str, Any]:
    (account,) = listed_accounts(kept, settings, KEY)
    return account


def account_setting(account: settings_pb2.Account) -> Setting:
    return Setting(key=f"account/{account.account_id}", account=account)


def test_what_settings_say_is_listed(made: NewAccount, settings: SettingsSnapshot) -> None:
    made.account.webhook_url = "http://127.0.0.1:9/hook"
    made.business.plan = "per-message-2025"
    body = {
        "name": "flash_sale",
        "language": "pt_BR",
        "category": "MARKETING",
        "components": [{"type": "BODY", "text": "Só hoje"}],
    }
    template = template_from(body, made.account.account_id, "7")
    changed = settings.with_changes(
        [
            account_setting(made.account),
            Setting(key=f"business/{made.business.business_id}", business=made.business),
            Setting(key=template_key(template), template=template),
        ]
    )
    account = listed([made.kept_token], changed)
    assert (account["webhook_url"], account["plan"]) == ("http://127.0.0.1:9/hook", "per-message-2025")
    assert (account["app_secret"], account["verify_token"]) == (made.app_secret, made.verify_token)
    assert {"name": "flash_sale", "language": "pt_BR", "category": "MARKETING", "parameters": 0} in account[
        "templates"
    ]


def test_a_token_that_was_revoked_gives_way_to_the_next_good_one(
    made: NewAccount, settings: SettingsSnapshot
) -> None:
    second = new_token(made.account.access_tokens, NOW_MS)
    made.account.access_tokens.append(second.setting)
    kept = [made.kept_token, KeptToken(made.account.account_id, second.text)]
    assert listed(kept, settings.with_changes([account_setting(made.account)]))["access_token"] == (
        made.access_token
    )
    revoke("t1", made.account.access_tokens, NOW_MS)
    assert listed(kept, settings.with_changes([account_setting(made.account)]))["access_token"] == second.text
    revoke("t2", made.account.access_tokens, NOW_MS)
    none_good = settings.with_changes([account_setting(made.account)])
    assert listed(kept, none_good)["access_token"] is None
    assert worth_keeping(kept, none_good) == [made.kept_token]


def test_the_number_an_account_was_made_with_stays_and_further_ones_follow(
    made: NewAccount, settings: SettingsSnapshot
) -> None:
    more = [new_number(made.account, "", "Air Example", settings) for _ in range(3)]
    further = [Setting(key=f"phone-number/{each.phone_number_id}", phone_number=each) for each in more]
    account = listed([made.kept_token], settings.with_changes(further))
    assert account["phone_number_id"] == made.number.phone_number_id
    assert {each["phone_number_id"] for each in account["phone_numbers"]} == {
        made.number.phone_number_id,
        *(each.phone_number_id for each in more),
    }


def test_an_account_that_settings_do_not_know_is_not_listed(made: NewAccount) -> None:
    kept = [made.kept_token]
    assert listed_accounts(kept, SettingsSnapshot([PLAN]), KEY) == []
    assert worth_keeping(kept, SettingsSnapshot([PLAN])) == []


def test_another_platforms_key_opens_no_secret(made: NewAccount, settings: SettingsSnapshot) -> None:
    with pytest.raises(NotSealedHere):
        listed_accounts([made.kept_token], settings, PlatformKey(bytes(31) + b"1"))


def keep_some(file: Path, writer: int, all_are_there: Barrier) -> None:
    all_are_there.wait(START_SECONDS_MAX)
    for number in range(TOKENS_EACH):
        KeptTokens(file).keep(KeptToken(str(writer), f"PT{number}"))


def test_writers_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    file = tmp_path / "accounts.json"
    # A fork would take along what other tests have left in this process, such as clients of Kafka.
    context = get_context("spawn")
    all_are_there = context.Barrier(WRITERS)
    writers = [
        context.Process(target=keep_some, args=(file, writer, all_are_there)) for writer in range(WRITERS)
    ]
    for process in writers:
        process.start()
    for process in writers:
        process.join()
    kept = KeptTokens(file).read()
    for writer in range(WRITERS):
        texts = [token.access_token for token in kept if token.account_id == str(writer)]
        assert texts == [f"PT{number}" for number in range(TOKENS_EACH)]
