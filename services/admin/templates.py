"""Message templates, from the body of the Cloud API's create call (`POST /{WABA}/message_templates`)."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from parley.message.v1 import facts_pb2
from parley.settings.v1 import settings_pb2
from services.admin.errors import Refused
from services.admin.template_components import parameters_of

STARTER_TEMPLATES = Path(__file__).parent / "starter_templates"
"""What each new account begins with."""
BODY_BYTES_MAX = 64 * 1024
TTL_SECONDS_MIN = 30
TTL_SECONDS_MAX = 30 * 24 * 3_600
AUTHENTICATION_TTL_SECONDS = 600
"""Authentication templates expire after ten minutes unless they say otherwise (Cloud API)."""
CATEGORIES = {
    "UTILITY": facts_pb2.CATEGORY_UTILITY,
    "MARKETING": facts_pb2.CATEGORY_MARKETING,
    "AUTHENTICATION": facts_pb2.CATEGORY_AUTHENTICATION,
}
CATEGORY_NAMES = {category: name for name, category in CATEGORIES.items()}
FORMATS = ("POSITIONAL", "NAMED")
_NAME = re.compile(r"[a-z0-9_]{1,512}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2,4})?")

Json = Mapping[str, Any]


def template_key(template: settings_pb2.Template) -> str:
    """Key of the template's setting."""
    return f"template/{template.account_id}/{template.name}/{template.language}"


def read_create_call(file: Path) -> Json:
    """The create call in a file. Raises :class:`Refused`."""
    try:
        if file.stat().st_size > BODY_BYTES_MAX:
            raise Refused(f"{file} is larger than {BODY_BYTES_MAX} bytes: shorten the template.")
        body = json.loads(file.read_bytes())
    except OSError as error:
        raise Refused(f"{file} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:
        raise Refused(f"{file} is no JSON: {error}.") from None
    if not isinstance(body, dict):
        raise Refused(f"{file} must be a JSON object: the body of the Cloud API's create call.")
    return body


def template_from(body: Json, account_id: str, template_id: str) -> settings_pb2.Template:
    """The approved template that a create call asks for. Raises :class:`Refused` in one sentence."""
    category = _one_of(body, "category", tuple(CATEGORIES))
    parameter_format = _one_of({"parameter_format": "POSITIONAL", **body}, "parameter_format", FORMATS)
    components = body.get("components")
    return settings_pb2.Template(
        account_id=account_id,
        template_id=template_id,
        name=_matching(body, "name", _NAME, "small letters, digits and underscores, 512 at most"),
        language=_matching(body, "language", _LANGUAGE, "a language code such as en_US"),
        category=CATEGORIES[category],
        components_json=json.dumps(components, ensure_ascii=False, separators=(",", ":")).encode(),
        parameters=parameters_of(components, category, named=parameter_format == "NAMED"),
        message_send_ttl_seconds=_ttl_seconds(body, category),
        status="APPROVED",
        parameter_format=parameter_format,
    )


def starter_calls() -> list[Json]:
    """The create calls of the templates that each new account begins with."""
    return [read_create_call(file) for file in sorted(STARTER_TEMPLATES.glob("*.json"))]


def _ttl_seconds(body: Json, category: str) -> int:
    ttl = body.get("message_send_ttl_seconds")
    if ttl is None:
        return AUTHENTICATION_TTL_SECONDS if category == "AUTHENTICATION" else 0
    if not isinstance(ttl, int) or isinstance(ttl, bool) or not TTL_SECONDS_MIN <= ttl <= TTL_SECONDS_MAX:
        raise Refused(
            f"message_send_ttl_seconds must be a whole number from {TTL_SECONDS_MIN} to {TTL_SECONDS_MAX}."
        )
    return ttl


def _matching(body: Json, field: str, wanted: re.Pattern[str], what: str) -> str:
    value = body.get(field)
    if not isinstance(value, str) or not wanted.fullmatch(value):
        raise Refused(f"{field} must be {what}, not {value!r}.")
    return value


def _one_of(body: Json, field: str, wanted: tuple[str, ...]) -> str:
    value = body.get(field)
    if not isinstance(value, str) or value.upper() not in wanted:
        raise Refused(f"{field} must be one of {', '.join(wanted)}, not {value!r}.")
    return value.upper()
