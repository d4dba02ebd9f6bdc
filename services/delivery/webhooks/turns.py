"""Whose turn it is at an endpoint: first come, first served, and one of a conversation at a time."""

from collections import deque

from services.delivery.webhooks.errand import Errand


class Turns:
    """A conversation is taken from when one of its errands begins or waits until the last one is done."""

    __slots__ = ("_behind", "_queue", "waiting")

    def __init__(self) -> None:
        self._queue: deque[Errand] = deque()
        self._behind: dict[bytes, deque[Errand] | None] = {}
        """Conversations that are taken, and what waits in each for the one before it."""
        self.waiting = 0
        """Errands that wait for their turn."""

    def __len__(self) -> int:
        """How many conversations are taken."""
        return len(self._behind)

    def begin(self, errand: Errand) -> bool:
        """Take the errand's conversation; False when it is taken, and the errand must wait."""
        if errand.conversation in self._behind:
            return False
        self._behind[errand.conversation] = None
        return True

    def add(self, errand: Errand) -> None:
        """Let an errand wait, behind those of its conversation."""
        self.waiting += 1
        if self.begin(errand):
            self._queue.append(errand)
            return
        behind = self._behind[errand.conversation]
        if behind is None:
            behind = self._behind[errand.conversation] = deque()
        behind.append(errand)

    def put_back(self, errand: Errand) -> None:
        """An errand that had its turn has the next one too."""
        self.waiting += 1
        self._queue.appendleft(errand)

    def done(self, errand: Errand) -> None:
        """An errand is done: its conversation's next may have its turn."""
        behind = self._behind[errand.conversation]
        if behind:
            self._queue.append(behind.popleft())
        else:
            del self._behind[errand.conversation]

    def next(self) -> Errand | None:
        """The errand whose turn it is; None when none waits."""
        if not self._queue:
            return None
        self.waiting -= 1
        return self._queue.popleft()
