"""`parley template`: the message templates of an account."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from parley.settings.v1 import settings_pb2
from services.admin.arguments import AccountId
from services.admin.identifiers import new_id
from services.admin.instance import open_instance
from services.admin.lookups import account_of
from services.admin.output import AsJson, print_object, print_objects
from services.admin.settings_snapshot import SettingsSnapshot, read_settings
from services.admin.settings_writer import SettingsWriter
from services.admin.templates import CATEGORY_NAMES, read_create_call, template_from, template_key
from services.runtime.clock import wall_clock_ms

Setting = settings_pb2.SettingChanged

app = typer.Typer(help="Message templates of an account.", no_args_is_help=True)


@app.command()
def add(
    account: AccountId,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="JSON: the body of the Cloud API's create call.")
    ],
    as_json: AsJson = False,
) -> None:
    """Add a template, approved at once; one of the same name and language is replaced.

    FILE has name, language, category (UTILITY, MARKETING or AUTHENTICATION), components, and may have
    parameter_format and message_send_ttl_seconds.
    """
    body = read_create_call(file)
    template_from(body, account, "")  # refuse what cannot be before anything is asked of Kafka
    instance = open_instance()

    def changes(settings: SettingsSnapshot) -> list[Setting]:
        account_of(settings, account)
        taken = {each.template.template_id for each in settings.all("template")}
        template = template_from(body, account, new_id(taken.__contains__))
        if known := settings.get(template_key(template)):
            template.template_id = known.template.template_id
        return [Setting(key=template_key(template), template=template)]

    (written,) = SettingsWriter(instance.connection, instance.topic_prefix, wall_clock_ms).change(changes)
    print_object(_template_object(written.template), as_json)


@app.command("list")
def list_(account: AccountId, as_json: AsJson = False) -> None:
    """List an account's templates."""
    instance = open_instance()
    settings = read_settings(instance.connection, instance.topic_prefix)
    account_of(settings, account)
    print_objects(
        [_template_object(each.template) for each in settings.all(f"template/{account}")],
        as_json,
        ("template_id", "name", "language", "category", "parameters", "status", "message_send_ttl_seconds"),
        "The account has no template: `parley template add` makes one.",
    )


def _template_object(template: settings_pb2.Template) -> Mapping[str, Any]:
    return {
        "template_id": template.template_id,
        "name": template.name,
        "language": template.language,
        "category": CATEGORY_NAMES[template.category],
        "parameters": sum(wanted.count for wanted in template.parameters),
        "parameter_format": template.parameter_format,
        "status": template.status,
        "message_send_ttl_seconds": template.message_send_ttl_seconds or None,
    }
