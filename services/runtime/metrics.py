"""What a stage counts, each declared once with its meaning and what to do about it."""

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram

SECONDS = (0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.125, 0.25, 0.5, 1, 2, 4, 8)


class StageMetrics:
    """The metrics of one stage's process. Labels: partition, as many as the input has."""

    def __init__(self, stage: str, registry: CollectorRegistry = REGISTRY) -> None:
        prefix = f"parley_{stage.replace('-', '_')}"

        def counter(name: str, meaning: str) -> Counter:
            return Counter(f"{prefix}_{name}", meaning, registry=registry)

        def gauge(name: str, meaning: str) -> Gauge:
            return Gauge(f"{prefix}_{name}", meaning, ["partition"], registry=registry)

        def seconds(name: str, meaning: str) -> Histogram:
            return Histogram(f"{prefix}_{name}", meaning, buckets=SECONDS, registry=registry)

        self.records = counter("records_total", "Input records whose effect is committed.")
        self.outputs = counter("outputs_total", "Output records committed.")
        self.changes = counter("state_changes_total", "Rows changed by committed batches.")
        self.transactions = counter("transactions_total", "Transactions committed.")
        self.aborts = counter(
            "aborted_transactions_total",
            "Transactions aborted and tried again. A few at a rebalance are normal; many: see the log.",
        )
        self.set_aside = counter(
            "dead_letters_total", "Records set aside. Above zero: see `parley dead-letters list`."
        )
        self.ticks = counter("ticks_total", "Ticks appended to idle partitions whose timers were due.")
        self.batch = seconds("batch_seconds", "Time to apply a batch in memory.")
        self.commit = seconds(
            "commit_seconds",
            "Time from begin to the end of commit. High: the brokers or their disks are slow.",
        )
        self.store = seconds("store_seconds", "Time to write a batch to the local stores. High: a slow disk.")
        self.restore = seconds("restore_seconds", "Time to restore one partition after it was assigned.")
        self.lag = gauge(
            "lag_records", "Input records not read yet. Growing: the stage is slower than its input."
        )
        self.stopped = gauge(
            "partition_stopped",
            "1 while a record that cannot be gone past stops the partition. Look for it in the log or in "
            "/readyz; mend what stops it, then restart the stage.",
        )
        self.stage_time = gauge(
            "stage_time_seconds", "Highest record time seen, Unix time. Timers fire by it."
        )

    def forget(self, partition: int) -> None:
        """A partition is no longer ours: stop reporting it."""
        for each in (self.lag, self.stopped, self.stage_time):
            each.remove(str(partition))
