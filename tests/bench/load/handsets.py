"""Customers' devices: each writes once to every business, then confirms and reads whatever comes."""

import asyncio
import json
import sys
import time
from typing import Any

import aiohttp
import uvloop

from tests.bench.load.quiet import Quiet

OPENED_AT_ONCE = 50
QUIET_SECONDS = 60.0


async def serve(plan: dict[str, Any]) -> dict[str, Any]:
    """Connect all devices, say ``ready``, and go on until stdin is closed and nothing more comes.

    Returns what was seen and when.
    """
    arrived: dict[str, int] = {}
    acknowledged: dict[str, int] = {}
    quiet = Quiet()
    openings = asyncio.Semaphore(OPENED_AT_ONCE)
    windows = asyncio.Semaphore(0)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def device(token: str) -> None:
            async with openings:
                socket = await session.ws_connect(
                    f"{plan['url']}?token={token}", protocols=["parley.handset.v1"], max_msg_size=0
                )
                for number in plan["phone_number_ids"]:
                    content = {"type": "text", "text": {"body": "Hello"}}
                    message = {"type": "message", "client_id": f"{plan['run']}-{number}", "to": number}
                    await socket.send_str(json.dumps({**message, "content": content}))
            async for frame in socket:
                quiet.came()
                seen = json.loads(frame.data)
                if seen["type"] == "accepted":
                    windows.release()
                elif seen["type"] == "message":
                    arrived[seen["id"]] = time.monotonic_ns()
                    await socket.send_str(f'{{"type":"ack","id":"{seen["id"]}","status":"delivered"}}')
                    acknowledged[seen["id"]] = time.monotonic_ns()
                    await socket.send_str(f'{{"type":"ack","id":"{seen["id"]}","status":"read"}}')

        devices = [asyncio.create_task(device(token)) for token in plan["tokens"]]
        async with asyncio.timeout(QUIET_SECONDS):
            for _ in range(len(plan["tokens"]) * len(plan["phone_number_ids"])):
                await windows.acquire()
        print("ready", flush=True)  # noqa: T201
        await quiet.after_stdin()
        for each in devices:
            each.cancel()
        await asyncio.gather(*devices, return_exceptions=True)
    return {"arrived": arrived, "acknowledged": acknowledged}


def main() -> None:
    """Read a plan from the first line of stdin; write what was seen to stdout."""
    plan = json.loads(sys.stdin.readline())
    json.dump(uvloop.run(serve(plan)), sys.stdout)


if __name__ == "__main__":
    main()
