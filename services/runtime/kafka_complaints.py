"""What librdkafka's clients report outside any call."""

import time

import structlog
from confluent_kafka import KafkaError

from services.runtime import kafka_errors

COMPLAINT_SECONDS = 5.0
"""The same complaint is logged so often at most."""

_UNREACHABLE = frozenset({KafkaError._ALL_BROKERS_DOWN, KafkaError._TRANSPORT, KafkaError._RESOLVE})
_FATAL = frozenset({KafkaError._FATAL, KafkaError.FENCED_INSTANCE_ID})

log = structlog.get_logger()


class Complaints:
    """Of all clients of one log. ``hear`` may be called from any thread, the rest from one."""

    def __init__(self) -> None:
        self.reachable = False
        """Whether brokers have answered lately; who hears from one sets it."""
        self._fatal: KafkaError | None = None
        self._logged: dict[int, float] = {}

    def hear(self, error: KafkaError) -> None:
        """Remember what it says of the brokers and of us, and log it now and then."""
        if error.fatal() or error.code() in _FATAL:
            self._fatal = error
        if is_of_reach(error):
            self.reachable = False
        now = time.monotonic()
        if now - self._logged.get(error.code(), -COMPLAINT_SECONDS) >= COMPLAINT_SECONDS:
            self._logged[error.code()] = now
            log.warning("Kafka complains", error=error.name(), details=error.str())

    def raise_fatal(self) -> None:
        """Raise :class:`Fenced` once a client is of no use any more."""
        if self._fatal is not None:
            raise kafka_errors.of_lost_membership(self._fatal)


def is_of_reach(error: KafkaError) -> bool:
    """Whether it says that brokers cannot be reached."""
    return error.code() in _UNREACHABLE
