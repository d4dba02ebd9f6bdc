"""The load's processes: started, fed, and asked for what they saw."""

import asyncio
import json
import sys
from typing import Any


class LoadProcess:
    """One module of this package as a process that ends when its stdin does."""

    def __init__(self, module: str) -> None:
        self._module = f"tests.bench.load.{module}"

    async def start(self, plan: dict[str, Any] | None = None) -> None:
        """Start it; ``plan`` is the first line of its stdin."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            self._module,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=1 << 30,
        )
        if plan is not None:
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(plan).encode() + b"\n")
            await self._process.stdin.drain()

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    async def line(self) -> str:
        """The next line that it prints."""
        assert self._process.stdout is not None
        return (await self._process.stdout.readline()).decode().strip()

    async def finish(self) -> dict[str, Any]:
        """Close its stdin, and return what it prints at its end. Raises ``RuntimeError`` when it failed."""
        output, _ = await self._process.communicate(b"")
        if self._process.returncode:
            raise RuntimeError(f"{self._module} ended with {self._process.returncode}")
        seen: dict[str, Any] = json.loads(output)
        return seen
