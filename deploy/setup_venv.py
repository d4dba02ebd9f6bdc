"""Make `.venv`: the libraries of requirements.lock, by checksum, and this project, editable.

Needs nothing but Python 3.11 or newer. Does nothing when lock, project and Python are those of the last
time; two that run at once wait for each other. Run as a script, before anything is installed.
"""

import fcntl
import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

PYTHON_MIN = (3, 11)
ROOT = Path(__file__).parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "parley-setup"
LOCK = ROOT / "requirements.lock"
PIP = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]


class SetupFailed(Exception):
    """One sentence on what to do."""


def main() -> None:
    """Set up, or say in one sentence why not and exit 1."""
    try:
        set_up()
    except SetupFailed as reason:
        sys.exit(f"setup: {reason}")


def set_up() -> None:
    """Bring `.venv` to what is locked. Raises SetupFailed."""
    if sys.version_info < PYTHON_MIN:
        found = ".".join(map(str, sys.version_info[:3]))
        raise SetupFailed(f"this is Python {found}, Parley needs 3.11 or newer: make PYTHON=<its path>")
    wanted = fingerprint()
    if is_done(wanted):
        return
    repository = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(repository, fcntl.LOCK_EX)
        if not is_done(wanted):
            print("setup: installing the locked libraries into .venv", file=sys.stderr)
            make_environment()
            STAMP.write_text(wanted)
    finally:
        os.close(repository)


def make_environment() -> None:
    """Create `.venv` unless it works, and install into it. Raises SetupFailed."""
    if not runs():
        venv.create(VENV, clear=True, with_pip=True)
    install("--require-hashes", "--requirement", str(LOCK))
    install("--no-deps", "--no-build-isolation", "--editable", str(ROOT))


def fingerprint() -> str:
    """What the environment depends on, this machine's Python included."""
    sources = (LOCK.read_bytes(), (ROOT / "pyproject.toml").read_bytes(), str(ROOT).encode())
    return hashlib.sha256(b"\0".join((sys.version.encode(), *sources))).hexdigest()


def is_done(wanted: str) -> bool:
    """Whether the last set-up was for the same."""
    return STAMP.exists() and STAMP.read_text() == wanted and PYTHON.exists()


def runs() -> bool:
    """Whether there is an environment whose Python still works and is the one that runs this."""
    if not PYTHON.exists():
        return False
    probe = [str(PYTHON), "-c", "import pip, sys; print(sys.version)"]
    answer = subprocess.run(probe, capture_output=True, text=True, check=False)
    return answer.stdout.strip() == sys.version.strip()


def install(*arguments: str) -> None:
    """Run pip. Raises SetupFailed with its last words."""
    answer = subprocess.run([*PIP, *arguments], stderr=subprocess.PIPE, text=True, check=False)
    if answer.returncode != 0:
        last = next(iter(answer.stderr.strip().splitlines()[-1:]), "nothing")
        raise SetupFailed(f"pip could not install {arguments[-1]}: {last}")


if __name__ == "__main__":
    main()
