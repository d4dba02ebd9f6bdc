"""What lies in the topics of an instance with a broker of its own."""

from pathlib import Path
from typing import NamedTuple

from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from services.contracts.catalogue import catalogue


class Written(NamedTuple):
    """All declared topics together, changelogs and the markers of transactions included."""

    records: int
    bytes: int
    """As they lie in the broker's files."""

    def since(self, earlier: "Written") -> "Written":
        """What came after that; right as long as nothing was deleted or compacted meanwhile."""
        return Written(self.records - earlier.records, self.bytes - earlier.bytes)

    def each(self, count: int) -> tuple[float, float]:
        """Records and bytes for each of ``count`` messages."""
        return self.records / max(1, count), self.bytes / max(1, count)


def written(bootstrap_servers: str, data_directory: Path) -> Written:
    """Ask the broker for its end offsets, and the directory for the sizes of its segments."""
    segments = data_directory.rglob("parley.*-*/*.log")
    with AdminClient({"bootstrap.servers": bootstrap_servers}) as admin:
        places = {
            TopicPartition(f"parley.{topic.name}", partition): OffsetSpec.latest()  # type: ignore[no-untyped-call]
            for topic in catalogue().values()
            for partition in range(topic.partitions)
        }
        records = sum(future.result().offset for future in admin.list_offsets(places).values())
    return Written(records, sum(each.stat().st_size for each in segments))
