"""Accounts with their numbers, tokens and templates, plans, and the platform's own settings."""

import json
from typing import Any

import pytest

from services.contracts.catalogue import FACTOR
from services.identity.customer_token import number_of_token
from tests.integration.commands.rig import CUSTOMER, KEY, PLAN, Operator

pytestmark = pytest.mark.integration


def test_topics_are_as_declared_until_they_are_not(operator: Operator) -> None:
    assert operator.parley("topics", "diff").out == ""
    assert not any(each["created"] for each in operator.parley("topics", "create").objects)
    operator.environment["PARLEY_MIN_INSYNC_REPLICAS"] = "2"
    different = operator.parley("topics", "diff")
    del operator.environment["PARLEY_MIN_INSYNC_REPLICAS"]
    assert different.status == 1
    assert {each["what"] for each in different.objects} == {"min.insync.replicas"}
    assert "differences" in different.sentence


@pytest.mark.parametrize("copies", ["0", "two", "²", "9" * 5_000])
def test_a_number_of_copies_that_is_none_is_refused(operator: Operator, copies: str) -> None:
    operator.environment["PARLEY_REPLICATION_FACTOR"] = copies
    answer = operator.parley("topics", "create")
    del operator.environment["PARLEY_REPLICATION_FACTOR"]
    assert (answer.status, answer.out) == (1, "")
    assert answer.sentence.startswith("PARLEY_REPLICATION_FACTOR must be a whole number from 1")


def test_topics_of_another_factor_are_neither_read_nor_written(
    operator: Operator, account: dict[str, Any]
) -> None:
    before = operator.parley("account", "show", account["account_id"]).object
    factor = operator.environment[FACTOR]
    operator.environment[FACTOR] = str(int(factor) * 2)
    answers = [
        operator.parley(*words)
        for words in (
            ("account", "show"),
            ("number", "add", account["account_id"], "+49 151 12345679"),
            ("topics", "create"),
        )
    ]
    different = operator.parley("topics", "diff")
    operator.environment[FACTOR] = factor
    for answer in answers:
        assert (answer.status, answer.out) == (1, "")
        assert f"set {FACTOR}={factor}, as where the topics were made" in answer.sentence
    assert {each["what"] for each in different.objects} == {"partitions"}
    assert operator.parley("account", "show", account["account_id"]).object == before


def test_a_new_account_is_described_with_its_secrets_once(
    operator: Operator, account: dict[str, Any]
) -> None:
    shown = operator.parley("account", "show", account["account_id"])
    assert shown.object["business_id"] == account["business_id"]
    assert shown.object["numbers"][0]["phone_number_id"] == account["phone_number_id"]
    for secret in ("access_token", "app_secret", "verify_token"):
        assert account[secret] not in shown.out
    listed = operator.parley("account", "show", as_json=False)
    assert account["account_id"] in listed.out


def test_tokens_are_made_listed_and_revoked(operator: Operator, account: dict[str, Any]) -> None:
    made = operator.parley("account", "token", account["account_id"]).object
    assert made["access_token"].startswith("PT")
    revoked = operator.parley("account", "token", account["account_id"], "--revoke", made["token_id"]).object
    assert revoked["revoked_at"]
    assert "access_token" not in revoked
    listed = operator.parley("account", "token", account["account_id"], "--list").objects
    assert {each["token_id"]: each["revoked_at"] for each in listed}[made["token_id"]] == revoked[
        "revoked_at"
    ]


def test_an_account_is_changed_where_it_is_named(operator: Operator, account: dict[str, Any]) -> None:
    words = ("account", "set", account["account_id"])
    changed = operator.parley(*words, "--closing-soon-seconds", "60", "--time-zone", "Europe/Berlin").object
    assert (changed["closing_soon_seconds"], changed["time_zone"]) == (60, "Europe/Berlin")
    assert (changed["name"], changed["plan"]) == ("Air Example", "launch-2018")
    assert operator.parley(*words, "--plan", "none").status == 1
    assert operator.parley(*words, "--time-zone", "Mars/Olympus").status == 2
    assert operator.parley(*words).status == 2


def test_numbers_are_added_and_changed(operator: Operator, account: dict[str, Any]) -> None:
    added = operator.parley("number", "add", account["account_id"], "+49 151 12345678").object
    assert added["display_phone_number"] == "4915112345678"
    changed = operator.parley("number", "set", added["phone_number_id"], "--rate", "5").object
    assert changed == added | {"rate_per_second": 5}
    taken = operator.parley("number", "add", account["account_id"], "4915112345678")
    assert (taken.status, taken.out) == (1, "")
    assert "belongs to an account already" in taken.sentence


def test_templates_are_added_and_listed(operator: Operator, account: dict[str, Any]) -> None:
    file = operator.directory / "template.json"
    body = {"type": "BODY", "text": "Your code is {{1}}"}
    call = {"name": "code", "language": "de", "category": "AUTHENTICATION", "components": [body]}
    file.write_text(json.dumps(call | {"message_send_ttl_seconds": 60}))
    added = operator.parley("template", "add", account["account_id"], str(file)).object
    assert (added["parameters"], added["message_send_ttl_seconds"]) == (1, 60)
    listed = operator.parley("template", "list", account["account_id"]).objects
    assert [each["name"] for each in listed] == ["code", "hello_world", "order_update"]
    again = operator.parley("template", "add", account["account_id"], str(file)).object
    assert again == added, "the same template keeps its id"


def test_a_published_plan_is_shown(operator: Operator) -> None:
    (listed,) = operator.parley("plan", "show").objects
    assert (listed["name"], listed["version"], listed["currency"]) == ("launch-2018", 1, "USD")
    rates = operator.parley("plan", "show", "launch-2018").object["rates"]
    assert {
        "market": "Germany",
        "category": "service",
        "rate": {"currency": "USD", "micros": 90_000},
    } in rates
    assert operator.parley("plan", "check", str(PLAN)).status == 0
    assert operator.parley("plan", "check", str(operator.directory / "none.toml")).status == 1


def test_handset_tokens_open_for_the_canonical_number(operator: Operator) -> None:
    tokens = operator.parley("handset", "token", "+1 (650) 555-1234", CUSTOMER).objects
    assert [each["number"] for each in tokens] == [CUSTOMER, CUSTOMER]
    assert {number_of_token(KEY, each["token"]) for each in tokens} == {CUSTOMER}


def test_limits_of_the_platform_are_changed_one_by_one(operator: Operator) -> None:
    operator.parley("platform", "set", "--pair-burst", "9")
    assert operator.parley("platform", "set", "--pair-interval-seconds", "3").object["pair_burst"] == 9
