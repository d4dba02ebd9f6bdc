"""``GET /state?key=…`` of a stage: one committed row, for people to look at. Never used for a decision."""

from collections.abc import Callable, Mapping

from google.protobuf.json_format import MessageToDict

from services.contracts.catalogue import Topic
from services.contracts.placement import partition_of
from services.runtime.health import StateAnswer
from services.runtime.partition import Partition
from services.runtime.store import StoreFailed

OK = 200
NOT_FOUND = 404
MISDIRECTED = 421


class StateView:
    """Answers from the partitions that are ours. Safe from any thread."""

    def __init__(
        self,
        input_topic: Topic,
        partitions: Mapping[int, Partition],
        owner_of: Callable[[int], dict[str, str] | None],
    ) -> None:
        self._input = input_topic
        self._partitions = partitions
        self._owner_of = owner_of

    def __call__(self, key: bytes) -> StateAnswer:
        """The row under ``key``, whose part before the first slash is the key that records are placed by."""
        number = partition_of(self._input, key.partition(b"/")[0])
        partition = self._partitions.get(number)
        if partition is None:
            return self._misdirected(number)
        try:
            row = partition.read(key)
        except StoreFailed:
            # Given away between the look-up and the read.
            return self._misdirected(number)
        if row is None:
            return StateAnswer(
                NOT_FOUND, {"error": f"no row {key.decode(errors='replace')}", "partition": number}
            )
        state = MessageToDict(row, preserving_proto_field_name=True)
        return StateAnswer(OK, {"key": key.decode(errors="replace"), "partition": number, "state": state})

    def _misdirected(self, number: int) -> StateAnswer:
        return StateAnswer(
            MISDIRECTED,
            {"error": "another replica owns this", "partition": number, "owner": self._owner_of(number)},
        )
