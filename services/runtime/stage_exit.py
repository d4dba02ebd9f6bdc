"""Why a stage's process ends by itself."""


class StageMustExit(Exception):
    """The stage cannot go on, and nothing is lost: its text is one sentence for the operator.

    The supervisor starts it again. What a restart does not mend comes up again with the same sentence.
    """
