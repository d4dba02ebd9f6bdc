"""Find a Java that can run the broker."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from deploy.kafka.errors import JavaMissing, JavaTooOld

MAJOR_MIN = 17
"""Kafka 4 brokers need Java 17 (KIP-750)."""

_VERSION = re.compile(r'version "(?:1\.)?(\d+)')
_CHECK_SECONDS_MAX = 20


def find_java(environment: Mapping[str, str]) -> str:
    """Path of a java that is new enough: JAVA_HOME's if that is set, else the first on PATH.

    Raises JavaMissing or JavaTooOld. May block for the tenth of a second that java takes to answer.
    """
    home = environment.get("JAVA_HOME")
    java = str(Path(home, "bin", "java")) if home else shutil.which("java", path=environment.get("PATH", ""))
    if java is None or not os.access(java, os.X_OK):
        where = f"under JAVA_HOME={home}" if home else "on PATH"
        raise JavaMissing(
            f"No java {where}: install a Java runtime, version {MAJOR_MIN} or newer, to run Kafka."
        )
    major = _major_version(java)
    if major is None:
        raise JavaMissing(
            f"{java} does not say its version: install a Java runtime, version {MAJOR_MIN} or newer."
        )
    if major < MAJOR_MIN:
        raise JavaTooOld(
            f"{java} is Java {major} but Kafka needs {MAJOR_MIN} or newer: "
            "install one, or point JAVA_HOME to it."
        )
    return java


@lru_cache(maxsize=8)
def _major_version(java: str) -> int | None:
    try:
        answer = subprocess.run(
            [java, "-version"], capture_output=True, text=True, timeout=_CHECK_SECONDS_MAX, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = _VERSION.search(answer.stderr + answer.stdout)
    return int(match[1]) if match else None
