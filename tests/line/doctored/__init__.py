"""One thing wrong in a real run, for each invariant, and exactly what must be found."""

from collections.abc import Mapping

from tests.line.doctored import (
    customer_messages,
    free_by_evidence,
    last_consent,
    ledger_chain,
    money_once,
    one_end,
    plan_copies,
    statuses_forward,
)
from tests.line.doctoring import Case

CASES: Mapping[str, Case] = {
    case.__name__: case
    for invariant in (
        one_end,
        money_once,
        last_consent,
        free_by_evidence,
        customer_messages,
        plan_copies,
        ledger_chain,
        statuses_forward,
    )
    for case in invariant.CASES
}
