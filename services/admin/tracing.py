"""A message's way through the topics: every record that names it, with its place and its times."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple, cast

from confluent_kafka import Message

from parley.catalog.v1 import topic_pb2
from services.admin.commit_times import commit_times
from services.admin.instance import Instance
from services.admin.log_ranges import Advance, LogRanges, Place, Range
from services.admin.settings_snapshot import read_settings
from services.contracts.catalogue import CLOCK_AHEAD_MAX_MS, Topic, catalogue, topic
from services.contracts.headers import KIND, MESSAGE_ID, TRACEPARENT, Headers, header
from services.contracts.keys import business_key, conversation_key, customer_message_key
from services.contracts.placement import partition_of
from services.identity.message_id import Kind, MessageId, open_message_id

LINE = ("intake", "screened", "usage", "ledger", "dispatch", "outbox", "statuses", "inbox", "windows")
"""Topics in the order of the way, for records of the same millisecond."""
INTAKE = topic("intake")
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
REPEATED_MS = {Kind.OUTBOUND: DAY_MS, Kind.INBOUND: 7 * DAY_MS}
"""How long before a record of intake another may have had the same id: a request, or a frame, repeated."""


class Step(NamedTuple):
    """One record that names the message."""

    written_at_ms: int
    """When it was written, Unix milliseconds: by the broker's clock what a stage wrote, else the writer's."""
    rank: int
    """Place of its topic in the order of the way."""
    topic: str
    partition: int
    offset: int
    at_ms: int
    """Record time: that of the record's cause."""
    kind: str
    """What happened, such as ``send_requested``."""
    traceparent: str


def trace(
    instance: Instance, message_id: str, now_ms: int, since_ms: int | None, advance: Advance | None = None
) -> list[Step]:
    """All records that name a message, in the order in which they were written.

    The id says whose the message is, so one partition of each topic is read: from the time on at which intake
    took the message in, or from `since_ms` (Unix milliseconds) where it is given, to where it ends now; all
    of it where intake no longer keeps the message. Raises ``UnknownMessageId``, ``KafkaException`` and
    aiokafka's ``KafkaError``.
    """
    opened = open_message_id(instance.platform_key, message_id)
    prefix = instance.topic_prefix
    places = [(prefix + declared.name, each) for declared, each in _places(instance, opened, message_id)]
    with LogRanges(instance.connection) as log:
        ranges = log.whole(places)
        if since_ms is None:
            intake = next(place for place in places if place[0] == prefix + INTAKE.name)
            since_ms = _taken_in_at(log, intake, ranges[intake], opened.kind, message_id, now_ms)
        if since_ms is not None:
            ranges = log.since(ranges, since_ms - CLOCK_AHEAD_MAX_MS)
        found = [record for record in log.read(ranges, advance) if _names(record, message_id)]
    times = commit_times(instance.connection, [_position(record) for record in found])
    return sorted(_step(record, prefix, times.get(_position(record))) for record in found)


def _places(instance: Instance, opened: MessageId, message_id: str) -> Iterator[tuple[Topic, int]]:
    """Where topics keep records about the message."""
    number = read_settings(instance.connection, instance.topic_prefix).get(
        f"phone-number/{opened.phone_number_id}"
    )
    keys = {
        topic_pb2.RECORD_KEY_CONVERSATION: conversation_key(opened.business_id, opened.user_ref),
        topic_pb2.RECORD_KEY_BUSINESS: business_key(opened.business_id),
        topic_pb2.RECORD_KEY_CUSTOMER_MESSAGE: customer_message_key(opened.user_ref, message_id),
    }
    if number is not None:
        keys[topic_pb2.RECORD_KEY_ACCOUNT] = number.phone_number.account_id.encode()
    for declared in catalogue().values():
        if declared.key in keys:
            yield declared, partition_of(declared, keys[declared.key])
        elif declared.key == topic_pb2.RECORD_KEY_ACCOUNT:  # a number that no setting knows any more
            yield from ((declared, partition) for partition in range(declared.partitions))
        elif declared.partitions == 1 and not declared.compacted:
            yield declared, 0


def _taken_in_at(
    log: LogRanges, place: Place, whole: Range, kind: Kind, message_id: str, now_ms: int
) -> int | None:
    """When intake took the message in first; None when it keeps no record of that. The newest come first."""
    end = whole.end
    for at_ms in (now_ms - HOUR_MS, now_ms - DAY_MS, 0):
        start = log.since({place: Range(whole.start, end)}, at_ms)[place].start
        taken_in = _times(log.read({place: Range(start, end)}), message_id)
        if taken_in:
            break
        end = start
    else:
        return None
    earlier = log.since({place: Range(whole.start, start)}, taken_in[0] - REPEATED_MS[kind])
    return min(_times(log.read(earlier), message_id) + taken_in)


def _times(records: Iterable[Message], message_id: str) -> list[int]:
    return [record.timestamp()[1] for record in records if _names(record, message_id)]


def _names(record: Message, message_id: str) -> bool:
    return header(cast("Headers", record.headers() or []), MESSAGE_ID) == message_id.encode()


def _position(record: Message) -> tuple[str, int, int]:
    return record.topic() or "", record.partition() or 0, record.offset() or 0


def _step(record: Message, prefix: str, committed_at_ms: int | None) -> Step:
    headers = cast("Headers", record.headers() or [])
    name, partition, offset = _position(record)
    name = name.removeprefix(prefix)
    at_ms = record.timestamp()[1]
    return Step(
        written_at_ms=at_ms if committed_at_ms is None else committed_at_ms,
        rank=LINE.index(name) if name in LINE else len(LINE),
        topic=name,
        partition=partition,
        offset=offset,
        at_ms=at_ms,
        kind=(header(headers, KIND) or b"").decode(errors="replace"),
        traceparent=(header(headers, TRACEPARENT) or b"").decode(errors="replace"),
    )
