"""Which stages must know a setting: beside `settings`, it goes to every partition of these stages' inputs."""

from services.contracts.catalogue import Topic, topic

SETTINGS = "settings"
SETTING_PURPOSE = b"setting"
"""Purpose under which the platform key seals secrets in settings."""

_ROUTES = {
    "business": ("usage",),
    "account": ("screened",),
    "phone-number": (),
    "template": (),
    "price-plan": ("usage",),
    "platform": ("intake", "dispatch"),
}


class UnknownSettingKind(ValueError):
    """No setting has a key of that kind."""


def setting_kinds() -> frozenset[str]:
    """What a setting's key may begin with."""
    return frozenset(_ROUTES)


def stage_inputs_of(key: str) -> list[Topic]:
    """Stage inputs that need the setting ``key``, such as ``account/102290129340398``.

    Raises :class:`UnknownSettingKind`.
    """
    kind = key.partition("/")[0]
    try:
        return [topic(name) for name in _ROUTES[kind]]
    except KeyError:
        raise UnknownSettingKind(f"{key!r} is no key of a setting: none begins with {kind!r}") from None
