"""Accounts as `.run/parley.json` lists them, secrets included."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any

from parley.settings.v1 import settings_pb2
from services.admin.kept_tokens import KeptToken
from services.admin.lookups import business_of
from services.admin.settings_snapshot import SettingsSnapshot
from services.admin.templates import CATEGORY_NAMES
from services.contracts.setting_routes import SETTING_PURPOSE
from services.identity.platform_key import PlatformKey

Json = dict[str, Any]


def listed_accounts(kept: Sequence[KeptToken], settings: SettingsSnapshot, key: PlatformKey) -> list[Json]:
    """The accounts of which a token was kept here, in that order, as they are in force by ``settings``.

    An account that settings do not know is left out. Raises ``NotSealedHere`` for another platform's key.
    """
    tokens: dict[str, list[KeptToken]] = defaultdict(list)
    for token in kept:
        tokens[token.account_id].append(token)
    numbers: dict[str, list[settings_pb2.PhoneNumber]] = defaultdict(list)
    for each in settings.all("phone-number"):
        numbers[each.phone_number.account_id].append(each.phone_number)
    templates: dict[str, list[settings_pb2.Template]] = defaultdict(list)
    for each in settings.all("template"):
        templates[each.template.account_id].append(each.template)
    return [
        _listed(
            setting.account,
            business_of(settings, setting.account.business_id),
            numbers[account_id],
            templates[account_id],
            of_account,
            key,
        )
        for account_id, of_account in tokens.items()
        if (setting := settings.get(f"account/{account_id}"))
    ]


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
    business: settings_pb2.Business,
    numbers: Sequence[settings_pb2.PhoneNumber],
    templates: Iterable[settings_pb2.Template],
    kept: Sequence[KeptToken],
    key: PlatformKey,
) -> Json:
    made_with = {token.phone_number_id for token in kept}
    # The number that the account was made with, whatever numbers come later.
    number = next((each for each in numbers if each.phone_number_id in made_with), numbers[0])
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
        "templates": [
            {
                "name": each.name,
                "language": each.language,
                "category": CATEGORY_NAMES[each.category],
                "parameters": sum(wanted.count for wanted in each.parameters),
            }
            for each in templates
        ],
        "phone_numbers": [
            {"phone_number_id": each.phone_number_id, "display_phone_number": each.display_phone_number}
            for each in numbers
        ],
    }


def _is_good(token: str, account: settings_pb2.Account) -> bool:
    digest = sha256(token.encode()).digest()
    return any(each.sha256 == digest and not each.revoked_at_ms for each in account.access_tokens)
