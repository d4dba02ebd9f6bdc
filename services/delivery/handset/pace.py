"""How often what waits for a customer may be emitted again, however often the customer comes back."""

from collections import OrderedDict
from typing import NamedTuple

from services.delivery.handset.limits import HandsetLimits

CUSTOMERS_MAX = 65_536
"""Customers whose debt is known; the one whom delivery was told of longest ago is forgotten first."""


class _Debt(NamedTuple):
    attempts: float
    at: float


class Pace:
    """Bounds the reports that a customer is back, since each makes delivery emit all that waits.

    A conversation is reported only so often. And each attempt that a report asks for is a debt of the
    customer: it shrinks with time, and by one with each message that waits no longer, so whoever acknowledges
    what is shown never notices. Above the limit the next report waits. Times are seconds of one clock.
    """

    def __init__(self, limits: HandsetLimits, customers_max: int = CUSTOMERS_MAX) -> None:
        self._limits = limits
        self._customers_max = customers_max
        self._debts: OrderedDict[str, _Debt] = OrderedDict()
        self._told_at: OrderedDict[bytes, float] = OrderedDict()

    @property
    def customers_known(self) -> int:
        """Customers whose debt is known."""
        return len(self._debts)

    def wait_seconds(self, user_ref: str, conversation: bytes, now: float) -> float:
        """How long a report is still to wait; 0 when it may be written now."""
        told_at = self._told_at.get(conversation)
        again = 0.0 if told_at is None else told_at + self._limits.reconnect_pace_seconds - now
        excess = self._attempts_owed(user_ref, now) - self._limits.reattempts_burst
        return max(0.0, again, excess / self._limits.reattempts_per_second)

    def told(self, user_ref: str, conversation: bytes, attempts: int, now: float) -> None:
        """Delivery is told that the customer is back, and will emit so many attempts."""
        self._told_at[conversation] = now
        self._told_at.move_to_end(conversation)
        self._owe(user_ref, self._attempts_owed(user_ref, now) + attempts, now)
        self._debts.move_to_end(user_ref)
        self._forget(now)

    def ended(self, user_ref: str, now: float) -> None:
        """A message waits for the customer no longer."""
        if user_ref in self._debts:
            self._owe(user_ref, self._attempts_owed(user_ref, now) - 1, now)

    def _owe(self, user_ref: str, attempts: float, now: float) -> None:
        self._debts[user_ref] = _Debt(max(0.0, attempts), now)

    def _attempts_owed(self, user_ref: str, now: float) -> float:
        debt = self._debts.get(user_ref)
        if debt is None:
            return 0.0
        return max(0.0, debt.attempts - (now - debt.at) * self._limits.reattempts_per_second)

    def _forget(self, now: float) -> None:
        """Drop what no longer matters, oldest first."""
        while (
            self._told_at and next(iter(self._told_at.values())) + self._limits.reconnect_pace_seconds < now
        ):
            self._told_at.popitem(last=False)
        while len(self._debts) > self._customers_max or (
            self._debts and self._attempts_owed(next(iter(self._debts)), now) == 0
        ):
            self._debts.popitem(last=False)
