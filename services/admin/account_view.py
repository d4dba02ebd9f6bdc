"""An account as programs and people read it; no secret is in it."""

from typing import Any

from parley.settings.v1 import settings_pb2
from services.admin.lookups import business_of, numbers_of
from services.admin.settings_snapshot import SettingsSnapshot
from services.contracts.instants import rfc3339

Json = dict[str, Any]


def account_object(account: settings_pb2.Account, settings: SettingsSnapshot) -> Json:
    """Everything that settings say of an account and its business."""
    business = business_of(settings, account.business_id)
    return {
        "business_id": account.business_id,
        "account_id": account.account_id,
        "name": account.name,
        "plan": business.plan,
        "currency": business.currency,
        "time_zone": business.time_zone,
        "webhook_url": account.webhook_url or None,
        "closing_soon_seconds": account.closing_soon_seconds,
        "numbers": [number_object(number) for number in numbers_of(settings, account.account_id)],
        "tokens": [token_object(token) for token in account.access_tokens],
    }


def account_row(account: settings_pb2.Account, settings: SettingsSnapshot) -> Json:
    """The same for a line of a list: numbers as such."""
    numbers = [number.display_phone_number for number in numbers_of(settings, account.account_id)]
    return account_object(account, settings) | {"numbers": numbers}


def number_object(number: settings_pb2.PhoneNumber) -> Json:
    """A number that a business writes from."""
    return {
        "phone_number_id": number.phone_number_id,
        "display_phone_number": number.display_phone_number,
        "verified_name": number.verified_name,
        "rate_per_second": number.rate_per_second or None,
    }


def token_object(token: settings_pb2.AccessToken) -> Json:
    """A token by its public name; the token itself is nowhere kept."""
    return {
        "token_id": token.token_id,
        "created_at": rfc3339(token.created_at_ms),
        "revoked_at": rfc3339(token.revoked_at_ms) if token.revoked_at_ms else None,
    }
