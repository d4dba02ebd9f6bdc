"""What an operator can do to a consumer group, for which the client library has no call.

A static member that stops keeps its place until its session is over. Kafka's own tools can take the place
away at once, and so can this.
"""

import socket
import struct

from services.runtime.kafka_connection import KafkaConnection
from tests.integration.waiting import DEADLINE_SECONDS

LEAVE_GROUP, VERSION = 13, 3
ANSWER_ERROR = struct.Struct(">iih")
"""Correlation id, throttle time, error."""


def expel(connection: KafkaConnection, group: str, instance: str) -> None:
    """Take a static member's place away (LeaveGroup by instance id). For a single plaintext broker."""
    request = struct.pack(">hhi", LEAVE_GROUP, VERSION, 1) + _text("surgery") + _text(group)
    request += struct.pack(">i", 1) + _text("") + _text(instance)
    host, _, port = connection.bootstrap_servers.rpartition(":")
    with socket.create_connection((host, int(port)), DEADLINE_SECONDS) as broker:
        broker.sendall(struct.pack(">i", len(request)) + request)
        with broker.makefile("rb") as answers:
            (size,) = struct.unpack(">i", answers.read(4))
            answer = answers.read(size)
    error = ANSWER_ERROR.unpack_from(answer)[2]
    assert error == 0, f"LeaveGroup: error {error}"


def _text(text: str) -> bytes:
    encoded = text.encode()
    return struct.pack(">h", len(encoded)) + encoded
