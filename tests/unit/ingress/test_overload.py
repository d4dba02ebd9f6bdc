"""What a client is told when the log does not take its message, and when too many wait."""

import asyncio

import pytest

from services.ingress.limits import HttpLimits
from services.runtime.write_errors import NotWritten, Overloaded, RecordTooLarge, WriteUnknown
from tests.unit.ingress.rig import TEXT, TOKEN, Rig, assert_envelope, ingress_rig
from tests.unit.ingress.test_http import HEAD, parse


@pytest.mark.parametrize("failure", [NotWritten("no broker"), Overloaded("8192 wait")])
async def test_nothing_was_written(ingress: Rig, failure: Exception) -> None:
    ingress.written.failure = failure
    response = await ingress.post(TEXT)
    data = assert_envelope(response, 503, 131016)
    assert response.headers["retry-after"] == "1"
    assert response.json()["error"]["is_transient"] is True
    assert "message_id" not in data
    ingress.written.failure = None
    assert (await ingress.post(TEXT)).status_code == 200


async def test_nobody_knows_whether_it_was_written(ingress: Rig) -> None:
    ingress.written.failure = WriteUnknown("no answer")
    headers = {"Authorization": f"Bearer {TOKEN}", "Idempotency-Key": "k"}
    response = await ingress.post(TEXT, headers=headers)
    data = assert_envelope(response, 500, 131000)
    assert response.json()["error"]["is_transient"] is True
    ingress.written.failure = None
    repeated = await ingress.post(TEXT, headers=headers)
    assert repeated.json()["messages"][0]["id"] == data["message_id"]


async def test_a_message_too_large_to_be_recorded(ingress: Rig) -> None:
    ingress.written.failure = RecordTooLarge("a record of 2000000 bytes")
    assert_envelope(await ingress.post(TEXT), 400, 100)


async def test_a_fault_of_ours_is_answered_in_the_envelope(ingress: Rig) -> None:
    ingress.written.failure = ZeroDivisionError("a bug")
    response = await ingress.post(TEXT)
    assert_envelope(response, 500, 131000)
    ingress.written.failure = None
    assert (await ingress.post(TEXT)).status_code == 200


async def test_too_many_requests_in_hand_are_refused_at_once_and_later_taken() -> None:
    async with ingress_rig(HttpLimits(requests_in_hand_max=3)) as rig:
        rig.written.may_go.clear()
        asked = [asyncio.create_task(rig.post(TEXT)) for _ in range(4)]
        async with asyncio.timeout(5):
            (refused,), waiting = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
        assert_envelope(refused.result(), 503, 131016)
        assert refused.result().headers["retry-after"] == "1"
        rig.written.may_go.set()
        assert [response.status_code for response in await asyncio.gather(*waiting)] == [200] * 3
        assert (await rig.post(TEXT)).status_code == 200


async def test_too_many_awaited_bodies_are_refused_at_once_and_later_taken() -> None:
    async with ingress_rig(HttpLimits(bodies_awaited_max=1, linger_seconds_max=0.05)) as rig:
        _, writer = await asyncio.open_connection("127.0.0.1", rig.port)
        writer.write(HEAD + b"Content-Length: 100\r\n\r\n{")
        late = HEAD + b"Connection: close\r\nContent-Length: 100\r\n\r\n{"
        async with asyncio.timeout(5):
            while rig.api.bodies_awaited < 1:
                await asyncio.sleep(0)
            refused = parse(await rig.raw(late))
        assert_envelope(refused, 503, 131016)
        assert refused.headers["retry-after"] == "1"
        writer.write(b" " * 99)
        async with asyncio.timeout(5):
            while rig.api.bodies_awaited:
                await asyncio.sleep(0)
        assert (await rig.post(TEXT)).status_code == 200
        writer.close()
