"""The verifier shares no rule with what it checks: it imports contracts, itself and foreign libraries."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
VERIFIER = ROOT / "services" / "verifier"
SOURCES = VERIFIER / "sources"
"""Reads Kafka, judges nothing: it may know how to connect."""
ALLOWED = ("services.contracts", "services.verifier")
OURS = ("services", "deploy", "tests", "demo")


def imported(file: Path) -> Iterator[str]:
    """Modules that a file imports anywhere in it, functions included."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} imports relatively"
            yield from (f"{node.module}.{name.name}" for name in node.names)


def foreign(file: Path) -> list[str]:
    """Modules of ours that a file imports, contracts and verifier apart."""
    ours = [name for name in imported(file) if name.partition(".")[0] in OURS]
    return [name for name in ours if not name.startswith(tuple(f"{allowed}." for allowed in ALLOWED))]


FILES = sorted(file for file in VERIFIER.rglob("*.py") if SOURCES not in file.parents)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(VERIFIER)))
def test_it_imports_contracts_only(file: Path) -> None:
    assert foreign(file) == []
    assert not any(name.startswith("services.verifier.sources") for name in imported(file))
    assert not any("import_module" in name or "importlib" in name for name in imported(file))


def test_sources_know_how_to_connect_and_nothing_else() -> None:
    for file in SOURCES.glob("*.py"):
        assert set(foreign(file)) <= {"services.runtime.kafka_connection.KafkaConnection"}


def test_contracts_hold_no_rule() -> None:
    """What both sides share imports nothing of ours either."""
    for file in (ROOT / "services" / "contracts").glob("*.py"):
        assert [name for name in foreign(file) if not name.startswith("services.contracts")] == []


def test_the_walk_sees_what_it_must(tmp_path: Path) -> None:
    file = tmp_path / "sly.py"
    file.write_text("def f():\n    from services.rate_and_bill.rules import judge\n")
    assert foreign(file) == ["services.rate_and_bill.rules.judge"]
