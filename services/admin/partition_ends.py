"""Where partitions end, asked of their leaders."""

import time
from collections.abc import Mapping

from confluent_kafka import IsolationLevel, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

ANSWER_SECONDS_MAX = 15.0
LEADERS_SECONDS_MAX = 30.0
POLL_SECONDS = 0.02


def ends_of(admin: AdminClient, topic: str, partitions: int) -> dict[int, int]:
    """Offset after the last record of each partition of ``topic``, open transactions included.

    Blocks. Raises ``KafkaException`` when the broker does not answer or a partition is not there.
    """
    # Asked for offsets first, a new client knows no leader yet and may lie idle for a second or three.
    admin.list_topics(topic, timeout=ANSWER_SECONDS_MAX)
    places = [TopicPartition(topic, partition) for partition in range(partitions)]
    return {place.partition: end for place, end in _ask(admin, places).items()}


def bounds_of(admin: AdminClient, places: list[tuple[str, int]]) -> dict[tuple[str, int], tuple[int, int]]:
    """First offset and the one after the last, by topic and partition, open transactions included.

    Blocks. Raises ``KafkaException`` when the broker does not answer or a partition is not there.
    """
    admin.list_topics(timeout=ANSWER_SECONDS_MAX)
    asked = [TopicPartition(*place) for place in places]
    starts = _ask(admin, asked, OffsetSpec.earliest())  # type: ignore[no-untyped-call]
    ends = _ask(admin, asked)
    return {(place.topic, place.partition): (starts[place], ends[place]) for place in asked}


def wait_until_led(admin: AdminClient, partitions: Mapping[str, int]) -> None:
    """Block until every partition of these topics has a leader that answers, as it has soon after creation.

    Raises the leader's ``KafkaException`` when half a minute is over.
    """
    places = [TopicPartition(topic, each) for topic, count in partitions.items() for each in range(count)]
    deadline = time.monotonic() + LEADERS_SECONDS_MAX
    while places:
        # Without it the client may go on with what it knew before the topics had leaders.
        admin.list_topics(timeout=ANSWER_SECONDS_MAX)
        try:
            _ask(admin, places)
        except KafkaException:
            if time.monotonic() > deadline:
                raise
            time.sleep(POLL_SECONDS)
        else:
            return


def _ask(
    admin: AdminClient, places: list[TopicPartition], which: OffsetSpec | None = None
) -> dict[TopicPartition, int]:
    which = which or OffsetSpec.latest()  # type: ignore[no-untyped-call]
    asked = admin.list_offsets(
        dict.fromkeys(places, which),
        isolation_level=IsolationLevel.READ_UNCOMMITTED,
        request_timeout=ANSWER_SECONDS_MAX,
    )
    return {place: future.result().offset for place, future in asked.items()}
