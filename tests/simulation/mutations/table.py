"""All mutations, and within how many seeds, counted from the first, each is found."""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from services.runtime.stage import Stage
from tests.simulation.mutations import of_log, of_loop, of_rules
from tests.simulation.parts import REAL, STAGES, Parts


class Mutation(NamedTuple):
    """One thing done wrong."""

    name: str
    parts: Parts
    seeds: int
    """It is found within so many."""


def _stages(**spoilt: Callable[[], Stage]) -> Parts:
    named = {name.replace("_", "-"): stage for name, stage in spoilt.items()}
    return replace(REAL, stages={**STAGES, **named})


MUTATIONS = (
    Mutation(
        "offsets committed outside the transaction",
        replace(REAL, log=of_log.OffsetsOutsideTheTransaction),
        20,
    ),
    Mutation("state written before the commit", replace(REAL, runner=of_loop.StoresBeforeTheCommit), 20),
    Mutation(
        "a restore that stops at the last stable offset",
        replace(REAL, log=of_log.EndsAtTheLastStableOffset),
        40,
    ),
    Mutation(
        "a tick inside the transaction that is lost",
        replace(REAL, log=of_log.TicksWithTheNextTransaction),
        20,
    ),
    Mutation(
        "a partition placed by another hash",
        replace(REAL, places={"rate-and-bill": of_loop.another_hash}),
        20,
    ),
    Mutation(
        "a charge on every receipt",
        _stages(delivery=of_rules.ReportsEveryReceipt, rate_and_bill=of_rules.ChargesEveryReceipt),
        20,
    ),
    Mutation("a window by processing time", _stages(session_window=of_rules.WindowByProcessingTime), 20),
    Mutation(
        "a duplicate that reopens the window",
        _stages(consent=of_rules.RepeatsPass, session_window=of_rules.RepeatReopensTheWindow),
        20,
    ),
    Mutation("consent not checked again at dispatch", _stages(delivery=of_rules.ConsentOnceIsEnough), 20),
    Mutation("a void forgotten", _stages(rate_and_bill=of_rules.ForgetsToVoid), 20),
    Mutation("a status going back", _stages(delivery=of_rules.StatusGoesBack), 20),
    Mutation("an id used twice", replace(REAL, unique_bytes=of_loop.few_unique_bytes), 20),
    Mutation("a log without transactions", replace(REAL, log=of_log.NoTransactions), 20),
    Mutation("offsets of a member that is out of the group", replace(REAL, log=of_log.AnyMembersOffsets), 80),
    Mutation(
        "an unknown outcome taken for a failure", replace(REAL, log=of_log.GuessesThatACommitFailed), 60
    ),
    Mutation("no rewind after an abort", replace(REAL, log=of_log.ForgetsToRewind), 20),
    Mutation("a store that forgets deletions", replace(REAL, store=of_loop.forgets_deletions), 20),
)
