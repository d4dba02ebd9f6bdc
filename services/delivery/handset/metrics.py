"""What the handset channel counts."""

from prometheus_client import Counter, Gauge

CONNECTIONS = Gauge("parley_handset_connections", "Customers connected now.")
CLOSED = Counter(
    "parley_handset_closed_connections_total",
    "Connections that ended, by reason: left (the device), replaced (by a newer one), slow (the device asks "
    "and does not read) or stopping (the worker).",
    ["reason"],
)
REFUSED_HANDSHAKES = Counter(
    "parley_handset_refused_handshakes_total",
    "Connections refused, by reason: token, full (too many are connected) or crowd (too many sockets have "
    "not finished a handshake).",
    ["reason"],
)
FRAMES_IN = Counter(
    "parley_handset_received_frames_total",
    "Frames from devices by what became of them: ack, message, block, refused, or rate (dropped).",
    ["kind"],
)
SHOWN = Counter(
    "parley_handset_attempts_total",
    "Attempts taken from the outbox: shown, repeated (shown on this connection already), early (emitted "
    "again soon, since the customer has just come back), slow (emitted again when the device has read what "
    "it has) or offline (nobody is connected).",
    ["verdict"],
)
HELD_BACK = Counter(
    "parley_handset_held_back_seconds_total",
    "Time for which customers who are back waited for their messages, since they had come back before and "
    "not acknowledged them. More than a second a second means that some device reconnects in a loop.",
)
WAITING = Gauge(
    "parley_handset_waiting",
    "Messages, notices and read marks that wait for customers. It grows with customers who stay away, and "
    "shrinks as messages are received or expire.",
)
RETRIED = Counter(
    "parley_handset_dispatch_retries_total",
    "Records for dispatch that Kafka did not confirm and that were written again. A steady rise means that "
    "the broker is slow or away.",
)
