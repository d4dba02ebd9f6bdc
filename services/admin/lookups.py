"""Find a setting, or refuse with the command that lists what there is."""

from collections.abc import Iterator

from parley.settings.v1 import settings_pb2
from services.admin.errors import Refused
from services.admin.settings_snapshot import SettingsSnapshot


def account_of(settings: SettingsSnapshot, account_id: str) -> settings_pb2.Account:
    """A copy of the account, to be changed at will. Raises :class:`Refused`."""
    known = settings.get(f"account/{account_id}")
    if known is None:
        raise Refused(f"There is no account {account_id}: `parley account show` lists them.")
    return _copy(known).account


def business_of(settings: SettingsSnapshot, business_id: str) -> settings_pb2.Business:
    """A copy of the business. Raises :class:`Refused`."""
    known = settings.get(f"business/{business_id}")
    if known is None:
        raise Refused(f"There is no business {business_id}: `parley account show` lists them.")
    return _copy(known).business


def number_of(settings: SettingsSnapshot, phone_number_id: str) -> settings_pb2.PhoneNumber:
    """A copy of the number with that id. Raises :class:`Refused`."""
    known = settings.get(f"phone-number/{phone_number_id}")
    if known is None:
        raise Refused(
            f"There is no number with id {phone_number_id}: `parley account show ACCOUNT` lists an account's."
        )
    return _copy(known).phone_number


def numbers_of(settings: SettingsSnapshot, account_id: str) -> Iterator[settings_pb2.PhoneNumber]:
    """The account's numbers, by id."""
    for setting in settings.all("phone-number"):
        if setting.phone_number.account_id == account_id:
            yield setting.phone_number


def plan_of(settings: SettingsSnapshot, name: str) -> settings_pb2.SettingChanged:
    """The newest version of a price plan. Raises :class:`Refused`."""
    known = settings.get(f"price-plan/{name}")
    if known is None:
        raise Refused(f"No price plan {name} is published: `parley plan show` lists those that are.")
    return known


def _copy(setting: settings_pb2.SettingChanged) -> settings_pb2.SettingChanged:
    copy = settings_pb2.SettingChanged()
    copy.CopyFrom(setting)
    return copy
