"""The ``template`` member of a request: its parameters one by one, then against the template."""

from typing import Any

from services.ingress.errors import ApiError, invalid_parameter, missing_parameter, value_not_valid
from services.ingress.fields import Members, array, mapping, string
from services.ingress.limits import (
    TEMPLATE_COMPONENTS_MAX,
    TEMPLATE_NAME_CHARACTERS_MAX,
    TEMPLATE_PARAMETER_CHARACTERS_MAX,
)
from services.ingress.template_shape import Place
from services.ingress.templates import ApprovedTemplate, TemplateIndex

_COMPONENTS = frozenset({"header", "body", "footer", "button"})
_BUTTON_INDEXES = frozenset(map(str, range(TEMPLATE_COMPONENTS_MAX)))
_TEXT_VALUES = frozenset({"text", "payload", "coupon_code"})
_FALLBACK_VALUES = frozenset({"currency", "date_time"})
_MEDIA_VALUES = frozenset({"image", "video", "document"})


def read_template(
    request: Members, account_id: str, templates: TemplateIndex
) -> tuple[Members, ApprovedTemplate]:
    """The message's content, tidied, and the template that it is made from. Raises ``ApiError``."""
    template = mapping(request, "template", "template")
    if template is None:
        raise missing_parameter("template is missing: a message of type template needs it.")
    name = string(template, "name", "template.name")
    language = mapping(template, "language", "template.language")
    code = string(language, "code", "template.language.code") if language is not None else None
    if not name or not code:
        lacking = "template.language.code" if name else "template.name"
        raise missing_parameter(f"{lacking} is missing.")
    if len(name) > TEMPLATE_NAME_CHARACTERS_MAX:
        raise value_not_valid(f"template.name has more than {TEMPLATE_NAME_CHARACTERS_MAX} characters.")
    approved = templates.find(account_id, name, code)
    components = _components(template)
    given: dict[Place, list[Members]] = {}
    for component in components:
        place = (component["type"], int(component.get("index", 0)))
        if place in given:
            raise ApiError(400, 132012, f"The component {component['type']} was given twice.")
        given[place] = component["parameters"]
    approved.shape.check(given)
    content = {"name": name, "language": {"code": code}, "components": components}
    return {"type": "template", "template": content}, approved


def _components(template: Members) -> list[Members]:
    components = array(template, "components", "template.components") or []
    if len(components) > TEMPLATE_COMPONENTS_MAX:
        raise value_not_valid(f"template.components has more than {TEMPLATE_COMPONENTS_MAX} entries.")
    return [_component(each, f"template.components[{position}]") for position, each in enumerate(components)]


def _component(component: Any, where: str) -> Members:
    if not isinstance(component, dict):
        raise invalid_parameter(f"{where} must be an object.")
    kind = (string(component, "type", f"{where}.type") or "").lower()
    if not kind:
        raise missing_parameter(f"{where}.type is missing.")
    if kind not in _COMPONENTS:
        raise ApiError(400, 132012, f"{where}.type must be one of {sorted(_COMPONENTS)}.")
    tidy: Members = {"type": kind}
    if kind == "button":
        tidy["sub_type"] = (string(component, "sub_type", f"{where}.sub_type") or "").lower()
        tidy["index"] = _button_index(component, f"{where}.index")
    parameters = array(component, "parameters", f"{where}.parameters") or []
    tidy["parameters"] = [
        _parameter(each, f"{where}.parameters[{position}]") for position, each in enumerate(parameters)
    ]
    return tidy


def _button_index(component: Members, where: str) -> str:
    index = component.get("index")
    if index is None:
        raise missing_parameter(f"{where} is missing: it is the button's position, from 0.")
    if isinstance(index, bool) or not isinstance(index, int | str):
        raise invalid_parameter(f"{where} must be a string or a number.")
    if str(index) not in _BUTTON_INDEXES:
        raise value_not_valid(f"{where} must be a button's position, from 0.")
    return str(index)


def _parameter(parameter: Any, where: str) -> Members:
    if not isinstance(parameter, dict):
        raise invalid_parameter(f"{where} must be an object.")
    kind = (string(parameter, "type", f"{where}.type") or "").lower()
    if not kind:
        raise missing_parameter(f"{where}.type is missing.")
    string(parameter, "parameter_name", f"{where}.parameter_name")
    if kind in _TEXT_VALUES:
        _check_text(parameter, kind, f"{where}.{kind}")
    else:
        _check_object(parameter, kind, f"{where}.{kind}")
    return {name: value for name, value in parameter.items() if value is not None} | {"type": kind}


def _check_text(parameter: Members, kind: str, where: str) -> None:
    text = string(parameter, kind, where)
    if not text:
        raise missing_parameter(f"{where} is missing.")
    if len(text) > TEMPLATE_PARAMETER_CHARACTERS_MAX:
        raise ApiError(
            400, 132005, f"{where} has more than {TEMPLATE_PARAMETER_CHARACTERS_MAX} characters: shorten it."
        )


def _check_object(parameter: Members, kind: str, where: str) -> None:
    value = mapping(parameter, kind, where)
    if value is None:
        raise missing_parameter(f"{where} is missing.")
    if kind in _FALLBACK_VALUES and not string(value, "fallback_value", f"{where}.fallback_value"):
        raise missing_parameter(f"{where}.fallback_value is missing.")
    if kind in _MEDIA_VALUES and not (
        string(value, "id", f"{where}.id") or string(value, "link", f"{where}.link")
    ):
        raise missing_parameter(f"{where} needs an id or a link.")
