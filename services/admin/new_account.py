"""A new business with its account, its number, its secrets and the templates that each begins with."""

from dataclasses import dataclass
from secrets import token_hex

from parley.settings.v1 import settings_pb2
from services.admin.access_tokens import new_token
from services.admin.errors import Refused
from services.admin.identifiers import new_fictional_number, new_id
from services.admin.kept_tokens import KeptToken
from services.admin.settings_snapshot import SettingsSnapshot
from services.admin.templates import starter_calls, template_from, template_key
from services.contracts.setting_routes import SETTING_PURPOSE
from services.identity.platform_key import PlatformKey

SECRET_BYTES = 16
CLOSING_SOON_SECONDS = 7_200

Setting = settings_pb2.SettingChanged


@dataclass(frozen=True, slots=True)
class AccountWish:
    """What somebody who asks for an account may choose; empty means: choose for me."""

    name: str = "Air Example"
    business_id: str = ""
    """An existing business that the account shall belong to."""
    currency: str = "USD"
    time_zone: str = "UTC"
    plan: str = "launch-2018"
    display_phone_number: str = ""


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account just made, with the secrets that are shown this once."""

    business: settings_pb2.Business
    account: settings_pb2.Account
    number: settings_pb2.PhoneNumber
    templates: list[settings_pb2.Template]
    access_token: str
    app_secret: str
    verify_token: str
    settings: list[Setting]
    """What is to be written, all at once."""

    @property
    def kept_token(self) -> KeptToken:
        """The token for those who keep it."""
        return KeptToken(self.account.account_id, self.access_token, self.number.phone_number_id)


def new_account(wish: AccountWish, key: PlatformKey, settings: SettingsSnapshot, now_ms: int) -> NewAccount:
    """Make what was wished for. Raises :class:`Refused` for a business, plan or number that cannot be had."""
    business, is_new = _business(wish, settings)
    account_id = new_id(lambda made: settings.get(f"account/{made}") is not None)
    token = new_token([], now_ms)
    app_secret, verify_token = token_hex(SECRET_BYTES), token_hex(SECRET_BYTES)
    account = settings_pb2.Account(
        account_id=account_id,
        business_id=business.business_id,
        name=wish.name,
        access_tokens=[token.setting],
        app_secret_sealed=key.seal(SETTING_PURPOSE, app_secret.encode()),
        verify_token_sealed=key.seal(SETTING_PURPOSE, verify_token.encode()),
        closing_soon_seconds=CLOSING_SOON_SECONDS,
    )
    number = new_number(account, wish.display_phone_number, wish.name, settings)
    templates = [
        template_from(call, account_id, new_id(lambda made: made in _template_ids(settings)))
        for call in starter_calls()
    ]
    return NewAccount(
        business=business,
        account=account,
        number=number,
        templates=templates,
        access_token=token.text,
        app_secret=app_secret,
        verify_token=verify_token,
        settings=[
            *([Setting(key=f"business/{business.business_id}", business=business)] if is_new else []),
            Setting(key=f"account/{account_id}", account=account),
            Setting(key=f"phone-number/{number.phone_number_id}", phone_number=number),
            *(Setting(key=template_key(template), template=template) for template in templates),
        ],
    )


def new_number(
    account: settings_pb2.Account, display_phone_number: str, name: str, settings: SettingsSnapshot
) -> settings_pb2.PhoneNumber:
    """A number for an account, fictional where none is given. Raises :class:`Refused` when it is taken."""
    taken = {each.phone_number.display_phone_number for each in settings.all("phone-number")}
    if display_phone_number in taken:
        raise Refused(f"{display_phone_number} belongs to an account already: give another number.")
    return settings_pb2.PhoneNumber(
        phone_number_id=new_id(lambda made: settings.get(f"phone-number/{made}") is not None),
        account_id=account.account_id,
        business_id=account.business_id,
        display_phone_number=display_phone_number or new_fictional_number(taken.__contains__),
        verified_name=name,
    )


def _business(wish: AccountWish, settings: SettingsSnapshot) -> tuple[settings_pb2.Business, bool]:
    """The business that owns the account, and whether it is new."""
    if wish.business_id:
        known = settings.get(f"business/{wish.business_id}")
        if known is None:
            raise Refused(f"There is no business {wish.business_id}: `parley account show` lists them.")
        return known.business, False
    plan = settings.get(f"price-plan/{wish.plan}")
    if plan is None:
        raise Refused(f"No price plan {wish.plan} is published: `parley plan publish` makes one known.")
    if plan.price_plan.currency != wish.currency:
        raise Refused(f"The plan {wish.plan} is in {plan.price_plan.currency}, not {wish.currency}.")
    business_id = new_id(lambda made: settings.get(f"business/{made}") is not None)
    business = settings_pb2.Business(
        business_id=business_id, currency=wish.currency, time_zone=wish.time_zone, plan=wish.plan
    )
    return business, True


def _template_ids(settings: SettingsSnapshot) -> set[str]:
    return {each.template.template_id for each in settings.all("template")}
