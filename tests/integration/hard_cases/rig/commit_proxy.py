"""A proxy before a broker that knows Kafka's frames: it can lose the end of a client's transaction.

What is lost is the request to end it, or the broker's answer to it; from then on the client is cut off, until
it is let through again. So the client cannot know whether its transaction is committed. It can also put an
error in the place of the broker's answer.
"""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import suppress
from enum import Enum, auto
from types import TracebackType
from typing import Self

END_TXN = 26
REQUEST = struct.Struct(">hhih")
"""What a request begins with: kind, version, correlation id, length of the client id that follows."""
SIZE = struct.Struct(">i")
ANSWER_HEAD = struct.Struct(">iii")
"""What an answer to EndTxn, in the versions that librdkafka speaks, has before its error: size, correlation
id, throttling."""
ERROR = struct.Struct(">h")
ANSWER_SECONDS = 5.0


class Loss(Enum):
    """What is lost of the next EndTxn."""

    REQUEST = auto()
    ANSWER = auto()


class CommitProxy:
    """Forwards connections to ``upstream_port`` on 127.0.0.1, which may be set after it listens."""

    def __init__(self) -> None:
        self.upstream_port = 0
        self._losses: dict[str, Loss] = {}
        self._forged: dict[str, int] = {}
        self._cut_off: set[str] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, name="commit proxy", daemon=True)

    def lose(self, client: str, loss: Loss) -> None:
        """Cut the client off whose id begins so, at its next EndTxn."""
        self._losses[client] = loss

    def forge(self, client: str, error: int) -> None:
        """Answer the next EndTxn of the client whose id begins so with this error, once the broker did it."""
        self._forged[client] = error

    def cut_off(self, client: str) -> None:
        """Break connections of the client whose id begins so at its next request, until `let_through`."""
        self._cut_off.add(client)

    def has_lost(self, client: str) -> bool:
        """Whether that has happened."""
        return client in self._cut_off

    def let_through(self, client: str) -> None:
        """The client may connect again."""
        self._cut_off.discard(client)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Closing alone does not wake the thread that accepts.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError), socket.create_connection(("127.0.0.1", self.upstream_port)) as broker:
            passage = _Passage(client, broker)
            for frame in _frames(client):
                kind, correlation, name = _read_request(frame)
                if self._is_cut_off(name):
                    break
                loss = self._next_loss(name) if kind == END_TXN else None
                if kind == END_TXN and (error := self._forged.pop(name, None)) is not None:
                    passage.forge(correlation, error)
                if loss is Loss.ANSWER:
                    passage.withhold(correlation, frame)
                elif loss is None:
                    broker.sendall(frame)
            passage.close()

    def _is_cut_off(self, name: str) -> bool:
        return any(name.startswith(each) for each in self._cut_off)

    def _next_loss(self, name: str) -> Loss | None:
        """What this EndTxn's client is to lose; from now on it is cut off."""
        client = next((each for each in self._losses if name.startswith(each)), None)
        if client is None:
            return None
        self._cut_off.add(client)
        return self._losses.pop(client)


class _Passage:
    """The way back of one connection: passes answers on until one is to be withheld."""

    def __init__(self, client: socket.socket, broker: socket.socket) -> None:
        self._client = client
        self._broker = broker
        self._withheld: int | None = None
        self._errors: dict[int, int] = {}
        self._arrived = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def withhold(self, correlation: int, request: bytes) -> None:
        """Send a request, and return when its answer has come, which nobody gets."""
        self._withheld = correlation
        self._broker.sendall(request)
        self._arrived.wait(ANSWER_SECONDS)

    def forge(self, correlation: int, error: int) -> None:
        """Put an error into the answer that is to come."""
        self._errors[correlation] = error

    def close(self) -> None:
        """End both connections."""
        for each in (self._client, self._broker):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._thread.join()

    def _run(self) -> None:
        with suppress(OSError):
            for frame in _frames(self._broker):
                (correlation,) = SIZE.unpack_from(frame, SIZE.size)
                if correlation == self._withheld:
                    self._arrived.set()
                    continue
                if (error := self._errors.pop(correlation, None)) is not None:
                    head = frame[: ANSWER_HEAD.size]
                    self._client.sendall(head + ERROR.pack(error) + frame[ANSWER_HEAD.size + ERROR.size :])
                else:
                    self._client.sendall(frame)


def _frames(source: socket.socket) -> Iterator[bytes]:
    """Whole frames, size included, until the other side closes."""
    with source.makefile("rb") as stream:
        while head := stream.read(SIZE.size):
            yield head + stream.read(SIZE.unpack(head)[0])


def _read_request(frame: bytes) -> tuple[int, int, str]:
    """Kind, correlation id and client id."""
    kind, _, correlation, length = REQUEST.unpack_from(frame, SIZE.size)
    start = SIZE.size + REQUEST.size
    return kind, correlation, frame[start : start + max(0, length)].decode()
