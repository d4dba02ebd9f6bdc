"""Topics in a file: records with their positions, as a cluster gave them, so that others can verify them."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from parley.verifier.v1 import dump_pb2
from services.contracts.catalogue import differing_partitions
from services.verifier.dump_frames import FORMAT, DumpUnusable, open_dump, read_frames, write_frame
from services.verifier.records import Cut, LogRecord, Source, Span, TopicPartition

CUTS = 2
"""As many as a verification takes: what is cut apart in the first is whole in the second."""


def write_dump(
    source: Source, topic_prefix: str, file: Path, advance: Callable[[int, int], None] | None = None
) -> int:
    """Write all that the source has to ``file``, compressed where its name ends in .gz; returns the records.

    Blocks until done. Raises what the source raises, and ``OSError``.
    """
    written = 0
    with open_dump(file, "wb") as out:
        out.write(FORMAT)
        positions: dict[TopicPartition, int] = {}
        for _ in range(CUTS):
            cut = source.cut()
            write_frame(out, dump_pb2.DumpFrame(cut=_dumped_cut(cut, source.identity, topic_prefix)))
            left = sum(span.end - positions.get(place, span.start) for place, span in cut.items())
            for records in source.read(cut, positions):
                write_frame(out, dump_pb2.DumpFrame(records=_dumped(records)))
                written += len(records)
                if advance is not None:
                    advance(written, written + left)
            positions = {place: span.end for place, span in cut.items()}
    return written


class DumpSource:
    """A dump as the verifier's source. It can be read once."""

    def __init__(self, file: Path, *, with_headers: bool = False) -> None:
        """Raises :class:`DumpUnusable` and ``OSError``."""
        self._with_headers = with_headers
        self._stream = open_dump(file, "rb")
        self._frames = read_frames(self._stream, file)
        try:
            self._cut = _first_cut(self._frames, file)
        except DumpUnusable:
            self.close()
            raise

    @property
    def identity(self) -> str:
        """The topics that were dumped."""
        return str(self._cut.identity)

    @property
    def topic_prefix(self) -> str:
        """What the names of the dumped topics begin with."""
        return str(self._cut.topic_prefix)

    def cut(self) -> Cut:
        """The next cut of the dump; after the last one, that one again."""
        return {(span.topic, span.partition): Span(span.start, span.end) for span in self._cut.spans}

    def read(self, cut: Cut, positions: Mapping[TopicPartition, int]) -> Iterator[Sequence[LogRecord]]:  # noqa: ARG002
        """The records up to the cut, past those that lie before ``positions``."""
        for frame in self._frames:
            if frame.HasField("cut"):
                self._cut = frame.cut
                return
            topic = frame.records.topic
            records = [
                LogRecord(
                    topic,
                    each.partition,
                    each.offset,
                    each.timestamp_ms,
                    each.key,
                    each.value if each.HasField("value") else None,
                    _headers(each) if self._with_headers else (),
                )
                for each in frame.records.records
                if each.offset >= positions.get((topic, each.partition), 0)
            ]
            if records:
                yield records

    def close(self) -> None:
        """Close the file."""
        self._stream.close()


def _headers(record: dump_pb2.DumpedRecord) -> list[tuple[str, bytes]]:
    return [(header.name, header.value) for header in record.headers]


def _first_cut(frames: Iterator[dump_pb2.DumpFrame], file: Path) -> dump_pb2.DumpedCut:
    first = next(frames, None)
    if first is None or not first.HasField("cut"):
        raise DumpUnusable(f"{file} does not begin with a cut: dump it again.")
    counts = Counter(span.topic for span in first.cut.spans)
    if difference := differing_partitions(counts):
        raise DumpUnusable(f"{file}: {difference}.")
    return first.cut


def _dumped_cut(cut: Cut, identity: str, topic_prefix: str) -> dump_pb2.DumpedCut:
    dumped = dump_pb2.DumpedCut(identity=identity, topic_prefix=topic_prefix)
    for (topic, partition), span in cut.items():
        dumped.spans.add(topic=topic, partition=partition, start=span.start, end=span.end)
    return dumped


def _dumped(records: Sequence[LogRecord]) -> dump_pb2.DumpedRecords:
    dumped = dump_pb2.DumpedRecords(topic=records[0].topic)
    for record in records:
        each = dumped.records.add(
            partition=record.partition,
            offset=record.offset,
            timestamp_ms=record.timestamp_ms,
            key=record.key,
            value=record.value,
        )
        for name, value in record.headers:
            each.headers.add(name=name, value=value)
    return dumped
