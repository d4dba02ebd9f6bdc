"""The lines of a process's log."""

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import logging
from services.runtime.logs import configure_logs
configure_logs("webhooks")
configure_logs("webhooks")
library = logging.getLogger("aiokafka.consumer")
library.info("of no interest")
library.error("Request failed: %s", "[Error 15]\\nof the coordinator")
try:
    raise ValueError("why")
except ValueError:
    library.exception("It broke")
library.error("%d of %s", "two")
library.log(35, "Of a level without a name")
"""


def test_what_a_library_logs_is_one_line_like_all_others() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    failed, broke, malformed, unnamed = done.stderr.splitlines()
    assert failed.partition(" ")[2] == (
        'level=error service=webhooks what="Request failed: [Error 15]\\nof the coordinator" '
        "logger=aiokafka.consumer"
    )
    assert failed.startswith("timestamp=")
    assert 'what="It broke"' in broke
    assert "ValueError: why" in broke
    assert 'what="%d of %s"' in malformed
    assert 'level=warning service=webhooks what="Of a level without a name"' in unnamed
