"""Which address an update goes to, over which connection, and what is said when there is none."""

import asyncio
import datetime
import resource
import socket
import ssl
from pathlib import Path

import pytest

from deploy.kafka.certificates import issue
from services.delivery.webhooks.address_guard import is_public
from services.delivery.webhooks.connections import Connections
from services.delivery.webhooks.courier import Courier
from services.delivery.webhooks.failures import (
    AddressRefused,
    NoLookupLeft,
    NoSocketLeft,
    Unconnectable,
    Unresolvable,
)
from services.delivery.webhooks.http_connection import tls_context
from services.delivery.webhooks.sockets import Sockets
from services.delivery.webhooks.target import parse_target
from tests.unit.webhooks.courier_rig import (
    ANYWHERE,
    BODY,
    SECRET,
    answers,
    closing,
    courier,
    silent,
)
from tests.unit.webhooks.endpoint_rig import OK, says, told_endpoint


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::ffff:127.0.0.1]", "0", "127.1", "0x7f000001", "2130706433"]
)
async def test_private_addresses_are_refused_however_they_are_written(host: str) -> None:
    async def system(name: str, port: int) -> list[str]:
        found = await asyncio.get_running_loop().getaddrinfo(name, port, type=socket.SOCK_STREAM)
        return [str(entry[4][0]) for entry in found]

    async with told_endpoint(says(OK)) as endpoint:
        sender = courier(endpoint.port, permits=is_public, host=host, resolve=system)
        with pytest.raises(AddressRefused, match="PARLEY_WEBHOOK_ALLOW_PRIVATE"):
            await sender.post(BODY)
    assert endpoint.connections == 0


async def test_a_name_that_changes_its_answer_gains_nothing() -> None:
    """DNS rebinding: what is connected to is the address that was checked, never the name's next answer."""
    async with (
        told_endpoint(closing, "127.0.0.2") as outside,
        told_endpoint(says(OK), "127.0.0.1", outside.port) as inside,
    ):
        sender = courier(
            outside.port,
            permits=lambda address: address == "127.0.0.2",
            resolve=answers(["127.0.0.1", "127.0.0.2"], ["127.0.0.1"]),
        )
        await sender.post(BODY)
        await sender.post(BODY)
        outside.stop()
        with pytest.raises(Unconnectable):
            await sender.post(BODY)
        with pytest.raises(AddressRefused):
            await sender.post(BODY)
    assert len(outside.posts) == 2
    assert inside.connections == 0


async def test_the_next_address_is_tried_when_one_does_not_answer() -> None:
    async with told_endpoint(says(OK)) as endpoint:
        sender = courier(endpoint.port, resolve=answers(["127.0.0.2", "127.0.0.1"]))
        await sender.post(BODY)
        sender.close()
    assert len(endpoint.posts) == 1


async def test_no_more_sockets_than_there_may_be() -> None:
    sockets = Sockets(2)
    async with told_endpoint(silent) as endpoint:
        senders = [courier(endpoint.port, sockets=sockets, timeout_seconds=0.3) for _ in range(3)]
        outcomes = await asyncio.gather(*(sender.post(BODY) for sender in senders), return_exceptions=True)
        assert sorted(type(outcome).__name__ for outcome in outcomes) == [
            "NoSocketLeft",
            "TimedOut",
            "TimedOut",
        ]
        endpoint.answer = says(OK)
        await senders[2].post(BODY)
        with pytest.raises(Unconnectable):
            await courier(1, sockets=sockets).post(BODY)
        await senders[1].post(BODY)
        await senders[0].post(BODY)
        assert endpoint.connections == 5, "the connection that was idle for longest made room"
        for sender in senders:
            sender.close()


async def test_what_the_system_lacks_is_not_the_endpoints_failure() -> None:
    sender = courier(9, resolve=answers(["127.0.0.1"]))
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, limits[1]))
    try:
        with pytest.raises(NoSocketLeft, match="limits say how many"):
            await sender.post(BODY)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


@pytest.fixture
def certificates(tmp_path: Path) -> Path:
    """A directory with an authority, and the key and certificate of a server called localhost."""
    issue(tmp_path / "ca.pem", tmp_path / "server.pem", datetime.datetime.now(datetime.UTC))
    return tmp_path


@pytest.mark.parametrize(
    ("name", "authority", "failure"),
    [
        pytest.param("localhost", "ca.pem", None, id="as it should be"),
        pytest.param("shop.test", "ca.pem", "Hostname mismatch", id="another's certificate"),
        pytest.param("localhost", None, "certificate verify failed", id="an unknown authority"),
    ],
)
async def test_tls_is_verified(
    certificates: Path, name: str, authority: str | None, failure: str | None
) -> None:
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(certificates / "server.pem")
    client = tls_context(str(certificates / authority) if authority else None)
    async with told_endpoint(says(OK), tls=server) as endpoint:
        target = parse_target(f"https://{name}:{endpoint.port}/", allow_http=False)
        connections = Connections(target, answers(["127.0.0.1"]), client, ANYWHERE, Sockets(1))
        sender = Courier(target, SECRET, connections, timeout_seconds=5)
        for _ in range(2):
            if failure is None:
                await sender.post(BODY)
            else:
                with pytest.raises(Unconnectable, match=failure):
                    await sender.post(BODY)
        sender.close()
    assert len(endpoint.posts) == (2 if failure is None else 0)


async def test_nobody_listens() -> None:
    async with told_endpoint(says(OK)) as endpoint:
        port = endpoint.port
    with pytest.raises(Unconnectable, match=r"no connection to shop\.test"):
        await courier(port).post(BODY)


async def test_a_name_without_an_address() -> None:
    async def unknown(_: str, __: int) -> list[str]:
        raise socket.gaierror("Name or service not known")

    with pytest.raises(Unresolvable, match="has no address"):
        await courier(1, resolve=unknown).post(BODY)


async def test_known_addresses_are_used_while_nothing_can_be_looked_up() -> None:
    async def resolve(_: str, __: int) -> list[str]:
        if endpoint.posts:
            raise NoLookupLeft("64 names are being looked up, and none is answered for")
        return ["127.0.0.1"]

    async with told_endpoint(closing) as endpoint:
        sender = courier(endpoint.port, resolve=resolve, addresses_kept_seconds=0)
        for _ in range(3):
            await sender.post(BODY)
        with pytest.raises(NoLookupLeft):
            await courier(endpoint.port, resolve=resolve).post(BODY)
    assert len(endpoint.posts) == 3


async def test_a_name_that_is_never_answered_holds_the_try_no_longer_than_its_time() -> None:
    async def never(_: str, __: int) -> list[str]:
        await asyncio.Event().wait()
        raise AssertionError

    with pytest.raises(Unconnectable, match="in time"):
        await courier(1, resolve=never, timeout_seconds=0.1).post(BODY)
