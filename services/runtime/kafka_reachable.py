"""Ask Kafka for an answer before a service starts, so that a wrong setting is one clear sentence.

By themselves the clients try for ever, and log.
"""

import time
from collections import deque

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from services.runtime.kafka_connection import KafkaConnection

ATTEMPT_SECONDS = 0.5
ERRORS_KEPT = 50


class KafkaUnreachable(Exception):
    """No broker answered in time. Retrying may help: a broker may be starting."""


class KafkaRefused(KafkaUnreachable):
    """A broker answered and did not let us in, or we did not trust it. Retrying does not help."""


def check_reachable(connection: KafkaConnection, timeout_seconds: float = 10) -> dict[str, int]:
    """Block until a broker answers a metadata request. Returns the number of partitions of each topic.

    Raises KafkaRefused as soon as one refuses us, KafkaUnreachable when the time is over.
    """
    errors: deque[KafkaError] = deque(maxlen=ERRORS_KEPT)
    settings = connection.librdkafka() | {"log_level": 0, "reconnect.backoff.max.ms": 500}
    settings["error_cb"] = errors.append
    admin = AdminClient(settings)
    deadline = time.monotonic() + timeout_seconds
    while True:
        try:
            left = max(0.01, min(ATTEMPT_SECONDS, deadline - time.monotonic()))
            topics = admin.list_topics(timeout=left).topics
        except KafkaException as failure:
            admin.poll(0)
            _raise_if_refused(errors, connection)
            if time.monotonic() >= deadline:
                raise _unreachable(errors, connection, timeout_seconds) from failure
        else:
            return {name: len(topic.partitions) for name, topic in topics.items()}


def _raise_if_refused(errors: deque[KafkaError], connection: KafkaConnection) -> None:
    for error in errors:
        if error.code() == KafkaError._AUTHENTICATION:
            raise KafkaRefused(
                f"Kafka at {connection.bootstrap_servers} refused user {connection.sasl_username}: "
                f"check KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD and KAFKA_SASL_MECHANISM ({error.str()})"
            )
        if error.code() == KafkaError._SSL:
            raise KafkaRefused(
                f"No TLS connection to Kafka at {connection.bootstrap_servers}: "
                f"check KAFKA_SSL_CA_LOCATION and KAFKA_SECURITY_PROTOCOL ({error.str()})"
            )


def _unreachable(
    errors: deque[KafkaError], connection: KafkaConnection, timeout_seconds: float
) -> KafkaUnreachable:
    # What librdkafka adds when it has no broker left says nothing of the cause.
    reasons = [error.str() for error in errors if error.code() != KafkaError._ALL_BROKERS_DOWN]
    detail = f" ({reasons[-1]})" if reasons else ""
    return KafkaUnreachable(
        f"No Kafka answered at {connection.bootstrap_servers} within {timeout_seconds:g} s: start it, "
        f"or correct KAFKA_BOOTSTRAP_SERVERS and KAFKA_SECURITY_PROTOCOL{detail}"
    )
