"""What delivery counts beyond what every stage does."""

from prometheus_client import Counter

dropped_records = Counter(
    "parley_delivery_dropped_records_total",
    "Receipts, refusals and offline answers about messages that are not known, not known any longer, or over "
    "already. They change nothing; a steady rise of receipts means that phones confirm what they were never "
    "sent, or come back after weeks.",
    ["what"],
)
