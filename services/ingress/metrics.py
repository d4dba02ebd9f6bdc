"""What ingress counts. The one label, ``code``, is a code of ``errors.TITLES`` or 0 for success."""

from functools import cache

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter(
    "parley_ingress_requests",
    "Requests answered, by the error's code; 0 for success. 131016 or 131000 rising: look at Kafka and CPU.",
    ["code"],
)
REQUEST_SECONDS = Histogram(
    "parley_ingress_request_seconds",
    "From a request's head to its answer, the wait for Kafka included.",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 30.0),
)
IN_HAND = Gauge(
    "parley_ingress_requests_in_hand", "Requests that wait for Kafka now; above the limit 503 is answered."
)
BODIES_AWAITED = Gauge("parley_ingress_bodies_awaited", "Bodies that are being received now.")
CONNECTIONS = Gauge(
    "parley_ingress_connections", "Open connections; above the limit new ones are turned away."
)
TURNED_AWAY = Counter(
    "parley_ingress_connections_turned_away", "Connections closed at once for being too many."
)

HELD = Counter(
    "parley_ingress_connections_held",
    "Times that a client which did not keep to Retry-After was made to; rising: tell it, or add replicas.",
)


@cache
def requests_answered(code: int) -> Counter:
    """The counter of one code."""
    return REQUESTS.labels(str(code))
