"""How a test strikes at an exact point: the child stops there until it is told to go on."""

from multiprocessing.connection import Connection

from services.runtime.points import Point


class Strikes:
    """The ``observe`` of a child. The other end of the channel sends the point to stop at, None for nowhere.

    What was sent before a record was written is known before that record is read: no strike comes too late.
    """

    def __init__(self, channel: Connection) -> None:
        self._channel = channel
        self._armed: Point | None = None

    def __call__(self, point: Point) -> None:
        """Stop if this is the point: say so, and block until told where to stop next."""
        while self._channel.poll():
            self._armed = self._channel.recv()
        if point is self._armed:
            self._channel.send(point)
            self._armed = self._channel.recv()
