"""``make demo``: tell the story; exit non-zero when a step does not hold."""

import asyncio
import signal
import sys
import warnings

from rich.console import Console

from demo.instance import CommandFailed, running
from demo.story import StepFailed, tell

WIDTH_MIN = 110


async def main() -> None:
    """The whole demo. Raises what a step raises; SIGTERM ends it in good order, instance included."""
    telling = asyncio.current_task()
    assert telling is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, telling.cancel)
    console = Console()
    console.width = max(console.width, WIDTH_MIN)
    async with running(console) as instance:
        await tell(console, instance)
    console.print("\n[bold green]Every step held.[/] `make up` leaves an instance running for you to try.")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    try:
        asyncio.run(main())
    except (StepFailed, CommandFailed) as reason:
        sys.exit(f"A step did not hold: {reason}")
    except (asyncio.CancelledError, KeyboardInterrupt):
        sys.exit("The demo was ended before its end.")
    except TimeoutError:
        sys.exit("A step did not hold: what it waits for did not come within 20 seconds.")
