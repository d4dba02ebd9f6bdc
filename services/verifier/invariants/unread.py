"""What is behind all invariants: every record can be read, and none that was there is gone."""

from services.verifier.known import Known
from services.verifier.records import Cut, Place

_INVARIANTS = {"ledger": 5, "statuses": 6, "usage": 2, "outbox": 3, "consents": 3}
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
