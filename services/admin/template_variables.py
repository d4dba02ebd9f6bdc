"""The variables in a template's text: ``{{1}}``, ``{{2}}`` … or ``{{order_id}}``."""

import re

from services.admin.errors import Refused

_VARIABLE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


def variables_of(text: str, where: str, *, named: bool) -> list[str]:
    """Names of the variables, each once, in the order of their first use; positional ones are 1..n.

    ``where`` is the component that errors name. Raises :class:`Refused` when they do not fit the format.
    """
    found = list(dict.fromkeys(_VARIABLE.findall(text)))
    if named:
        for name in found:
            if not _NAME.fullmatch(name):
                raise Refused(
                    f"{where}: {{{{{name}}}}} is no named parameter: use small letters, digits, underscores."
                )
        return found
    expected = [str(position) for position in range(1, len(found) + 1)]
    if sorted(found, key=lambda name: (len(name), name)) != expected:
        raise Refused(
            f"{where}: positional parameters must be {{{{1}}}} to {{{{n}}}} without a gap, "
            f"not {', '.join(found)} (or state parameter_format NAMED)."
        )
    return expected
