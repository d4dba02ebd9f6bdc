"""Puts an update off: it waits on Kafka, in the topic of its tier, where nobody stands behind it."""

import structlog

from parley.delivery.v1 import webhook_retry_pb2
from services.contracts.catalogue import topic
from services.delivery.webhooks import metrics
from services.delivery.webhooks.errand import Errand
from services.delivery.webhooks.tiers import SPARED_TIERS_MAX, TIERS_MAX, NextTry, RetrySchedule
from services.delivery.webhooks.until_written import until_written
from services.runtime.clock import Clock
from services.runtime.writes_records import WritesRecords

TIERS = {number: topic(f"webhook-retry-{number}") for number in range(1, TIERS_MAX + 1)}
SPARED_TIERS = {number: topic(f"webhook-retry-spared-{number}") for number in range(1, SPARED_TIERS_MAX + 1)}
KIND = "webhook_deferred"
ERROR_CHARACTERS_MAX = 200

log = structlog.get_logger()


class Deferral:
    """Writes errands to retry tiers; `pending` tells the reader when to hold back."""

    def __init__(self, writer: WritesRecords, schedule: RetrySchedule, clock: Clock) -> None:
        self._writer = writer
        self._schedule = schedule
        self._clock = clock
        self.pending = 0
        """Errands that Kafka has not confirmed yet."""

    async def put_off(self, errand: Errand, reason: str) -> None:
        """Settle an errand whose try failed, by its next tier or by giving it up. Returns once written."""
        now = self._clock()
        errand.tries += 1
        errand.first_tried_at_ms = errand.first_tried_at_ms or now
        following = self._schedule.after(errand.tries, errand.first_tried_at_ms, now)
        await self._settle(errand, following, reason)

    async def spare(self, errand: Errand, reason: str) -> None:
        """Settle an errand that was not tried, as :meth:`put_off` does: its tries stay what they were."""
        now = self._clock()
        errand.first_tried_at_ms = errand.first_tried_at_ms or now
        following = self._schedule.spared(errand.first_tried_at_ms, now)
        await self._settle(errand, following, f"not tried: {reason}")

    async def _settle(self, errand: Errand, following: NextTry | None, reason: str) -> None:
        if following is None:
            metrics.GIVEN_UP.inc()
            log.error(
                "webhook given up",
                account_id=errand.account_id,
                message_id=errand.message_id,
                tries=errand.tries,
                reason=reason,
            )
        else:
            self.pending += 1
            try:
                await self._write(errand, following, reason)
            finally:
                self.pending -= 1
            metrics.DEFERRED.labels(f"{'spared-' if following.spared else ''}{following.tier}").inc()
        errand.settled()

    async def _write(self, errand: Errand, following: NextTry, reason: str) -> None:
        deferred = webhook_retry_pb2.WebhookDeferred(
            account_id=errand.account_id,
            body=errand.body,
            tries=errand.tries,
            first_tried_at_ms=errand.first_tried_at_ms,
            due_at_ms=following.due_at_ms,
            error=reason[:ERROR_CHARACTERS_MAX],
            message_id=errand.message_id,
        )
        await until_written(
            lambda: self._writer.write(
                (SPARED_TIERS if following.spared else TIERS)[following.tier],
                errand.account_id.encode(),
                deferred,
                KIND,
                message_id=errand.message_id,
                conversation=errand.conversation,
                traceparent=errand.traceparent,
            ),
            f"webhook of {errand.message_id}",
        )
