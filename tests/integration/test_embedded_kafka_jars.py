"""The embedded Kafka's jars: pinned, resolved once, refused when they are not the pinned ones."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.kafka import EmbeddedKafka, errors
from deploy.kafka.jars import ensure_jars
from deploy.kafka.pins import CHECKSUMS, kafka_version, read_checksums, write_checksums

pytestmark = pytest.mark.integration

JAR = "zstd-jni-1.5.6-10.jar"


def bin_with(directory: Path, *programs: str) -> Path:
    """A PATH of its own on which only these programs of the machine are."""
    directory.mkdir()
    for program in programs:
        found = shutil.which(program)
        assert found is not None
        (directory / program).symlink_to(found)
    return directory


def script(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A copy of the machine's cache, times and all, that a test may spoil."""
    copy = tmp_path / "cache"
    shutil.copytree(ensure_jars(os.environ), copy / f"kafka-{kafka_version()}")
    return copy


def without_maven(tmp_path: Path, cache: Path) -> dict[str, str]:
    return {"PATH": str(bin_with(tmp_path / "bin", "java")), "PARLEY_CACHE_DIR": str(cache)}


def test_the_pins_name_kafka_and_a_binding_and_no_address() -> None:
    checksums = read_checksums()
    assert f"kafka_2.13-{kafka_version()}.jar" in checksums
    assert any(name.startswith("log4j-slf4j-impl-") for name in checksums)
    assert all(len(digest) == 64 for digest in checksums.values())
    assert "http" not in CHECKSUMS.read_text()


def test_cached_jars_need_no_maven(tmp_path: Path, cache: Path) -> None:
    jars = ensure_jars(without_maven(tmp_path, cache))
    assert {jar.name for jar in jars.glob("*.jar")} == set(read_checksums())


def test_jars_moved_by_hand_are_checked_in_full_and_stamped(tmp_path: Path, cache: Path) -> None:
    stamp = cache / f"kafka-{kafka_version()}" / "checked"
    before = stamp.read_text()
    stamp.unlink()
    ensure_jars(without_maven(tmp_path, cache))
    assert stamp.read_text() == before


def test_a_doctored_jar_is_refused_by_name(tmp_path: Path, cache: Path) -> None:
    with (cache / f"kafka-{kafka_version()}" / JAR).open("ab") as jar:
        jar.write(b"x")
    with pytest.raises(errors.JarRefused, match=f"{JAR} does not have its pinned checksum"):
        ensure_jars(without_maven(tmp_path, cache))


def test_a_doctored_jar_of_the_same_size_and_time_is_refused_when_not_stamped(
    tmp_path: Path, cache: Path
) -> None:
    jar = cache / f"kafka-{kafka_version()}" / JAR
    status = jar.stat()
    content = bytearray(jar.read_bytes())
    content[len(content) // 2] ^= 1
    jar.write_bytes(content)
    os.utime(jar, ns=(status.st_atime_ns, status.st_mtime_ns))
    (jar.parent / "checked").unlink()
    with pytest.raises(errors.JarRefused, match=JAR):
        ensure_jars(without_maven(tmp_path, cache))


def test_a_missing_jar_is_refused_by_name(tmp_path: Path, cache: Path) -> None:
    (cache / f"kafka-{kafka_version()}" / JAR).unlink()
    with pytest.raises(errors.JarRefused, match=f"{JAR} is missing"):
        ensure_jars(without_maven(tmp_path, cache))


def test_an_extra_jar_is_refused_by_name(tmp_path: Path, cache: Path) -> None:
    (cache / f"kafka-{kafka_version()}" / "stranger-1.0.jar").touch()
    with pytest.raises(errors.JarRefused, match=r"stranger-1\.0\.jar has no pinned checksum"):
        ensure_jars(without_maven(tmp_path, cache))


def test_two_first_uses_at_the_same_time_resolve_once(tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    script(tmp_path / "bin" / "mvn", f'echo called >> "{calls}"\nexec "{shutil.which("mvn")}" "$@"')
    environment = {
        **os.environ,
        "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PARLEY_CACHE_DIR": str(tmp_path / "cache"),
    }
    fetch = [sys.executable, "-m", "deploy.kafka", "fetch"]
    users = [subprocess.Popen(fetch, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    answers = {user.communicate(timeout=120)[0] for user in users}
    assert answers == {f"{tmp_path}/cache/kafka-{kafka_version()}\n"}
    assert calls.read_text() == "called\n"
    assert sorted(entry.name for entry in (tmp_path / "cache").iterdir()) == [
        f"kafka-{kafka_version()}",
        f"kafka-{kafka_version()}.lock",
    ]


def test_a_resolved_jar_with_another_checksum_is_not_installed(tmp_path: Path) -> None:
    pins = tmp_path / "jars.sha256"
    write_checksums({**read_checksums(), JAR: "0" * 64}, pins)
    environment = {**os.environ, "PARLEY_CACHE_DIR": str(tmp_path / "cache")}
    with pytest.raises(errors.JarRefused, match=f"{JAR} does not have its pinned checksum"):
        ensure_jars(environment, pins)
    assert [entry.suffix for entry in (tmp_path / "cache").iterdir()] == [".lock"]


def test_no_java(tmp_path: Path) -> None:
    environment = {"PATH": str(bin_with(tmp_path / "bin"))}
    with pytest.raises(errors.JavaMissing, match=r"No java on PATH: install a Java runtime, version 17"):
        EmbeddedKafka(tmp_path / "data", environment=environment).start()


def test_a_java_home_without_java(tmp_path: Path) -> None:
    environment = {**os.environ, "JAVA_HOME": str(tmp_path)}
    with pytest.raises(errors.JavaMissing, match=f"No java under JAVA_HOME={tmp_path}"):
        EmbeddedKafka(tmp_path / "data", environment=environment).start()


@pytest.mark.parametrize(("version", "major"), [("11.0.2", 11), ("1.8.0_402", 8)])
def test_a_java_that_is_too_old(tmp_path: Path, version: str, major: int) -> None:
    script(tmp_path / "bin" / "java", f"echo 'openjdk version \"{version}\" 2024-01-16' >&2")
    with pytest.raises(errors.JavaTooOld, match=f"is Java {major} but Kafka needs 17 or newer"):
        EmbeddedKafka(tmp_path / "data", environment={"PATH": str(tmp_path / "bin")}).start()


def test_no_maven_at_first_use(tmp_path: Path) -> None:
    environment = without_maven(tmp_path, tmp_path / "empty")
    with pytest.raises(errors.MavenMissing, match="no mvn on PATH: install Maven for the first use"):
        EmbeddedKafka(tmp_path / "data", environment=environment).start()


def test_maven_cannot_resolve(tmp_path: Path) -> None:
    settings = tmp_path / "home" / ".m2" / "settings.xml"
    settings.parent.mkdir(parents=True)
    settings.write_text("<settings><offline>true</offline></settings>")
    environment = {
        **os.environ,
        "PARLEY_CACHE_DIR": str(tmp_path / "cache"),
        "MAVEN_OPTS": f"-Duser.home={tmp_path / 'home'}",
    }
    with pytest.raises(errors.JarsUnresolved) as refusal:
        ensure_jars(environment)
    assert "offline" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_the_command_line_answers_in_one_sentence(tmp_path: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "deploy.kafka", "fetch"],
        env=without_maven(tmp_path, tmp_path / "empty"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert answer.returncode == 1
    assert answer.stderr.startswith("Kafka's jars are not cached yet")
    assert len(answer.stderr.splitlines()) == 1
