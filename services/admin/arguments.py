"""Arguments that several commands take."""

from typing import Annotated

import typer

from services.identity.numbers import BadNumber, canonical_number


def _number(text: str) -> str:
    try:
        return canonical_number(text)
    except BadNumber as error:
        raise typer.BadParameter(str(error)) from None


def business_number(text: str) -> str:
    """Check an optional number that a business writes from; empty stays empty."""
    return _number(text) if text else ""


AccountId = Annotated[str, typer.Argument(metavar="ACCOUNT", help="The account's id (WABA id).")]
Number = Annotated[
    str, typer.Argument(metavar="NUMBER", parser=_number, help="A phone number with its country code.")
]
Numbers = Annotated[
    list[str], typer.Argument(metavar="NUMBER...", parser=_number, help="Phone numbers with country code.")
]
