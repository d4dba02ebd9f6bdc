"""How far each stage has come, as its outputs prove."""

from services.verifier.records import Place, TopicPartition

Reached = tuple[int, int]
"""Offset of an input record, and a time that the stage has certainly seen."""
NOWHERE: Reached = (-1, 0)


class Progress:
    """The newest input record of each partition whose effect was seen. Stages take records in order.

    What lies before it has been judged by the stage. What is proved is what was known one cut ago: outputs
    of one transaction may be cut apart, but by the next cut all of them are there.
    """

    def __init__(self, *, drained: bool = False) -> None:
        """``drained``: the system is at rest, so stages have judged all that was read a cut ago."""
        self._drained = drained
        self.now: dict[TopicPartition, Reached] = {}
        self.proved: dict[TopicPartition, Reached] = {}

    def note(self, place: Place, at_ms: int = 0) -> None:
        """An effect of the record at ``place``, written at that time or later, was seen."""
        where = (place.topic, place.partition)
        offset, time_ms = self.now.get(where, NOWHERE)
        self.now[where] = (max(offset, place.offset), max(time_ms, at_ms))

    def end_cut(self) -> None:
        """What is known now is proved once the next cut is read."""
        self.proved = dict(self.now)

    def passed(self, place: Place) -> bool:
        """Whether the stage has certainly judged this record, and all it wrote can be seen."""
        return self._drained or self.proved.get((place.topic, place.partition), NOWHERE)[0] >= place.offset

    def time_passed(self, topic: str, partition: int, at_ms: int) -> bool:
        """Whether the stage has certainly judged a record of that time or later, and so fired its timers."""
        return self.proved.get((topic, partition), NOWHERE)[1] >= at_ms
