"""Accounts as `.run/parley.json` lists them, secrets included."""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any

from parley.settings.v1 import settings_pb2
from services.admin.kept_tokens import KeptToken
from services.admin.lookups import business_of, numbers_of
from services.admin.settings_snapshot import SettingsSnapshot
from services.admin.templates import CATEGORY_NAMES
from services.contracts.setting_routes import SETTING_PURPOSE
from services.identity.platform_key import PlatformKey

Json = dict[str, Any]


def listed_accounts(kept: Sequence[KeptToken], settings: SettingsSnapshot, key: PlatformKey) -> list[Json]:
    """The accounts of which a token was kept here, in that order, as they are in force by ``settings``.

    An account that settings do not know is left out. Raises ``NotSealedHere`` for another platform's key.
    """
    listed = []
    for account_id in dict.fromkeys(token.account_id for token in kept):
        setting = settings.get(f"account/{account_id}")
        if setting is not None:
            of_account = [token for token in kept if token.account_id == account_id]
            listed.append(_listed(setting.account, of_account, settings, key))
    return listed


def worth_keeping(kept: Sequence[KeptToken], settings: SettingsSnapshot) -> list[KeptToken]:
    """Tokens of accounts that settings know; of the revoked ones only that which an account was made with."""
    worth = []
    for token in kept:
        setting = settings.get(f"account/{token.account_id}")
        if setting is not None and (token.phone_number_id or _is_good(token.access_token, setting.account)):
            worth.append(token)
    return worth


def _listed(
    account: settings_pb2.Account,
    kept: Sequence[KeptToken],
    settings: SettingsSnapshot,
    key: PlatformKey,
) -> Json:
    business = business_of(settings, account.business_id)
    numbers = {each.phone_number_id: each for each in numbers_of(settings, account.account_id)}
    made_with = (numbers[token.phone_number_id] for token in kept if token.phone_number_id in numbers)
    number = next(made_with, None) or next(iter(numbers.values()), settings_pb2.PhoneNumber())
    good = (token.access_token for token in kept if _is_good(token.access_token, account))
    return {
        "business_id": account.business_id,
        "account_id": account.account_id,
        "phone_number_id": number.phone_number_id,
        "display_phone_number": number.display_phone_number,
        "access_token": next(good, None),
        "app_secret": key.open(SETTING_PURPOSE, account.app_secret_sealed).decode(),
        "verify_token": key.open(SETTING_PURPOSE, account.verify_token_sealed).decode(),
        "plan": business.plan,
        "currency": business.currency,
        "webhook_url": account.webhook_url or None,
        "templates": _templates(each.template for each in settings.all(f"template/{account.account_id}")),
        "phone_numbers": [
            {"phone_number_id": each.phone_number_id, "display_phone_number": each.display_phone_number}
            for each in numbers.values()
        ],
    }


def _is_good(token: str, account: settings_pb2.Account) -> bool:
    digest = sha256(token.encode()).digest()
    return any(each.sha256 == digest and not each.revoked_at_ms for each in account.access_tokens)


def _templates(templates: Iterable[settings_pb2.Template]) -> list[Json]:
    return [
        {
            "name": template.name,
            "language": template.language,
            "category": CATEGORY_NAMES[template.category],
            "parameters": sum(wanted.count for wanted in template.parameters),
        }
        for template in templates
    ]
