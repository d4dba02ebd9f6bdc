"""`parley handset`: what customers' devices need."""

import typer

from services.admin.arguments import Numbers
from services.admin.instance import find_instance
from services.admin.output import AsJson, print_objects
from services.identity.customer_token import customer_token

app = typer.Typer(help="What customers' devices need.", no_args_is_help=True)


@app.callback()
def handset() -> None:
    """Keep `token` a command of its own, though it is the only one."""


@app.command()
def token(numbers: Numbers, as_json: AsJson = False) -> None:
    """Make the tokens with which customers' devices open the handset channel.

    A token is good towards all accounts, and the same each time it is asked for.
    """
    key = find_instance().platform_key
    tokens = ({"number": number, "token": customer_token(key, number)} for number in numbers)
    print_objects(tokens, as_json, ("number", "token"), "")
