"""What the components of a template want as parameters when it is sent."""

from collections.abc import Iterator, Mapping
from typing import Any

from parley.settings.v1 import settings_pb2
from services.admin.errors import Refused
from services.admin.template_variables import variables_of

BUTTONS_MAX = 10
CHARACTERS_MAX = {"HEADER": 60, "BODY": 1_024, "FOOTER": 60}
HEADER_VARIABLES_MAX = 1
MEDIA_HEADERS = ("IMAGE", "VIDEO", "DOCUMENT", "LOCATION")
BUTTONS_THAT_WANT_ONE = ("COPY_CODE", "OTP")
"""Buttons whose one parameter is not a variable in a text."""

Json = Mapping[str, Any]
Parameters = settings_pb2.ComponentParameters


def parameters_of(components: object, category: str, *, named: bool) -> list[Parameters]:
    """Parameters that each component wants, components without any left out.

    Raises :class:`Refused` where the components are not what the Cloud API's create call takes.
    """
    by_type = _by_type(components)
    if "BODY" not in by_type:
        raise Refused("components must contain a BODY: it is the message.")
    wanted = [
        *_of_header(by_type.get("HEADER"), named=named),
        *_of_body(by_type["BODY"], category, named=named),
        *_of_buttons(by_type.get("BUTTONS")),
    ]
    if footer := by_type.get("FOOTER"):
        _text(footer, "FOOTER")
    return [parameters for parameters in wanted if parameters.count]


def _by_type(components: object) -> dict[str, Json]:
    if not isinstance(components, list):
        raise Refused("components must be a list of HEADER, BODY, FOOTER and BUTTONS.")
    found: dict[str, Json] = {}
    for component in components:
        kind = component.get("type") if isinstance(component, dict) else None
        kind = kind.upper() if isinstance(kind, str) else kind
        if kind not in ("HEADER", "BODY", "FOOTER", "BUTTONS"):
            raise Refused(f"components: {kind!r} is none of HEADER, BODY, FOOTER, BUTTONS.")
        if kind in found:
            raise Refused(f"components: {kind} stands there twice.")
        found[kind] = component
    return found


def _of_header(header: Json | None, *, named: bool) -> Iterator[Parameters]:
    if header is None:
        return
    form = str(header.get("format", "TEXT")).upper()
    if form in MEDIA_HEADERS:
        yield Parameters(component="header", count=1)
        return
    if form != "TEXT":
        raise Refused(f"HEADER: format must be TEXT, {', '.join(MEDIA_HEADERS)}, not {form}.")
    names = variables_of(_text(header, "HEADER"), "HEADER", named=named)
    if len(names) > HEADER_VARIABLES_MAX:
        raise Refused("HEADER: one parameter at most.")
    yield Parameters(component="header", count=len(names), names=names if named else [])


def _of_body(body: Json, category: str, *, named: bool) -> Iterator[Parameters]:
    if category == "AUTHENTICATION" and "text" not in body:
        # The Cloud API writes the text of these itself; what is filled in is the code.
        yield Parameters(component="body", count=1)
        return
    names = variables_of(_text(body, "BODY"), "BODY", named=named)
    yield Parameters(component="body", count=len(names), names=names if named else [])


def _of_buttons(buttons: Json | None) -> Iterator[Parameters]:
    if buttons is None:
        return
    listed = buttons.get("buttons")
    if not isinstance(listed, list) or not 0 < len(listed) <= BUTTONS_MAX:
        raise Refused(f"BUTTONS: buttons must be a list of 1 to {BUTTONS_MAX}.")
    for index, button in enumerate(listed):
        if not isinstance(button, dict) or not isinstance(button.get("type"), str):
            raise Refused(f"BUTTONS: button {index} must be an object with a type.")
        count = 1 if button["type"].upper() in BUTTONS_THAT_WANT_ONE else 0
        if button["type"].upper() == "URL":
            count = len(variables_of(str(button.get("url", "")), f"BUTTONS: button {index}", named=False))
        yield Parameters(component="button", count=count, index=index)


def _text(component: Json, kind: str) -> str:
    text = component.get("text")
    if not isinstance(text, str) or not 0 < len(text) <= CHARACTERS_MAX[kind]:
        raise Refused(f"{kind}: text must have 1 to {CHARACTERS_MAX[kind]} characters.")
    return text
