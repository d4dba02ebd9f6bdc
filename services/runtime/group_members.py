"""Who is in a classic consumer group, and what each owns."""

import struct
import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

from confluent_kafka.admin import AdminClient

_HEAD, _LENGTH, _COUNT = struct.Struct(">hi"), struct.Struct(">h"), struct.Struct(">i")


class GroupMembers(NamedTuple):
    """A group as its coordinator knows it."""

    at_rest: bool
    """Whether no rebalance is under way."""
    partitions: dict[str, frozenset[int]]
    """Of the one topic that the group reads, by the client id of each member."""
    ids: frozenset[str]
    """The member ids that the coordinator has given out, and that still hold."""


def group_members(admin: AdminClient, group: str, seconds_max: float) -> GroupMembers:
    """Ask the brokers. A group that does not exist has no members. Raises ``KafkaException``.

    The client's newer question, ``describe_consumer_groups``, can crash the process while there is no
    coordinator (https://github.com/confluentinc/librdkafka/issues/5040).
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        found: list[Any] = admin.list_groups(group, timeout=seconds_max)
    return GroupMembers(
        all(each.state == "Stable" for each in found),
        {
            member.client_id: frozenset(_partitions(member.assignment or b""))
            for each in found
            for member in each.members
        },
        frozenset(member.id for each in found for member in each.members),
    )


def _partitions(assignment: bytes) -> Iterator[int]:
    """The partitions in an assignment, as consumers encode it: version, topics, user data."""
    if not assignment:
        return
    _, topics = _HEAD.unpack_from(assignment)
    place = _HEAD.size
    for _ in range(topics):
        (length,) = _LENGTH.unpack_from(assignment, place)
        place += _LENGTH.size + length
        (count,) = _COUNT.unpack_from(assignment, place)
        place += _COUNT.size
        yield from struct.unpack_from(f">{count}i", assignment, place)
        place += 4 * count
