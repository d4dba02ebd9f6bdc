"""Ports on loopback for brokers that run side by side."""

import errno
import random
import socket

from deploy.kafka.errors import KafkaUnavailable, PortTaken

HOST = "127.0.0.1"

FIRST, LAST = 20_000, 32_000
"""Below the range from which Linux gives ports to outgoing connections (32768 and up): there, some
client could take a broker's port while the broker restarts, or a client that keeps trying to reach
a stopped broker could connect to itself."""

ATTEMPTS_MAX = 200


def check_free(port: int) -> None:
    """Raise PortTaken if somebody listens on the port now (connections that linger do not count)."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortTaken(HOST, port) from error
            raise


def choose(avoid: set[int]) -> int:
    """A port that is free now and not in `avoid`. Random, so that two who choose at once rarely meet."""
    chooser = random.SystemRandom()
    for _ in range(ATTEMPTS_MAX):
        port = chooser.randint(FIRST, LAST)
        if port in avoid:
            continue
        try:
            check_free(port)
        except PortTaken:
            continue
        return port
    raise KafkaUnavailable(
        f"No free port on {HOST} between {FIRST} and {LAST}: give Kafka a port, or end what listens."
    )
