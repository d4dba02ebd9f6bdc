"""Metrics of the webhook workers."""

from prometheus_client import Counter, Gauge, Histogram

TRIES = Counter(
    "parley_webhooks_tries_total",
    "Tries to bring an update to its endpoint, by outcome: taken, or why not. "
    "Anything but taken for long means that a business does not hear from its customers.",
    ["outcome"],
)
TAKEN = TRIES.labels("taken")

DEFERRED = Counter(
    "parley_webhooks_deferred_total",
    "Updates that were put off to a retry tier, by the end of its name: 1 or spared-1.",
    ["tier"],
)
SPARED = Counter(
    "parley_webhooks_spared_total",
    "Tries that were not made, by reason: circuit (the endpoint fails again and again), full (more came "
    "than it takes) or waited (too long for its turn).",
    ["reason"],
)
LACKING = Counter(
    "parley_webhooks_lacking_total",
    "Tries that had to wait because the process had no means for them, by what is lacking: sockets "
    "(PARLEY_WEBHOOK_SOCKETS, the system's limit of open files) or lookups (name servers do not answer).",
    ["what"],
)
GIVEN_UP = Counter(
    "parley_webhooks_given_up_total",
    "Updates that were tried for as long as the settings say, and dropped: "
    "`parley webhook replay` sends them again.",
)
UNSENT = Counter(
    "parley_webhooks_unsent_total",
    "Updates of accounts that have no webhook URL; nothing is sent or kept.",
)
UNDECODABLE = Counter(
    "parley_webhooks_undecodable_total",
    "Records that could not be read, and went to the dead letters.",
)
WAITING = Gauge(
    "parley_webhooks_waiting_updates",
    "Updates read from Kafka that are neither taken nor put off yet.",
)
CIRCUITS_OPEN = Gauge(
    "parley_webhooks_open_circuits",
    "Endpoints that are left alone because they failed again and again.",
)
TAKEN_AFTER = Histogram(
    "parley_webhooks_taken_after_seconds",
    "Time from the event's record on Kafka to the endpoint's 2xx, updates taken at the first try.",
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
