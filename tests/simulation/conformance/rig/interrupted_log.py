"""A log on the real broker into whose poll a test steps."""

import time
from collections.abc import Callable
from typing import Any

from services.contracts.catalogue import Topic
from services.runtime.kafka_connection import KafkaConnection
from services.runtime.kafka_input import KafkaInput
from services.runtime.kafka_log import KafkaLog
from services.runtime.kafka_settings import StageIdentity
from tests.simulation.conformance.rig.site import WAIT_SECONDS


class InterruptedLog(KafkaLog):
    """A log whose next poll for what is there is interrupted, once a first record has come."""

    def __init__(
        self, connection: KafkaConnection, identity: StageIdentity, input_topic: Topic, changelog: Topic
    ) -> None:
        super().__init__(connection, identity, input_topic, changelog)
        self._records = self._interrupted = InterruptedInput(
            self._consumer, self._assignment, self._input, self._complaints
        )

    def interrupt(self, action: Callable[[], object], until: Callable[[], bool]) -> None:
        """Do ``action`` then, and go on taking what comes until something holds."""
        self._interrupted.interrupt(action, until)


class InterruptedInput(KafkaInput):
    """What that log reads with."""

    _action: Callable[[], object] | None = None

    def interrupt(self, action: Callable[[], object], until: Callable[[], bool]) -> None:
        """As the log says."""
        self._action, self._until, self._came = action, until, False

    def _consume(self, count: int, timeout_seconds: float) -> list[Any]:
        if self._action is None:
            return super()._consume(count, timeout_seconds)
        if timeout_seconds > 0:
            messages = super()._consume(count, timeout_seconds)
            self._came = any(message.error() is None for message in messages)
            return messages
        if not self._came:
            return []  # it shall have to wait
        self._action()
        self._action, deadline = None, time.monotonic() + WAIT_SECONDS
        messages = []
        while not self._until() and time.monotonic() < deadline:
            messages += super()._consume(count, 0.05)
        return messages
