"""The `parley` command: what operators do, with their own Kafka credentials."""

import os
import sys
from contextlib import suppress
from importlib import import_module

import typer

GROUPS = {
    "account": "account",
    "number": "number",
    "template": "template",
    "handset": "handset",
    "consent": "consent",
    "window": "window",
    "plan": "plan",
    "platform": "platform",
    "ledger": "ledger",
    "topics": "topics",
    "dead-letters": "dead_letters",
    "webhook": "webhook",
}
"""Groups of commands by name, with the module of each."""
SINGLE = {"verify": "verify", "trace": "trace", "platform-key": "platform_key"}
"""Commands that are no group; the function is called as its module."""
ABOUT = """Operate a Parley: accounts, consent, prices, the ledger.

Where .run/parley.json describes a running instance (`make up`) that one is meant; elsewhere the environment
says which: KAFKA_BOOTSTRAP_SERVERS and its kin, PARLEY_PLATFORM_KEY, PARLEY_METRICS_URLS.

Exit status: 0 done; 1 refused, with one sentence on stderr; 2 wrong usage.
"""


def make_app(words: list[str]) -> typer.Typer:
    """The command line with what ``words``, the arguments given, may need: loading all takes a while."""
    app = typer.Typer(
        name="parley",
        help=ABOUT,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(_about)
    named = next((word for word in words if word in GROUPS or word in SINGLE), None)
    for name, module in GROUPS.items():
        if named in (None, name):
            app.add_typer(import_module(f"services.admin.commands.{module}").app, name=name)
    for name, module in SINGLE.items():
        if named in (None, name):
            app.command(name)(getattr(import_module(f"services.admin.commands.{module}"), module))
    return app


def _about() -> None:
    """Nothing is asked before a command is named."""


def _take_over_partition_factor() -> None:
    """Expect the topics of the instance that runs here, before any command is loaded and looks topics up."""
    from services.admin.errors import Refused  # noqa: PLC0415
    from services.admin.instance import find_instance  # noqa: PLC0415
    from services.contracts.catalogue import FACTOR  # noqa: PLC0415

    with suppress(Refused):  # the command itself says what is wrong, should it need an instance
        if factor := find_instance().environment.get(FACTOR):
            os.environ[FACTOR] = factor


def main() -> None:
    """Run the command; what it refuses is one sentence on stderr."""
    from services.admin.refusals import sentence_of  # noqa: PLC0415

    try:
        _take_over_partition_factor()
        make_app(sys.argv[1:])()
    except BrokenPipeError:
        # Whoever read our output has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as error:
        sentence = sentence_of(error)
        if sentence is None:
            raise
        sys.exit(sentence)


if __name__ == "__main__":
    main()
