"""The demo is a test: its story must hold, on a broker of its own and on a secured one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.kafka import EmbeddedKafka
from services.contracts.catalogue import FACTOR

ROOT = Path(__file__).parents[2]
SECONDS_MAX = 240


def tell(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run ``make demo``'s command."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("KAFKA_")}
    return subprocess.run(
        [sys.executable, "-m", "demo"],
        cwd=ROOT,
        env={**plain, **environment},
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )


@pytest.mark.e2e
def test_every_step_of_the_demo_holds() -> None:
    told = tell({FACTOR: "1"})  # as it is where nobody has chosen
    assert told.returncode == 0, told.stdout + told.stderr
    assert "Every step held." in told.stdout


@pytest.mark.e2e
def test_the_whole_path_holds_over_a_sasl_ssl_listener(tmp_path: Path) -> None:
    with EmbeddedKafka(tmp_path, sasl_ssl=True) as kafka:
        told = tell(kafka.connection("sasl_ssl").environment())
        assert told.returncode == 0, told.stdout + told.stderr
        assert "Every step held." in told.stdout
