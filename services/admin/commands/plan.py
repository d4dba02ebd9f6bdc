"""`parley plan`: price plans, from files to what messages are priced by."""

from pathlib import Path
from typing import Annotated, Any

import typer

from parley.plan.v1 import plan_pb2
from parley.settings.v1 import settings_pb2
from services.admin.errors import Refused
from services.admin.instance import open_instance
from services.admin.lookups import plan_of
from services.admin.output import AsJson, print_object, print_objects
from services.admin.settings_snapshot import SettingsSnapshot, read_settings
from services.admin.settings_writer import SettingsWriter
from services.contracts.instants import rfc3339
from services.rate_and_bill.plan_errors import PlanInvalid
from services.rate_and_bill.plan_file import read_plan
from services.rate_and_bill.publication import NotPublishable, publication
from services.rate_and_bill.words import CATEGORY_WORDS
from services.runtime.clock import wall_clock_ms

Setting = settings_pb2.SettingChanged

app = typer.Typer(help="Price plans.", no_args_is_help=True)

PlanFile = Annotated[
    Path, typer.Argument(metavar="FILE", help="A plan file (TOML), its rate card beside it.")
]


@app.command()
def check(file: PlanFile, as_json: AsJson = False) -> None:
    """Check a plan file and everything that it names, without publishing it."""
    print_object(_summary(_read(file)), as_json)


@app.command()
def publish(file: PlanFile, as_json: AsJson = False) -> None:
    """Publish a plan, or a further version of one; it holds from its effective date.

    A message is priced by the version in force when it was accepted, so a price is changed by a new version
    and never in place. Publishing the same again changes nothing.
    """
    plan = _read(file)
    instance = open_instance()

    def changes(settings: SettingsSnapshot) -> list[Setting]:
        known = settings.get(f"price-plan/{plan.name}")
        try:
            setting = publication(plan, known.price_plan if known else None)
        except NotPublishable as error:
            raise Refused(f"{error}.") from None
        return [] if setting is None else [setting]

    SettingsWriter(instance.connection, instance.topic_prefix, wall_clock_ms).change(changes)
    print_object(_summary(plan), as_json)


@app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="[PLAN]", help="One plan with its rates; else a list.")] = "",
    as_json: AsJson = False,
) -> None:
    """Show the rates of a plan, or list the plans."""
    instance = open_instance()
    settings = read_settings(instance.connection, instance.topic_prefix)
    if not name:
        print_objects(
            [_summary(each.price_plan) for each in settings.all("price-plan")],
            as_json,
            ("name", "version", "effective_from", "currency", "pricing_model", "window_hours", "rates"),
            "No plan is published: `parley plan publish` makes one known.",
        )
        return
    plan = plan_of(settings, name).price_plan
    rates = [_rate(rate, plan.currency) for rate in plan.rates]
    if as_json:
        print_object(_summary(plan) | {"rates": rates}, as_json)
    else:
        print_objects(rates, as_json, ("market", "category", "rate"), "The plan has no rates.")


def _read(file: Path) -> plan_pb2.PricePlan:
    try:
        return read_plan(file)
    except PlanInvalid as error:
        raise Refused(str(error)) from None


def _summary(plan: plan_pb2.PricePlan) -> dict[str, Any]:
    return {
        "name": plan.name,
        "version": plan.version,
        "effective_from": rfc3339(plan.effective_from_ms),
        "currency": plan.currency,
        "pricing_model": plan.pricing_model,
        "window_hours": plan.window_seconds // 3600,
        "late_free_form": plan_pb2.LateFreeForm.Name(plan.late_free_form).rpartition("_")[2].lower(),
        "free_in_window": [CATEGORY_WORDS[category] for category in plan.free_in_window],
        "rates": len(plan.rates),
        "prefixes": len(plan.markets),
    }


def _rate(rate: plan_pb2.Rate, currency: str) -> dict[str, Any]:
    return {
        "market": rate.market,
        "category": CATEGORY_WORDS[rate.category],
        "rate": {"currency": currency, "micros": rate.micros},
    }
