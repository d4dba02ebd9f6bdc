"""Metrics of the asynchronous writer, one set a process."""

from prometheus_client import Counter, Gauge, Histogram

RECORDS = Counter(
    "parley_writer_records_total",
    "Records that the process asked Kafka to keep, by outcome: written, not_written, unknown or overloaded. "
    "Anything but written means that the broker is slow, away or refuses.",
    ["outcome"],
)
WRITTEN = RECORDS.labels("written")
NOT_WRITTEN = RECORDS.labels("not_written")
UNKNOWN = RECORDS.labels("unknown")
OVERLOADED = RECORDS.labels("overloaded")

HELD = Gauge(
    "parley_writer_held_records",
    "Records that wait for the broker's acknowledgement. At its limit the process answers overloaded.",
)
ACKNOWLEDGED = Histogram(
    "parley_writer_acknowledged_seconds",
    "Time from giving the broker a batch to its acknowledgement, by all replicas in sync.",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
