"""``make bench``: measure, print a table, write ``.run/bench.json``. Names on the command line choose."""

import asyncio
import sys
from collections.abc import Awaitable, Callable

from rich.console import Console

from tests.bench import figures
from tests.bench.end_to_end import end_to_end
from tests.bench.figures import Figure
from tests.bench.rating import rating
from tests.bench.recovery import recovery
from tests.bench.stages import stages
from tests.bench.verify import verify
from tests.bench.verify_many import verify_many

ON_REQUEST = {"verify-many"}
"""Too long to belong to a run of all."""
BENCHMARKS: dict[str, Callable[[Console], Awaitable[list[Figure]]]] = {
    "stages": stages,
    "rating": rating,
    "verify": verify,
    "verify-many": verify_many,
    "end-to-end": end_to_end,
    "recovery": recovery,
}


async def main(names: list[str]) -> None:
    """Run the named benchmarks, or all."""
    console = Console()
    measured: list[Figure] = []
    for name in names or [each for each in BENCHMARKS if each not in ON_REQUEST]:
        console.rule(name)
        measured += await BENCHMARKS[name](console)
        figures.write(measured)
    figures.show(measured, console)


if __name__ == "__main__":
    if unknown := set(sys.argv[1:]) - set(BENCHMARKS):
        sys.exit(f"There is no benchmark {', '.join(unknown)}: choose from {', '.join(BENCHMARKS)}.")
    asyncio.run(main(sys.argv[1:]))
