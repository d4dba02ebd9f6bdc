"""The settings as a process sees them: all that is committed at the start, and then each change."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from confluent_kafka import Producer

from deploy.kafka import EmbeddedKafka
from parley.settings.v1 import settings_pb2
from services.runtime.kafka_connection import KafkaConnection
from services.runtime.kafka_startup import TopicMissing
from services.runtime.settings_table import SettingsTable, SettingsUnreadable
from tests.integration.kafka_rig import make_topics

pytestmark = pytest.mark.integration

ACCOUNT = "102290129340398"


def setting(key: str, version: int = 1, **value: object) -> settings_pb2.SettingChanged:
    return settings_pb2.SettingChanged(key=key, version=version, **value)  # type: ignore[arg-type]


def account(version: int, name: str) -> settings_pb2.SettingChanged:
    return setting(f"account/{ACCOUNT}", version, account=settings_pb2.Account(account_id=ACCOUNT, name=name))


def template(name: str) -> settings_pb2.SettingChanged:
    value = settings_pb2.Template(account_id=ACCOUNT, name=name, language="en_US")
    return setting(f"template/{ACCOUNT}/{name}/en_US", template=value)


class Author:
    """Writes to `settings`, each change a transaction as the command line does it."""

    def __init__(self, connection: KafkaConnection, prefix: str) -> None:
        self._topic = f"{prefix}settings"
        self._producer = Producer(
            {**connection.librdkafka(), "transactional.id": prefix, "linger.ms": 0, "retry.backoff.ms": 5}
        )
        self._producer.init_transactions(10)

    def write(self, *changes: settings_pb2.SettingChanged, commit: bool = True) -> None:
        self._producer.begin_transaction()
        for change in changes:
            self._producer.produce(self._topic, change.SerializeToString(), change.key, partition=0)
        self._end(commit)

    def write_raw(self, key: str, value: bytes | None) -> None:
        self._producer.begin_transaction()
        self._producer.produce(self._topic, value, key, partition=0)
        self._end(commit=True)

    def _end(self, commit: bool) -> None:
        if commit:
            self._producer.commit_transaction(10)
        else:
            self._producer.flush(10)
            self._producer.abort_transaction(10)


@asynccontextmanager
async def table_of(connection: KafkaConnection, prefix: str) -> AsyncIterator[SettingsTable]:
    table = SettingsTable(connection, prefix)
    try:
        await table.start()
        yield table
    finally:
        await table.stop()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.01)


async def test_what_is_committed_is_there_when_start_returns(kafka: KafkaConnection) -> None:
    prefix = make_topics(kafka, ["settings"])
    author = Author(kafka, prefix)
    author.write(account(1, "old"), template("hello"), template("bye"))
    author.write(account(2, "aborted"), commit=False)
    author.write(
        account(2, "new"),
        setting("business/5", business=settings_pb2.Business(business_id="5", currency="USD")),
        setting("phone-number/9", phone_number=settings_pb2.PhoneNumber(phone_number_id="9")),
        setting("platform", platform=settings_pb2.Platform(pair_burst=7)),
    )
    async with table_of(kafka, prefix) as table:
        known = table.account(ACCOUNT)
        assert known is not None
        assert known.name == "new"
        assert table.get(f"account/{ACCOUNT}") == account(2, "new")
        assert table.template(ACCOUNT, "hello", "en_US") == template("hello").template
        assert sorted(each.name for each in table.templates(ACCOUNT)) == ["bye", "hello"]
        assert [each.key for each in table.all("account")] == [f"account/{ACCOUNT}"]
        assert (business := table.business("5")) is not None
        assert business.currency == "USD"
        assert table.phone_number("9") is not None
        assert (platform := table.platform()) is not None
        assert platform.pair_burst == 7
        assert table.lag_ok()
        assert table.failure is None


async def test_what_was_never_set_is_none(kafka: KafkaConnection) -> None:
    async with table_of(kafka, make_topics(kafka, ["settings"])) as table:
        assert table.get("account/1") is None
        assert table.account("1") is None
        assert table.business("1") is None
        assert table.phone_number("1") is None
        assert table.template("1", "a", "en") is None
        assert table.platform() is None
        assert list(table.all("account")) == []


async def test_changes_are_followed_and_watched_and_older_versions_ignored(kafka: KafkaConnection) -> None:
    prefix = make_topics(kafka, ["settings"])
    author = Author(kafka, prefix)
    author.write(account(3, "third"))
    seen: list[str] = []
    async with table_of(kafka, prefix) as table:
        table.watch(lambda change: seen.append(f"{change.key}@{change.version}"))
        author.write(account(2, "late"), account(4, "fourth"), account(4, "again"), template("hello"))
        await until(lambda: len(seen) == 3)
        known = table.account(ACCOUNT)
        assert known is not None
        assert known.name == "fourth"
        author.write_raw(f"account/{ACCOUNT}", None)
        await until(lambda: table.account(ACCOUNT) is None)
    assert seen == [
        f"account/{ACCOUNT}@3",
        f"account/{ACCOUNT}@4",
        f"template/{ACCOUNT}/hello/en_US@1",
    ]


async def test_a_setting_that_cannot_be_read_stops_the_table(kafka: KafkaConnection) -> None:
    prefix = make_topics(kafka, ["settings"])
    author = Author(kafka, prefix)
    async with table_of(kafka, prefix) as table:
        author.write_raw("account/1", b"\xff\xff\xff")
        await until(lambda: table.failure is not None)
        assert "account/1" in (table.failure or "")
        assert not table.lag_ok()
    with pytest.raises(SettingsUnreadable, match="offset 0"):
        async with table_of(kafka, prefix):
            pass


async def test_a_missing_topic_is_one_sentence(kafka: KafkaConnection) -> None:
    table = SettingsTable(kafka, "nobody.")
    with pytest.raises(TopicMissing, match=r"no topic nobody\.settings: `parley topics create`"):
        await table.start()
    await table.stop()


async def test_it_waits_for_a_broker_that_is_not_there_yet(tmp_path: Path) -> None:
    broker = EmbeddedKafka(tmp_path / "kafka", heap_mb=256)
    table = SettingsTable(broker.connection(), "nobody.")
    starting = asyncio.ensure_future(table.start())
    done, _ = await asyncio.wait({starting}, timeout=0.5)
    assert not done
    with broker:
        with pytest.raises(TopicMissing):
            await asyncio.wait_for(starting, 30)
        await table.stop()


async def test_it_stops_while_no_broker_answers(tmp_path: Path) -> None:
    with EmbeddedKafka(tmp_path / "kafka", heap_mb=256) as broker:
        prefix = make_topics(broker.connection(), ["settings"])
        tables = [SettingsTable(broker.connection(), prefix) for _ in range(8)]
        for table in tables:
            await table.start()
        broker.kill()
    # Whichever moment of its next attempt each of them is in.
    for table in tables:
        await asyncio.sleep(0.03)
        await asyncio.wait_for(table.stop(), 30)
