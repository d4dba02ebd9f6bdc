"""What librdkafka's errors mean for a transaction."""

from confluent_kafka import KafkaError, KafkaException

from services.runtime.log import (
    Fenced,
    LogError,
    LogUnavailable,
    OutcomeUnknown,
    RecordRejected,
    TopicMissing,
    TransactionFailed,
)

# Not the time: what one broker let in may be seconds ahead of another's clock, or of its own once set back.
_REJECTED = frozenset(
    {
        KafkaError.MSG_SIZE_TOO_LARGE,
        KafkaError.RECORD_LIST_TOO_LARGE,
        KafkaError.INVALID_MSG_SIZE,
        KafkaError.INVALID_RECORD,
    }
)
_MISSING = frozenset(
    {
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError._UNKNOWN_TOPIC,
        KafkaError._UNKNOWN_PARTITION,
    }
)
_FENCED = frozenset(
    {
        KafkaError._FENCED,
        KafkaError._FATAL,
        KafkaError.PRODUCER_FENCED,
        KafkaError.INVALID_PRODUCER_EPOCH,
        KafkaError.FENCED_INSTANCE_ID,
        KafkaError.UNRELEASED_INSTANCE_ID,
        KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
    }
)

FENCES_ITSELF = (
    "another process runs under the same ordinal, or no broker answered for a whole session, after which "
    "librdkafka can fence its own member (confluentinc/librdkafka 3437)"
)
"""Told with the loss of a member's place: a start again mends the second."""


def error_of(failure: KafkaException) -> KafkaError:
    """The error that an exception carries."""
    error: KafkaError = failure.args[0]
    return error


def in_transaction(error: KafkaError) -> LogError:
    """Of an error before the transaction was asked to be committed."""
    if error.code() in _REJECTED:
        return RecordRejected(error.str())
    if error.code() in _MISSING:
        return TopicMissing(error.str())
    if error.fatal() or error.code() in _FENCED:
        return Fenced(error.str())
    return TransactionFailed(f"{error.name()}: {error.str()}")


def of_commit(error: KafkaError) -> LogError:
    """Of an error of the commit itself. Only what certainly stands before the commit is no unknown outcome.

    Once the request to end the transaction has gone out (librdkafka then names it, EndTxn), an error says
    nothing about what the broker has done.
    """
    if error.txn_requires_abort() and not error.fatal() and "EndTxn" not in error.str():
        return in_transaction(error)
    if error.fatal() or error.code() in _FENCED:
        return Fenced(error.str())
    return OutcomeUnknown(f"{error.name()}: {error.str()}")


def of_question(error: KafkaError) -> LogError:
    """Of an error of a request that changes nothing."""
    if error.code() in _MISSING:
        return TopicMissing(error.str())
    if error.fatal() or error.code() in _FENCED:
        return Fenced(error.str())
    return LogUnavailable(f"{error.name()}: {error.str()}")


def of_lost_membership(error: KafkaError) -> Fenced:
    """Of an error after which the consumer is of no use: a new one is needed, so a new process.

    A session that ends while the group's coordinator is in reach, but has not answered, has librdkafka send
    one heartbeat with no member id before it joins again; the broker takes that for another process.
    """
    return Fenced(f"{FENCES_ITSELF}: {error.str()}")
