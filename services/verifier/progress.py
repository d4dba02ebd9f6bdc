"""How far each stage has come, as its outputs prove."""

from services.verifier.records import Place, TopicPartition


class Progress:
    """The newest input record of each partition whose effect was seen. Stages take records in order.

    What lies before it has been judged by the stage. ``proved`` is the state one cut ago: outputs of one
    transaction may be cut apart, but by the next cut all of them are there.
    """

    def __init__(self) -> None:
        self._now: dict[TopicPartition, tuple[int, int]] = {}
        self._proved: dict[TopicPartition, tuple[int, int]] = {}

    def note(self, place: Place, timestamp_ms: int = 0) -> None:
        """An effect of the record at ``place``, written at that time or later, was seen."""
        where = (place.topic, place.partition)
        offset, time_ms = self._now.get(where, (-1, 0))
        self._now[where] = (max(offset, place.offset), max(time_ms, timestamp_ms))

    def next_cut(self) -> None:
        """What is known now is proved when the next cut is read."""
        self._proved = dict(self._now)

    def passed(self, place: Place) -> bool:
        """Whether the stage has certainly judged this record, and all it wrote can be seen."""
        proved = self._proved.get((place.topic, place.partition))
        return proved is not None and proved[0] >= place.offset

    def time_passed(self, topic: str, partition: int, at_ms: int) -> bool:
        """Whether the stage has certainly judged a record of that time or later, and so fired its timers."""
        return self._proved.get((topic, partition), (-1, 0))[1] >= at_ms
