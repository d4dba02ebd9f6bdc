"""The accounts' templates, and whether a request's parameters fit one of them."""

from dataclasses import dataclass

from parley.message.v1.facts_pb2 import Category
from parley.settings.v1.settings_pb2 import SettingChanged, Template
from services.ingress.errors import ApiError
from services.ingress.template_shape import TemplateShape, shape_of

APPROVED = "APPROVED"
_HALTED = {"PAUSED": (132015, "is paused"), "DISABLED": (132016, "is disabled")}


@dataclass(frozen=True, slots=True)
class ApprovedTemplate:
    """What a request needs to know of a template."""

    category: Category
    ttl_seconds: int
    """Seconds after acceptance at which a message expires; 0 takes the platform's."""
    shape: TemplateShape


class TemplateIndex:
    """All templates, kept in step with the settings."""

    def __init__(self) -> None:
        self._templates: dict[tuple[str, str, str], tuple[str, ApprovedTemplate]] = {}

    def take(self, setting: SettingChanged) -> None:
        """Take notice of a setting."""
        if setting.WhichOneof("value") == "template":
            template = setting.template
            key = (template.account_id, template.name, template.language)
            self._templates[key] = (template.status, _approved(template))

    def find(self, account_id: str, name: str, language: str) -> ApprovedTemplate:
        """The approved template of that name and language.

        Raises ``ApiError`` 132001 where there is none, 132015 and 132016 where it is halted.
        """
        status, template = self._templates.get((account_id, name, language), ("", None))
        if template is not None and status == APPROVED:
            return template
        if status in _HALTED:
            code, state = _HALTED[status]
            raise ApiError(400, code, f"The template {name[:100]!r} ({language[:20]!r}) {state}.")
        raise ApiError(
            404,
            132001,
            f"The account has no approved template {name[:100]!a} in language {language[:20]!a}: "
            "`parley template list` shows what there is.",
        )


def _approved(template: Template) -> ApprovedTemplate:
    return ApprovedTemplate(template.category, template.message_send_ttl_seconds, shape_of(template))
