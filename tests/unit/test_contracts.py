"""The contracts: what proto/ declares, what was generated from it, and what may not change."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from parley.settings.v1 import settings_pb2
from services.contracts import catalogue as catalogue_module
from services.contracts.catalogue import (
    FACTOR,
    UndeclaredTopic,
    catalogue,
    differing_partitions,
    partition_factor,
    topic,
)
from services.contracts.placement import partition_of
from services.contracts.setting_routes import UnknownSettingKind, setting_kinds, stage_inputs_of

ROOT = Path(__file__).parents[2]
BUF = Path(sys.executable).with_name("buf")
BREAKS = 100
"""buf's exit code when it refuses a change."""
LEDGER = Path("proto/parley/billing/v1/ledger.proto")
USAGE = Path("proto/parley/billing/v1/usage.proto")


def buf(*arguments: str, where: Path) -> subprocess.CompletedProcess[str]:
    """Run buf, with the protoc beside it."""
    environment = {"PATH": f"{BUF.parent}:/usr/bin:/bin", "HOME": str(where), "BUF_CACHE_DIR": str(where)}
    command = [str(BUF), *arguments]
    return subprocess.run(command, cwd=where, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the contracts, to be broken."""
    shutil.copytree(ROOT / "proto", tmp_path / "proto")
    for name in ("buf.yaml", "buf.gen.yaml"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def breaking(copy: Path) -> subprocess.CompletedProcess[str]:
    return buf("breaking", "--against", "proto/baseline.binpb", where=copy)


def test_the_contracts_as_they_are_break_nothing(copy: Path) -> None:
    answer = breaking(copy)
    assert (answer.returncode, answer.stdout) == (0, "")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("  uint64 sequence = 3;", "  string sequence = 3;", 'Field "3" with name "sequence"'),
        ("  uint64 sequence = 3;", "  uint64 position = 3;", 'changed name from "sequence" to "position"'),
        ("  string previous_hash = 4;\n", "", 'Previously present field "4"'),
        ("    FreeDelivered free = 33;\n", "", 'Previously present field "33"'),
    ],
)
def test_a_broken_public_topic_is_refused(copy: Path, old: str, new: str, complaint: str) -> None:
    edit(copy / LEDGER, old, new)
    answer = breaking(copy)
    assert answer.returncode == BREAKS
    assert complaint in answer.stdout


def test_an_internal_topic_may_change(copy: Path) -> None:
    edit(copy / USAGE, "  bool read = 4;", "  bool seen = 4;")
    assert breaking(copy).returncode == 0


def test_no_public_topic_is_exempt_from_the_check() -> None:
    exempt = [
        line.strip(" -")
        for line in (ROOT / "buf.yaml").read_text().splitlines()
        if line.startswith("    - proto/")
    ]
    assert exempt
    for declared in catalogue().values():
        if declared.public:
            file = "proto/" + declared.message.DESCRIPTOR.file.name
            assert not [path for path in exempt if file.startswith(path)], f"{file} is public and exempt"


def test_a_field_without_a_comment_is_refused(copy: Path) -> None:
    edit(copy / LEDGER, "  uint64 sequence = 3;", "  uint64 sequence = 3;\n  string memo = 99;")
    answer = buf("lint", where=copy)
    assert answer.returncode == BREAKS
    assert 'Field "memo" should have a non-empty comment' in answer.stdout


def test_the_generated_modules_are_those_of_the_contracts(copy: Path) -> None:
    answer = buf("generate", where=copy)
    assert answer.returncode == 0, answer.stderr
    fresh, committed = copy / "services/contracts/parley", ROOT / "services/contracts/parley"
    wanted = {file.relative_to(fresh): file.read_text() for file in fresh.rglob("*.py*") if file.is_file()}
    found = {
        file.relative_to(committed): file.read_text()
        for file in committed.rglob("*_pb2.py*")
        if "__pycache__" not in file.parts
    }
    stale = {str(name) for name in wanted | found if wanted.get(name) != found.get(name)}
    assert not stale, "run `make proto`"


def test_the_catalogue_reads_every_file_that_declares_a_topic() -> None:
    declaring = {
        str(file.relative_to(ROOT / "proto")).replace("/", ".").removesuffix(".proto") + "_pb2"
        for file in (ROOT / "proto").rglob("*.proto")
        if "(parley.catalog.v1.topic)" in file.read_text()
    }
    assert set(catalogue_module._MODULES) == declaring


def test_topics_of_tiers_share_a_message() -> None:
    assert topic("webhook-retry-1").message is topic("webhook-retry-7").message


def test_what_is_kept_for_ever_says_so_to_the_broker() -> None:
    assert {name for name, each in catalogue().items() if each.config().get("retention.ms") == "-1"} == {
        "consents",
        "ledger",
    }


def counted(factor: str) -> subprocess.CompletedProcess[str]:
    """The partitions of each topic as a process sees them whose environment has this factor."""
    script = (
        "from services.contracts.catalogue import catalogue\n"
        "for topic in catalogue().values(): print(topic.name, topic.partitions)"
    )
    return subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": "services/contracts", FACTOR: factor},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_deployment_may_have_a_multiple_of_the_partitions() -> None:
    declared, threefold = (
        dict(line.split() for line in counted(factor).stdout.splitlines()) for factor in ("", "3")
    )
    assert (declared["intake"], declared["usage"], declared["settings"]) == ("2", "1", "1")
    assert threefold == {
        name: count if name == "settings" else str(int(count) * 3) for name, count in declared.items()
    }


@pytest.mark.parametrize("factor", ["0", "257", "two", "1.5", "٣", "9" * 5_000])
def test_a_factor_that_is_no_such_number_ends_the_process_in_one_line(factor: str) -> None:
    ended = counted(factor)
    assert ended.returncode == 78
    assert ended.stderr == f"{FACTOR} must be a whole number from 1 to 256, not {factor!r}\n"


def test_topics_of_another_factor_are_named_with_the_factor_they_have() -> None:
    usage, intake = topic("usage").partitions, topic("intake").partitions
    assert differing_partitions({}) is None
    assert differing_partitions({"p.usage": usage, "p.intake": intake, "intake": 99}, "p.") is None
    assert differing_partitions({"p.usage": usage, "p.intake": intake * 2}, "p.") == (
        f"p.intake has {intake * 2} partitions, where {intake} are expected: "
        f"set {FACTOR}={partition_factor() * 2}, as where the topics were made"
    )


@pytest.mark.parametrize(("name", "count"), [("intake", 7), ("intake", 2 * 257), ("settings", 2)])
def test_partitions_that_no_factor_makes_are_said_to_be_such(name: str, count: int) -> None:
    assert differing_partitions({name: count}) == (
        f"{name} has {count} partitions, where {topic(name).partitions} are expected: no {FACTOR} makes that"
    )


def test_an_undeclared_topic_is_named() -> None:
    with pytest.raises(UndeclaredTopic, match="'leger'"):
        topic("leger")


@pytest.mark.parametrize(
    ("name", "key", "partition"),
    [
        ("intake", b"123456789", 0xCBF43926 % 4),  # CRC-32's check value
        ("intake", b"506914307656634:u1_q83vEjRWeJCrze8SNFZ4kA", 3),
        ("usage", b"506914307656634", 0),
        ("outbox", b"u1_q83vEjRWeJCrze8SNFZ4kA/wamid.A", 2),
        ("outbox", b"u1_q83vEjRWeJCrze8SNFZ4kA/wamid.B", 2),
    ],
)
def test_where_a_record_lies_never_changes(name: str, key: bytes, partition: int) -> None:
    assert partition_of(topic(name), key) == partition


def test_a_record_that_lies_with_its_cause_has_no_partition_of_its_own() -> None:
    with pytest.raises(ValueError, match="partition of their cause"):
        partition_of(topic("dead-letters"), b"key")


def test_each_kind_of_setting_has_a_route() -> None:
    values = settings_pb2.SettingChanged.DESCRIPTOR.oneofs_by_name["value"].fields
    assert setting_kinds() == {field.name.replace("_", "-") for field in values}


def test_each_stage_input_on_a_route_can_carry_a_setting() -> None:
    for kind in setting_kinds():
        for stage_input in stage_inputs_of(f"{kind}/1"):
            assert "setting_changed" in stage_input.message.DESCRIPTOR.fields_by_name


def test_a_key_of_no_known_kind_is_refused() -> None:
    with pytest.raises(UnknownSettingKind, match="'colour'"):
        stage_inputs_of("colour/1")
