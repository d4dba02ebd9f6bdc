"""The proxies: what passes, what waits, and what breaks."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from deploy.kafka import ports
from deploy.kafka.ports import HOST
from tests.chaos.proxy import Proxies, Proxy

SECONDS_MAX = 10.0
LARGE = b"x" * 5_000_000


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    """A proxy before a server that sends everything back."""
    with socket.create_server((HOST, 0)) as listening, Proxies() as proxies:
        threading.Thread(target=_serve, args=(listening,), daemon=True).start()
        proxy = proxies.open(ports.choose(set()))
        proxy.upstream_port = listening.getsockname()[1]
        yield proxy


def _serve(listening: socket.socket) -> None:
    with suppress(OSError):
        while True:
            connection, _ = listening.accept()
            threading.Thread(target=_echo, args=(connection,), daemon=True).start()


def _echo(connection: socket.socket) -> None:
    with connection, suppress(OSError):
        while data := connection.recv(65_536):
            connection.sendall(data)


def connect(proxy: Proxy) -> socket.socket:
    return socket.create_connection((HOST, proxy.port), timeout=SECONDS_MAX)


def receive(connection: socket.socket, size: int) -> bytes:
    with connection.makefile("rb") as stream:
        return stream.read(size)


def test_bytes_pass_both_ways_in_order(proxy: Proxy) -> None:
    with connect(proxy) as connection:
        sending = threading.Thread(target=connection.sendall, args=(LARGE + b"end",))
        sending.start()
        assert receive(connection, len(LARGE) + 3) == LARGE + b"end"
        sending.join()


def test_a_cut_breaks_old_and_new_connections_until_it_is_healed(proxy: Proxy) -> None:
    with connect(proxy) as connection:
        connection.sendall(b"one")
        assert receive(connection, 3) == b"one"
        proxy.cut()
        with suppress(ConnectionError):
            assert connection.recv(1) == b""
    with connect(proxy) as connection, suppress(ConnectionError):
        assert connection.recv(1) == b""
    proxy.heal()
    with connect(proxy) as connection:
        connection.sendall(b"two")
        assert receive(connection, 3) == b"two"


def test_what_is_held_up_comes_in_order_once_it_is_healed(proxy: Proxy) -> None:
    with connect(proxy) as connection:
        connection.sendall(b"a")
        assert receive(connection, 1) == b"a"
        proxy.hold_up()
        connection.settimeout(0.2)
        connection.sendall(b"b")
        with pytest.raises(TimeoutError):
            connection.recv(1)
        connection.sendall(b"c")
        proxy.heal()
        connection.settimeout(SECONDS_MAX)
        assert receive(connection, 2) == b"bc"


def test_what_is_slowed_down_takes_its_time_each_way(proxy: Proxy) -> None:
    with connect(proxy) as connection:
        proxy.slow_down(0.05)
        begun = time.monotonic()
        connection.sendall(b"a")
        assert receive(connection, 1) == b"a"
        assert time.monotonic() - begun >= 0.1


def test_a_connection_that_ends_while_it_is_slowed_down_disturbs_no_other(proxy: Proxy) -> None:
    proxy.slow_down(0.05)
    with connect(proxy) as connection:
        connection.sendall(b"never comes back")
    with connect(proxy) as connection:
        connection.sendall(b"a")
        assert receive(connection, 1) == b"a"
