"""What is pinned: the Kafka version and the checksum of each jar."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).parent
POM = HERE / "pom.xml"
CHECKSUMS = HERE / "jars.sha256"

_VERSION_IN_POM = re.compile(r"<kafka\.version>([^<]+)</kafka\.version>")


def kafka_version() -> str:
    """The version of Kafka that pom.xml names, such as 4.2.1."""
    match = _VERSION_IN_POM.search(POM.read_text())
    if match is None:
        raise ValueError(f"{POM} names no kafka.version")
    return match[1]


def sha256_of(jar: Path) -> str:
    """The file's SHA-256 in lower-case hex."""
    with jar.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_checksums(file: Path = CHECKSUMS) -> dict[str, str]:
    """Jar file name to SHA-256, from lines in the form of sha256sum(1)."""
    lines = (line.split() for line in file.read_text().splitlines() if line)
    return {name: digest for digest, name in lines}


def write_checksums(checksums: Mapping[str, str], file: Path = CHECKSUMS) -> None:
    """Replace the file, sorted by jar, so that a difference reads well in review."""
    file.write_text("".join(f"{digest}  {name}\n" for name, digest in sorted(checksums.items())))
