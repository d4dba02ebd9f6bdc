"""What is behind all invariants: every record can be read, lies where it belongs, and none is gone."""

from typing import Any

from google.protobuf.message import DecodeError

from parley.catalog.v1 import topic_pb2
from services.contracts.catalogue import Topic, topic
from services.contracts.placement import partition_of
from services.verifier.known import Known
from services.verifier.records import Cut, LogRecord, Place

_INVARIANTS = {"ledger": 5, "statuses": 6, "usage": 2, "outbox": 3, "consents": 3, "windows": 4}
"""The invariant that a topic is the proof of; 1 for the others."""
_STAGE_INPUTS = ("intake", "screened", "usage", "dispatch")


def check_tails(cut: Cut, known: Known) -> None:
    """An earlier verification read further than the topic now reaches: its tail was cut off."""
    for place, span in cut.items():
        position = known.positions.get(place, 0)
        if span.end < position:
            topic, partition = place
            known.findings.violated(
                _INVARIANTS.get(topic, 1),
                Place(topic, partition, span.end),
                topic,
                f"{topic}/{partition} ends at {span.end}, but an earlier verification read up to {position}.",
            )
            known.positions[place] = span.end


def placed_by_key(name: str) -> Topic | None:
    """The topic where keys say in which partition its records lie; None where their cause does."""
    declared = topic(name)
    return None if declared.key == topic_pb2.RECORD_KEY_SAME_AS_CAUSE else declared


def check_misplaced(record: LogRecord, known: Known) -> None:
    """The record does not lie where its key belongs. Settings and ticks lie in every partition."""
    declared = topic(record.topic)
    if record.topic in _STAGE_INPUTS:
        try:
            event: Any = declared.message.FromString(record.value or b"")
        except DecodeError:
            return  # named as unreadable
        if event.WhichOneof("event") in ("setting_changed", "ticked"):
            return
    sentence = f"The record's key belongs to partition {partition_of(declared, record.key)}."
    invariant, subject = _INVARIANTS.get(record.topic, 1), record.key.decode(errors="replace")
    known.findings.violated(invariant, record.place, subject, sentence)


def judge(known: Known) -> None:
    """A record that cannot be read must have been set aside by the stage that has certainly come past it."""
    waiting = []
    for place in known.unreadable:
        if str(place) in known.set_aside:
            continue
        if place.topic in _STAGE_INPUTS and not known.progress.passed(place):
            waiting.append(place)
            continue
        known.findings.violated(
            _INVARIANTS.get(place.topic, 1), place, place.topic, "The record is not what its topic carries."
        )
    known.unreadable = waiting
    for each in known.awaited.overdue(known.cut_number):
        known.findings.violated(each.missing.invariant, each.place, each.subject, each.missing.sentence)
    known.copies.judge(known.cut_number, known.in_view, known.findings)
