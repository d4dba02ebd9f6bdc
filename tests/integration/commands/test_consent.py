"""Opt-ins, and what the stages answer to who asks for a state."""

import json
from typing import Any, cast

import pytest

from services.admin.kafka_records import committed_records
from services.consent.stage import ConsentStage
from services.contracts.catalogue import topic
from services.runtime.health import Health, HealthServer, HealthThread, StateAnswer
from services.runtime.memory_store import MemoryStore
from services.runtime.partition import Partition
from services.runtime.record import Record
from services.runtime.state_view import StateView
from tests.integration.commands.rig import CUSTOMER, Operator

pytestmark = pytest.mark.integration


def consent_stage(operator: Operator) -> dict[int, Partition]:
    """The stage consent, as it is once it has read what the commands wrote to intake."""
    intake = topic("intake")
    partitions = {number: Partition(ConsentStage(), MemoryStore()) for number in range(intake.partitions)}
    for record in committed_records(operator.kafka, operator.prefix + intake.name, intake.partitions):
        number, offset = record.partition() or 0, record.offset() or 0
        headers = cast("list[tuple[str, bytes]]", record.headers())
        partition = partitions[number]
        assert partition.step(
            Record(
                intake.name,
                number,
                offset,
                bytes(record.key() or b""),
                record.value(),
                record.timestamp()[1],
                headers,
            )
        )
        partition.commit(partition.meta())
    return partitions


def test_an_opt_in_is_in_intake_with_method_and_evidence(operator: Operator, account: dict[str, Any]) -> None:
    account_id = account["account_id"]
    words = ("--method", "web form", "--evidence", "form 42")
    recorded = operator.parley("consent", "opt-in", account_id, CUSTOMER, *words)
    assert (recorded.status, recorded.object["recorded"]) == (0, "opt-in")

    view = StateView(topic("intake"), consent_stage(operator), lambda _: None)
    owner = HealthThread(HealthServer("127.0.0.1", 0, Health(), view))
    owner.start()
    elsewhere = StateAnswer(421, {"owner": {"replica": "consent-1", "address": f"127.0.0.1:{owner.port}"}})
    replica = HealthThread(HealthServer("127.0.0.1", 0, Health(), lambda _: elsewhere))
    replica.start()
    try:
        urls = {"consent": f"http://127.0.0.1:{replica.port}/metrics"}
        operator.environment["PARLEY_METRICS_URLS"] = json.dumps(urls)
        shown = operator.parley("consent", "show", account_id, "+1 650 555 1234").object
        never = operator.parley("consent", "show", account_id, "4915112345678").object
    finally:
        del operator.environment["PARLEY_METRICS_URLS"]
        for each in (owner, replica):
            each.stop()
    assert (shown["consent"], shown["method"], shown["evidence"]) == ("granted", "web form", "form 42")
    assert (never["consent"], never["permits"], never["changed_at"]) == ("never", False, None)


def test_where_a_stage_is_asked_must_be_known(operator: Operator, account: dict[str, Any]) -> None:
    refused = operator.parley("window", "show", account["account_id"], CUSTOMER)
    assert (refused.status, refused.out) == (1, "")
    assert "PARLEY_METRICS_URLS" in refused.sentence
