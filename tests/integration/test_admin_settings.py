"""A setting reaches `settings` and every partition of each stage input that needs it, as one transaction."""

from collections.abc import Sequence
from uuid import uuid4

import pytest
from confluent_kafka import Message
from confluent_kafka.admin import AdminClient

from parley.settings.v1 import settings_pb2
from services.admin.errors import Refused
from services.admin.kafka_records import committed_records
from services.admin.settings_snapshot import SettingsSnapshot, read_settings
from services.admin.settings_writer import CHANGES_MAX, SettingsWriter
from services.admin.topics import Topics
from services.contracts.catalogue import topic
from services.contracts.headers import KIND, SCHEMA
from services.runtime.kafka_connection import KafkaConnection

pytestmark = pytest.mark.integration
NOW_MS = 1_542_852_000_000
NEEDED = ["settings", "intake", "screened", "usage", "dispatch"]


@pytest.fixture
def prefix(kafka: KafkaConnection) -> str:
    name = f"settings-{uuid4().hex}."
    Topics(AdminClient(kafka.librdkafka()), name, [topic(each) for each in NEEDED]).create()
    return name


@pytest.fixture
def writer(kafka: KafkaConnection, prefix: str) -> SettingsWriter:
    return SettingsWriter(kafka, prefix, lambda: NOW_MS)


def account(name: str) -> settings_pb2.SettingChanged:
    return settings_pb2.SettingChanged(
        key="account/7", account=settings_pb2.Account(account_id="7", business_id="8", name=name)
    )


def records(kafka: KafkaConnection, prefix: str, name: str) -> list[Message]:
    return list(committed_records(kafka, prefix + name, topic(name).partitions))


def test_a_change_is_numbered_dated_and_read_back(
    kafka: KafkaConnection, prefix: str, writer: SettingsWriter
) -> None:
    writer.change(lambda _: [account("First")])
    written = writer.change(lambda _: [account("Second")])

    assert [(change.version, change.effective_from_ms) for change in written] == [(2, NOW_MS)]
    assert read_settings(kafka, prefix).get("account/7") == written[0]


def test_a_change_may_hold_from_another_time(writer: SettingsWriter) -> None:
    later = account("Later")
    later.effective_from_ms = NOW_MS + 1
    assert writer.change(lambda _: [later])[0].effective_from_ms == NOW_MS + 1


@pytest.mark.parametrize(
    ("change", "stage_inputs"),
    [
        (account("Any"), ["screened"]),
        (settings_pb2.SettingChanged(key="business/8", business=settings_pb2.Business()), ["usage"]),
        (
            settings_pb2.SettingChanged(key="platform", platform=settings_pb2.Platform()),
            ["intake", "dispatch"],
        ),
        (settings_pb2.SettingChanged(key="template/7/a/en", template=settings_pb2.Template()), []),
    ],
    ids=lambda value: value.key if isinstance(value, settings_pb2.SettingChanged) else "",
)
def test_every_partition_of_each_stage_that_needs_it_gets_it(
    kafka: KafkaConnection,
    prefix: str,
    writer: SettingsWriter,
    change: settings_pb2.SettingChanged,
    stage_inputs: list[str],
) -> None:
    (written,) = writer.change(lambda _: [change])
    for name in ["intake", "screened", "usage", "dispatch"]:
        found = records(kafka, prefix, name)
        wanted = range(topic(name).partitions) if name in stage_inputs else []
        assert sorted(record.partition() or 0 for record in found) == list(wanted)
        for record in found:
            event = topic(name).message.FromString(record.value() or b"")
            assert event == topic(name).message(setting_changed=written)
            assert record.key() == change.key.encode()
            assert dict(record.headers() or []) == {
                SCHEMA: topic(name).schema.encode(),
                KIND: b"setting_changed",
            }


@pytest.mark.parametrize("changes", [1, CHANGES_MAX], ids=["told at the commit", "told while still writing"])
def test_the_slower_of_two_writers_is_refused_and_writes_nothing(
    kafka: KafkaConnection, prefix: str, writer: SettingsWriter, changes: int
) -> None:
    def while_another_writes(_: SettingsSnapshot) -> Sequence[settings_pb2.SettingChanged]:
        SettingsWriter(kafka, prefix, lambda: NOW_MS).change(lambda _: [account("Quicker")])
        return [account("Slower")] * changes

    with pytest.raises(Refused, match="repeat this one"):
        writer.change(while_another_writes)
    written = [record.value() or b"" for record in records(kafka, prefix, "settings")]
    assert [settings_pb2.SettingChanged.FromString(value).account.name for value in written] == ["Quicker"]


def test_a_change_that_is_refused_while_being_made_writes_nothing(
    kafka: KafkaConnection, prefix: str, writer: SettingsWriter
) -> None:
    def refuse(_: SettingsSnapshot) -> Sequence[settings_pb2.SettingChanged]:
        raise Refused("Account 7 has 16 tokens.")

    with pytest.raises(Refused, match="16 tokens"):
        writer.change(refuse)
    assert records(kafka, prefix, "settings") == []
