"""Why a command is refused."""


class Refused(Exception):
    """The command cannot be done: one sentence that says why and what to do. Exit code 1."""
