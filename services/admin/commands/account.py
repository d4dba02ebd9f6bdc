"""`parley account`: accounts, their tokens and where their webhooks go."""

from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from parley.settings.v1 import settings_pb2
from services.admin.access_tokens import new_token, revoke, with_token
from services.admin.account_listing import Json, listed_accounts
from services.admin.account_view import account_object, account_row, token_object
from services.admin.arguments import AccountId, business_number
from services.admin.errors import Refused
from services.admin.instance import open_instance
from services.admin.kept_tokens import KeptToken
from services.admin.lookups import account_of, business_of, plan_of
from services.admin.new_account import AccountWish, new_account
from services.admin.output import AsJson, print_object, print_objects
from services.admin.settings_snapshot import SettingsSnapshot, read_settings
from services.admin.settings_writer import SettingsWriter
from services.runtime.clock import wall_clock_ms

Setting = settings_pb2.SettingChanged
DAY_SECONDS = 86_400

DEFAULTS = AccountWish()

app = typer.Typer(help="Accounts, their tokens and where their webhooks go.", no_args_is_help=True)

Name = Annotated[str, typer.Option(help="Name that customers see.")]
Plan = Annotated[str, typer.Option(help="Price plan, one of `parley plan show`.")]


@app.command()
def create(
    name: Name = DEFAULTS.name,
    business: Annotated[
        str, typer.Option(help="An existing business that shall own it; else a new one.")
    ] = "",
    currency: Annotated[str, typer.Option(help="Currency of a new business, ISO 4217.")] = DEFAULTS.currency,
    time_zone: Annotated[
        str, typer.Option(help="Time zone of a new business's months.")
    ] = DEFAULTS.time_zone,
    plan: Plan = DEFAULTS.plan,
    number: Annotated[
        str, typer.Option(callback=business_number, help="Its phone number; else a fictional one.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Make an account with a number, a token and two starter templates.

    Token and secrets are shown this once: settings keep them hashed or sealed. Where the instance of
    `make up` is the one that is changed, `.run/parley.json` lists them too.
    """
    instance = open_instance()
    key = instance.platform_key
    wish = AccountWish(name, business, currency, _time_zone(time_zone), plan, number)
    listed: list[Json] = []

    def changes(settings: SettingsSnapshot) -> list[Setting]:
        made = new_account(wish, key, settings, wall_clock_ms())
        listed[:] = listed_accounts([made.kept_token], settings.with_changes(made.settings), key)
        if instance.kept_tokens:
            instance.kept_tokens.keep(made.kept_token)
        return made.settings

    SettingsWriter(instance.connection, instance.topic_prefix, wall_clock_ms).change(changes)
    print_object(listed[0], as_json)


@app.command()
def show(
    account: Annotated[
        str, typer.Argument(metavar="[ACCOUNT]", help="One account; all where none is given.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Show an account, or list all."""
    instance = open_instance()
    settings = read_settings(instance.connection, instance.topic_prefix)
    if account:
        print_object(account_object(account_of(settings, account), settings), as_json)
        return
    print_objects(
        (
            (account_object if as_json else account_row)(setting.account, settings)
            for setting in settings.all("account")
        ),
        as_json,
        ("account_id", "business_id", "name", "numbers", "plan", "webhook_url"),
        "There is no account: `parley account create` makes one.",
    )


@app.command()
def token(
    account: AccountId,
    revoke_id: Annotated[
        str, typer.Option("--revoke", metavar="ID", help="Revoke the token with this id, such as t1.")
    ] = "",
    list_only: Annotated[bool, typer.Option("--list", help="List the tokens instead of making one.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a further access token; or revoke one, or list them.

    A new token is shown this once. A revoked one is refused as soon as ingress has read the change.
    """
    instance = open_instance()
    text = ""

    def changes(settings: SettingsSnapshot) -> list[Setting]:
        nonlocal text
        changed = account_of(settings, account)
        now_ms = wall_clock_ms()
        if revoke_id:
            revoke(revoke_id, changed.access_tokens, now_ms)
        else:
            made = new_token(changed.access_tokens, now_ms)
            text = made.text
            if instance.kept_tokens:
                instance.kept_tokens.keep(KeptToken(account, text))
            kept = with_token(changed.access_tokens, made.setting)
            del changed.access_tokens[:]
            changed.access_tokens.extend(kept)
        return [Setting(key=f"account/{account}", account=changed)]

    if list_only:
        known = account_of(read_settings(instance.connection, instance.topic_prefix), account)
        print_objects(
            [token_object(each) for each in known.access_tokens],
            as_json,
            ("token_id", "created_at", "revoked_at"),
            "The account has no token: `parley account token ACCOUNT` makes one.",
        )
        return
    (written,) = SettingsWriter(instance.connection, instance.topic_prefix, wall_clock_ms).change(changes)
    tokens = written.account.access_tokens
    changed_token = next(each for each in tokens if each.token_id == (revoke_id or tokens[-1].token_id))
    answer: dict[str, Any] = {"account_id": account, **token_object(changed_token)}
    print_object(answer | ({"access_token": text} if text else {}), as_json)


@app.command("set")
def set_(
    account: AccountId,
    name: Annotated[str | None, typer.Option(help="Name that customers see.")] = None,
    closing_soon_seconds: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=DAY_SECONDS,
            help="How long before its end a window is told to close soon; a longer time than before holds "
            "from the customer's next message on.",
        ),
    ] = None,
    plan: Annotated[
        str | None, typer.Option(help="Price plan of the business that owns the account.")
    ] = None,
    time_zone: Annotated[str | None, typer.Option(help="Time zone of that business's months.")] = None,
    as_json: AsJson = False,
) -> None:
    """Change an account, or the business that owns it. What is not named stays."""
    if name is None and closing_soon_seconds is None and plan is None and time_zone is None:
        raise typer.BadParameter("name at least one thing to change")
    zone = None if time_zone is None else _time_zone(time_zone)
    instance = open_instance()

    def changes(settings: SettingsSnapshot) -> list[Setting]:
        changed = account_of(settings, account)
        changed.name = changed.name if name is None else name
        changed.closing_soon_seconds = closing_soon_seconds or changed.closing_soon_seconds
        made = [Setting(key=f"account/{account}", account=changed)]
        if plan is not None or zone is not None:
            business = business_of(settings, changed.business_id)
            business.plan = _plan_for(business, plan, settings) if plan is not None else business.plan
            business.time_zone = business.time_zone if zone is None else zone
            made.append(Setting(key=f"business/{business.business_id}", business=business))
        return made

    SettingsWriter(instance.connection, instance.topic_prefix, wall_clock_ms).change(changes)
    settings = read_settings(instance.connection, instance.topic_prefix)
    print_object(account_object(account_of(settings, account), settings), as_json)


@app.command()
def webhook(
    account: AccountId,
    url: Annotated[str, typer.Argument(metavar="URL", help="Where webhooks go.")],
    as_json: AsJson = False,
) -> None:
    """Send the account's webhooks to URL, once it has answered the challenge.

    Parley sends a GET with hub.mode, hub.challenge and hub.verify_token, and wants the challenge back. Where
    that fails, webhooks go on to where they went before.
    """
    from services.admin.webhook_url import prove  # noqa: PLC0415 - brings an event loop along

    instance = open_instance()
    known = account_of(read_settings(instance.connection, instance.topic_prefix), account)
    prove(instance, known, url)

    def changes(settings: SettingsSnapshot) -> list[Setting]:
        changed = account_of(settings, account)
        changed.webhook_url = url
        return [Setting(key=f"account/{account}", account=changed)]

    SettingsWriter(instance.connection, instance.topic_prefix, wall_clock_ms).change(changes)
    print_object({"account_id": account, "webhook_url": url}, as_json)


def _plan_for(business: settings_pb2.Business, name: str, settings: SettingsSnapshot) -> str:
    plan = plan_of(settings, name).price_plan
    if plan.currency != business.currency:
        raise Refused(f"The plan {name} is in {plan.currency}, and the business in {business.currency}.")
    return name


def _time_zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise typer.BadParameter(f"{name} is no time zone such as Europe/Berlin") from None
