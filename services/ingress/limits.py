"""Every bound of ingress, in one place. What happens at each is in the README of this folder, and tested."""

from collections.abc import Callable
from dataclasses import dataclass, replace

TEXT_CHARACTERS_MAX = 4096
"""Of ``text.body`` (Cloud API)."""
CALLBACK_DATA_CHARACTERS_MAX = 512
"""Of ``biz_opaque_callback_data`` (Cloud API)."""
TEMPLATE_NAME_CHARACTERS_MAX = 512
"""Of a template's name (Cloud API)."""
TEMPLATE_PARAMETER_CHARACTERS_MAX = 1024
"""Of one text parameter of a template."""
TEMPLATE_COMPONENTS_MAX = 16
"""Components in a request: a header, a body and the buttons (ten at most), with some to spare."""
NESTING_MAX = 32
"""Arrays and objects inside one another in a body; a template needs seven."""
IDEMPOTENCY_KEY_CHARACTERS_MAX = 255
PARAMETERS_MAX = 64
"""Of a query or a form."""
RETRY_AFTER_OVERLOAD_SECONDS = 1
"""What a client is told when ingress, or Kafka, takes no more."""


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """Bounds of the server; a test may narrow them."""

    body_bytes_max: int = 256 * 1024
    body_seconds_max: float = 30.0
    """From the first byte of a body that is awaited to its last."""
    bodies_awaited_max: int = 512
    """Bodies that are being received at once, in all; 128 MiB when every one is of the largest size."""
    requests_in_hand_max: int = 1024
    """Requests that wait for Kafka at once: about a second's worth."""
    connections_max: int = 4096
    turned_away_max: int = 128
    """Connections beyond that which are told so, for a second each; those beyond these are closed at once."""
    backlog: int = 1024
    """Connections that the kernel keeps while ingress is busy, and that it may then hand over all at once."""
    idle_seconds_max: float = 75.0
    """A connection that has sent no whole request head for so long is closed."""
    linger_seconds_max: float = 2.0
    """How long the rest of a refused body is read and dropped, so that the client can read the answer."""
    line_bytes_max: int = 8190
    """Of the request line."""
    header_bytes_max: int = 8190
    """Of one header."""
    headers_max: int = 100

    def within(self, room_for: Callable[[int], int]) -> "HttpLimits":
        """The same with as many connections as ``room_for`` so many wanted descriptors says there is room."""
        wanted = self.connections_max + self.turned_away_max + self.backlog
        room = room_for(wanted)
        if room >= wanted:
            return self
        turned_away_max, backlog = min(self.turned_away_max, room // 8), min(self.backlog, room // 8)
        return replace(
            self,
            connections_max=max(1, min(self.connections_max, room - turned_away_max - backlog)),
            turned_away_max=turned_away_max,
            backlog=max(1, backlog),
        )
