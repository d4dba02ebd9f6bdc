"""A TCP proxy on loopback: stands between clients and a broker that advertises it."""

import select
import socket
import socketserver
import threading
from types import TracebackType
from typing import Self

CHUNK_BYTES = 64 * 1024


class TcpForwarder:
    """Forwards each connection to `upstream_port` on 127.0.0.1, which may be set after it listens."""

    def __init__(self) -> None:
        self.upstream_port: int | None = None
        self.connections = 0
        forwarder = self

        class Connection(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                forwarder.connections += 1
                try:
                    with socket.create_connection(("127.0.0.1", forwarder.upstream_port or 0)) as upstream:
                        _pump(self.request, upstream)
                except OSError:
                    return  # Either side is gone; so is the connection.

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Connection)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _pump(one: socket.socket, other: socket.socket) -> None:
    """Pass bytes both ways until either side closes."""
    peers = {one: other, other: one}
    while True:
        readable, _, _ = select.select(list(peers), [], [])
        for source in readable:
            data = source.recv(CHUNK_BYTES)
            if not data:
                return
            peers[source].sendall(data)
