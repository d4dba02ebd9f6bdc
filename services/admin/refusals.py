"""What went wrong, as the one sentence that a command ends with."""

import sys

from confluent_kafka import KafkaError, KafkaException

from services.admin.errors import Refused
from services.identity.platform_key import BadPlatformKey, NotSealedHere
from services.runtime.kafka_connection import KafkaSettingsInvalid
from services.runtime.kafka_reachable import KafkaUnreachable

ALREADY_SENTENCES = (Refused, BadPlatformKey, KafkaSettingsInvalid, KafkaUnreachable)
NO_ANSWER = frozenset(
    {KafkaError._TRANSPORT, KafkaError._TIMED_OUT, KafkaError._ALL_BROKERS_DOWN, KafkaError._MSG_TIMED_OUT}
)
NO_TOPIC = frozenset(
    {KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC, KafkaError._UNKNOWN_PARTITION}
)


def sentence_of(error: Exception) -> str | None:
    """The sentence for an error that an operator can do something about; None for any other."""
    if isinstance(error, ALREADY_SENTENCES):
        return str(error)
    if isinstance(error, NotSealedHere):
        return (
            "PARLEY_PLATFORM_KEY is not the key that the settings were sealed with: give the platform's own."
        )
    if isinstance(error, ExceptionGroup):  # of several tasks at once; they mostly fail of the same
        return sentence_of(error.exceptions[0])
    return _from_outside(error)


def _from_outside(error: Exception) -> str | None:
    if isinstance(error, KafkaException):
        return _of_kafka(error.args[0])
    if _is_of_aiokafka(error):
        return (
            f"Kafka did not do what was asked: {error!r}; look whether it is well, then repeat the command."
        )
    if isinstance(error, OSError):
        return f"The system refused: {error}."
    return None


def _is_of_aiokafka(error: Exception) -> bool:
    """Without loading the library, which takes a while: unless it is loaded, no error is one of its own."""
    errors = sys.modules.get("aiokafka.errors")
    return errors is not None and isinstance(error, errors.KafkaError)


def _of_kafka(error: KafkaError) -> str:
    if error.code() in NO_TOPIC:
        return "Kafka lacks a topic of the platform: `parley topics create` makes what is missing."
    if error.code() in NO_ANSWER:
        return "Kafka did not answer in time, so it is not known whether this was done: look, then repeat it."
    return f"Kafka refused: {error.str()}."
