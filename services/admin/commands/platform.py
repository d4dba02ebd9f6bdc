"""`parley platform`: limits of the whole platform that stages apply."""

from typing import Annotated, Any

import typer

from parley.settings.v1 import settings_pb2
from services.admin.instance import open_instance
from services.admin.output import AsJson, print_object
from services.admin.settings_snapshot import SettingsSnapshot, read_settings
from services.admin.settings_writer import SettingsWriter
from services.runtime.clock import wall_clock_ms

KEY = "platform"
HOURS_MAX = 24 * 90

app = typer.Typer(help="Limits of the whole platform.", no_args_is_help=True)

Burst = Annotated[int | None, typer.Option(min=1, max=100_000, help="Messages to one customer at once.")]
Interval = Annotated[
    int | None, typer.Option(min=1, max=3_600, help="Seconds that each takes of that budget.")
]
Delivered = Annotated[
    int | None, typer.Option(min=1, max=HOURS_MAX, help="Hours that a delivered message is remembered.")
]
Ended = Annotated[
    int | None,
    typer.Option(min=1, max=HOURS_MAX, help="Hours that a read, failed or expired one is remembered."),
]


@app.command()
def show(as_json: AsJson = False) -> None:
    """Show the limits; what was never set is absent, and the stages' defaults hold."""
    instance = open_instance()
    known = read_settings(instance.connection, instance.topic_prefix).get(KEY)
    print_object(_object(known.platform if known else settings_pb2.Platform()), as_json)


@app.command("set")
def set_(
    pair_burst: Burst = None,
    pair_interval_seconds: Interval = None,
    delivered_retention_hours: Delivered = None,
    ended_retention_hours: Ended = None,
    as_json: AsJson = False,
) -> None:
    """Change limits; they hold for what is accepted from now on. What is not named stays."""
    wanted = {
        "pair_burst": pair_burst,
        "pair_interval_seconds": pair_interval_seconds,
        "delivered_retention_hours": delivered_retention_hours,
        "ended_retention_hours": ended_retention_hours,
    }
    if all(value is None for value in wanted.values()):
        raise typer.BadParameter("name at least one thing to change")
    instance = open_instance()

    def changes(settings: SettingsSnapshot) -> list[settings_pb2.SettingChanged]:
        changed = settings_pb2.Platform()
        if known := settings.get(KEY):
            changed.CopyFrom(known.platform)
        for name, value in wanted.items():
            if value is not None:
                setattr(changed, name, value)
        return [settings_pb2.SettingChanged(key=KEY, platform=changed)]

    (written,) = SettingsWriter(instance.connection, instance.topic_prefix, wall_clock_ms).change(changes)
    print_object(_object(written.platform), as_json)


def _object(platform: settings_pb2.Platform) -> dict[str, Any]:
    return {
        "pair_burst": platform.pair_burst or None,
        "pair_interval_seconds": platform.pair_interval_seconds or None,
        "delivered_retention_hours": platform.delivered_retention_hours or None,
        "ended_retention_hours": platform.ended_retention_hours or None,
    }
