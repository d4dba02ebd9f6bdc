"""Follows the topic `settings`, so that `.run/parley.json` says what is in force."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
from confluent_kafka import Consumer, Message, TopicPartition
from google.protobuf.message import DecodeError

from parley.settings.v1 import settings_pb2
from services.admin.settings_snapshot import SettingsSnapshot, read_settings
from services.contracts.catalogue import topic
from services.contracts.setting_routes import SETTINGS
from services.runtime.kafka_connection import KafkaConnection

log = structlog.get_logger()

POLL_SECONDS = 0.2
BATCH_RECORDS_MAX = 1_000

Watcher = Callable[[SettingsSnapshot], None]


@contextmanager
def followed_settings(connection: KafkaConnection, topic_prefix: str, watcher: Watcher) -> Iterator[None]:
    """Call ``watcher`` with the settings as they are, and then, from a thread, with each change of them.

    Waits out a broker that is away. Raises ``KafkaException`` when it does not answer at the beginning.
    """
    settings = read_settings(connection, topic_prefix)
    watcher(settings)
    stopping = threading.Event()
    follower = threading.Thread(
        target=_follow,
        args=(connection, topic_prefix + topic(SETTINGS).name, settings, watcher, stopping),
        name="settings",
        daemon=True,
    )
    follower.start()
    try:
        yield
    finally:
        stopping.set()
        follower.join()


def _follow(
    connection: KafkaConnection,
    name: str,
    settings: SettingsSnapshot,
    watcher: Watcher,
    stopping: threading.Event,
) -> None:
    consumer = Consumer(
        {
            **connection.librdkafka(),
            "group.id": "parley-supervisor-never-committed",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
            "log_level": 0,
        }
    )
    try:
        consumer.assign([TopicPartition(name, 0, 0)])
        while not stopping.is_set():
            changes = list(_changes(consumer.consume(BATCH_RECORDS_MAX, POLL_SECONDS)))
            if any(change.version > settings.version(change.key) for change in changes):
                settings = settings.followed_by(changes)
                watcher(settings)
    except Exception:  # the platform goes on; only the file stays as it is
        log.exception("settings are no longer followed: parley.json stays as it is")
    finally:
        consumer.close()


def _changes(records: list[Message]) -> Iterator[settings_pb2.SettingChanged]:
    """Errors are left out: the client goes on by itself when the broker is back."""
    for record in records:
        value = record.value()
        if record.error() is None and value is not None:
            try:
                yield settings_pb2.SettingChanged.FromString(value)
            except DecodeError:
                log.warning("a setting cannot be read", offset=record.offset())
