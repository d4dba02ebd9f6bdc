"""What rate-and-bill counts beyond what every stage does."""

from prometheus_client import Counter

stray_outcomes = Counter(
    "parley_rate_and_bill_stray_outcomes_total",
    "Outcomes that belong to no open message, by kind: late, or a second one. They change nothing; a steady "
    "rise means that delivery reports messages which were never priced.",
    ["kind"],
)
