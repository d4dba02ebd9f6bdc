"""Kafka's jars: resolved by Maven once, checked against their checksums, cached outside git.

The cache is one directory a Kafka version. It appears by a rename when every jar in it has been
checked, so a directory that exists is complete, whatever crashed while it was made.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from deploy.kafka.errors import JarRefused
from deploy.kafka.maven import resolve
from deploy.kafka.pins import CHECKSUMS, kafka_version, read_checksums, sha256_of

STAMP = "checked"
"""Written beside jars that were checked in full: their names, sizes and times, and the pins' digest."""


def cache_directory(environment: Mapping[str, str]) -> Path:
    """PARLEY_CACHE_DIR, else `parley` in XDG_CACHE_HOME or ~/.cache."""
    if chosen := environment.get("PARLEY_CACHE_DIR"):
        return Path(chosen)
    base = environment.get("XDG_CACHE_HOME") or Path(environment.get("HOME") or Path.home(), ".cache")
    return Path(base, "parley")


def ensure_jars(environment: Mapping[str, str], checksums: Path = CHECKSUMS) -> Path:
    """The directory that holds exactly the pinned jars; resolves and checks them on first use.

    Returns at once when they were checked before and have not been touched since. Two first uses at
    the same time take turns. Raises MavenMissing, JarsUnresolved, or JarRefused, which leaves the
    cache as it was.
    """
    installed = cache_directory(environment) / f"kafka-{kafka_version()}"
    if _is_stamped(installed, checksums):
        return installed
    installed.parent.mkdir(parents=True, exist_ok=True)
    with _only_one(installed.with_suffix(installed.suffix + ".lock")):
        if not installed.exists():
            _install(installed, environment, checksums)
        elif not _is_stamped(installed, checksums):
            check_jars(installed, read_checksums(checksums))
            _stamp(installed, checksums)
    return installed


def check_jars(directory: Path, expected: Mapping[str, str]) -> None:
    """Raise JarRefused unless the directory holds exactly the expected jars."""
    present = {jar.name: jar for jar in directory.glob("*.jar")}
    for name in sorted(expected.keys() - present.keys()):
        raise JarRefused(name, "is missing", directory)
    for name in sorted(present.keys() - expected.keys()):
        raise JarRefused(name, "has no pinned checksum but lies", directory)
    for name, digest in sorted(expected.items()):
        if sha256_of(present[name]) != digest:
            raise JarRefused(name, "does not have its pinned checksum", directory)


def _install(installed: Path, environment: Mapping[str, str], checksums: Path) -> None:
    fresh = Path(tempfile.mkdtemp(prefix=f"{installed.name}-", dir=installed.parent))
    try:
        resolve(fresh, environment)
        check_jars(fresh, read_checksums(checksums))
        _stamp(fresh, checksums)
        fresh.chmod(0o755)
        fresh.rename(installed)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise


def _is_stamped(directory: Path, checksums: Path) -> bool:
    try:
        return (directory / STAMP).read_text() == _description(directory, checksums)
    except FileNotFoundError:
        return False


def _stamp(directory: Path, checksums: Path) -> None:
    fresh = directory / f"{STAMP}.new"
    fresh.write_text(_description(directory, checksums))
    fresh.replace(directory / STAMP)


def _description(directory: Path, checksums: Path) -> str:
    """All that changes when a jar is added, removed or written to, or when the pins change."""
    lines = [f"{sha256_of(checksums)}  {checksums.name}"]
    for jar in sorted(directory.glob("*.jar")):
        status = jar.stat()
        lines.append(f"{status.st_size} {status.st_mtime_ns}  {jar.name}")
    return "\n".join(lines) + "\n"


@contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    """Hold a lock between processes; the kernel releases it when the holder ends."""
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
