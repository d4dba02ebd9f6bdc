"""`parley number`: the phone numbers that businesses write from."""

from typing import Annotated

import typer

from parley.settings.v1 import settings_pb2
from services.admin.account_view import number_object
from services.admin.arguments import AccountId, business_number
from services.admin.instance import open_instance
from services.admin.lookups import account_of, number_of
from services.admin.new_account import new_number
from services.admin.output import AsJson, print_object
from services.admin.settings_snapshot import SettingsSnapshot
from services.admin.settings_writer import MakeChanges, SettingsWriter
from services.runtime.clock import wall_clock_ms

Setting = settings_pb2.SettingChanged
RATE_MAX = 100_000

app = typer.Typer(help="Phone numbers that businesses write from.", no_args_is_help=True)

Rate = Annotated[
    int | None, typer.Option(min=0, max=RATE_MAX, help="Messages a second; 0 takes the platform's.")
]


@app.command()
def add(
    account: AccountId,
    number: Annotated[
        str,
        typer.Argument(
            metavar="[NUMBER]", callback=business_number, help="The number; else a fictional one."
        ),
    ] = "",
    name: Annotated[str, typer.Option(help="Name that customers see; else the account's.")] = "",
    rate: Rate = None,
    as_json: AsJson = False,
) -> None:
    """Give an account a further number."""

    def changes(settings: SettingsSnapshot) -> list[Setting]:
        owner = account_of(settings, account)
        made = new_number(owner, number, name or owner.name, settings)
        made.rate_per_second = rate or 0
        return [_setting(made)]

    _write(changes, as_json)


@app.command("set")
def set_(
    phone_number_id: Annotated[str, typer.Argument(metavar="PHONE_NUMBER_ID", help="The number's id.")],
    name: Annotated[str | None, typer.Option(help="Name that customers see.")] = None,
    rate: Rate = None,
    as_json: AsJson = False,
) -> None:
    """Change a number. What is not named stays."""
    if name is None and rate is None:
        raise typer.BadParameter("name at least one thing to change")

    def changes(settings: SettingsSnapshot) -> list[Setting]:
        changed = number_of(settings, phone_number_id)
        changed.verified_name = changed.verified_name if name is None else name
        changed.rate_per_second = changed.rate_per_second if rate is None else rate
        return [_setting(changed)]

    _write(changes, as_json)


def _setting(number: settings_pb2.PhoneNumber) -> Setting:
    return Setting(key=f"phone-number/{number.phone_number_id}", phone_number=number)


def _write(changes: MakeChanges, as_json: bool) -> None:
    instance = open_instance()
    (written,) = SettingsWriter(instance.connection, instance.topic_prefix, wall_clock_ms).change(changes)
    number = written.phone_number
    print_object({"account_id": number.account_id, **number_object(number)}, as_json)
