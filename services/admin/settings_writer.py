"""The one writer of settings: a change is a single Kafka transaction to `settings` and to all who need it."""

import logging
from collections.abc import Callable, Sequence

from confluent_kafka import KafkaError, KafkaException, Producer

from parley.settings.v1 import settings_pb2
from services.admin.errors import Refused
from services.admin.settings_snapshot import SettingsSnapshot, read_settings
from services.contracts.catalogue import Topic, topic
from services.contracts.headers import headers_for
from services.contracts.setting_routes import SETTINGS, stage_inputs_of
from services.runtime.kafka_connection import KafkaConnection

KIND = "setting_changed"
TRANSACTION_SECONDS_MAX = 10.0
CHANGES_MAX = 10_000
"""Settings in one transaction."""

MakeChanges = Callable[[SettingsSnapshot], Sequence[settings_pb2.SettingChanged]]
"""From the settings as they are to those that change, without version; may raise :class:`Refused`."""

_FENCED = frozenset(
    {
        KafkaError._FATAL,  # how `produce` tells of it, where a request before this record was answered so
        KafkaError._FENCED,
        KafkaError.INVALID_PRODUCER_EPOCH,
        KafkaError.PRODUCER_FENCED,
        KafkaError.INVALID_PRODUCER_ID_MAPPING,
    }
)

_UNHEARD = logging.Logger("librdkafka")
_UNHEARD.addHandler(logging.NullHandler())
"""Where librdkafka may say at length what is refused in one sentence here."""


class SettingsWriter:
    """Changes settings. Two writers at once cannot both win: the transactional id is one for the platform.

    A writer that begins fences all that began before it, and only then reads the versions it counts up from.
    """

    def __init__(self, connection: KafkaConnection, topic_prefix: str, now_ms: Callable[[], int]) -> None:
        self._connection = connection
        self._prefix = topic_prefix
        self._now_ms = now_ms

    def change(self, make_changes: MakeChanges) -> list[settings_pb2.SettingChanged]:
        """Read the settings, let ``make_changes`` say what changes, write that as one; returns it as written.

        A change holds from now unless it says ``effective_from_ms``. Blocks some tenths of a second. Raises
        :class:`Refused` when another writer was quicker, ``KafkaException`` when the broker does not answer.
        """
        producer = Producer(
            {
                **self._connection.librdkafka(),
                "transactional.id": f"{self._prefix}settings",
                "transaction.timeout.ms": int(TRANSACTION_SECONDS_MAX * 1_000),
                "linger.ms": 0,
                "queue.buffering.max.messages": 0,  # no bound but CHANGES_MAX, each to every partition
                "retry.backoff.ms": 5,
                "retry.backoff.max.ms": 50,
                "log_level": 0,
            },
            logger=_UNHEARD,
        )
        try:
            # A client that knows its brokers finds the coordinator at once, another one after half a second.
            producer.list_topics(timeout=TRANSACTION_SECONDS_MAX)
            producer.init_transactions(TRANSACTION_SECONDS_MAX)
            settings = read_settings(self._connection, self._prefix)
            changes = [self._numbered(change, settings) for change in make_changes(settings)]
            if len(changes) > CHANGES_MAX:
                raise Refused(f"{len(changes)} settings at once are too many: change at most {CHANGES_MAX}.")
            if changes:
                self._write(producer, changes)
        except KafkaException as failure:
            if failure.args[0].code() in _FENCED:
                raise Refused(
                    "Another command is writing settings at this moment: repeat this one."
                ) from None
            raise
        return changes

    def _numbered(
        self, change: settings_pb2.SettingChanged, settings: SettingsSnapshot
    ) -> settings_pb2.SettingChanged:
        numbered = settings_pb2.SettingChanged()
        numbered.CopyFrom(change)
        numbered.version = settings.version(change.key) + 1
        numbered.effective_from_ms = change.effective_from_ms or self._now_ms()
        return numbered

    def _write(self, producer: Producer, changes: Sequence[settings_pb2.SettingChanged]) -> None:
        at_ms = self._now_ms()
        producer.begin_transaction()
        for change in changes:
            self._produce(producer, topic(SETTINGS), 0, change, change.SerializeToString(), at_ms)
            for stage_input in stage_inputs_of(change.key):
                event = stage_input.message(setting_changed=change)
                for partition in range(stage_input.partitions):
                    self._produce(producer, stage_input, partition, change, event.SerializeToString(), at_ms)
        producer.commit_transaction(TRANSACTION_SECONDS_MAX)

    def _produce(
        self,
        producer: Producer,
        target: Topic,
        partition: int,
        change: settings_pb2.SettingChanged,
        value: bytes,
        at_ms: int,
    ) -> None:
        producer.produce(
            self._prefix + target.name,
            key=change.key.encode(),
            value=value,
            partition=partition,
            timestamp=at_ms,
            headers=list(headers_for(target.message(), KIND)),
        )
