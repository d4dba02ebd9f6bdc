"""Resolve the jars that pom.xml names with the ordinary mvn client."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from deploy.kafka.errors import JarsUnresolved, MavenMissing
from deploy.kafka.pins import POM

RESOLVE_SECONDS_MAX = 600
REASON_LENGTH_MAX = 400

GOAL = "org.apache.maven.plugins:maven-dependency-plugin:copy-dependencies"
"""In full, so that the plugin's version is the one in pom.xml."""

_ERROR = "[ERROR] "
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_NOT_REASONS = ("[Help", "Re-run Maven", "To see the full stack trace", "For more information")


def resolve(directory: Path, environment: Mapping[str, str]) -> None:
    """Copy the jars into the directory. Blocks until Maven is done, ten minutes at most.

    Raises MavenMissing, or JarsUnresolved with Maven's own reason.
    """
    maven = shutil.which("mvn", path=environment.get("PATH", ""))
    if maven is None:
        raise MavenMissing(
            "Kafka's jars are not cached yet and there is no mvn on PATH: install Maven for the first use, "
            "or set KAFKA_BOOTSTRAP_SERVERS to use a cluster that runs already."
        )
    command = [
        maven,
        "--batch-mode",
        "--quiet",
        "--no-transfer-progress",
        "-Dstyle.color=never",
        f"--file={POM}",
    ]
    command += [GOAL, "-DincludeScope=runtime", f"-DoutputDirectory={directory}"]
    try:
        answer = subprocess.run(
            command,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=RESOLVE_SECONDS_MAX,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise JarsUnresolved(
            f"Maven did not resolve Kafka's jars within {RESOLVE_SECONDS_MAX} s: "
            "check the network and try again."
        ) from error
    if answer.returncode != 0:
        raise JarsUnresolved(
            "Maven could not resolve Kafka's jars; check the network and Maven's settings and try again. "
            f"Maven says: {_reason(answer.stdout)}"
        )


def _reason(output: str) -> str:
    """The last line of Maven's output that says what went wrong rather than where to read about it."""
    lines = [line for line in map(str.strip, _COLOUR.sub("", output).splitlines()) if line]
    errors = [line.removeprefix(_ERROR).strip() for line in lines if line.startswith(_ERROR)]
    reasons = [line for line in errors if line and not line.startswith(_NOT_REASONS)]
    return (reasons or lines or ["nothing"])[-1][:REASON_LENGTH_MAX]
