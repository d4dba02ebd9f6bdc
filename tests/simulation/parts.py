"""What a simulated platform is put together from: the real parts, or some that a mutation has spoilt."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from services.consent.stage import ConsentStage
from services.contracts.catalogue import Topic
from services.contracts.placement import partition_of
from services.delivery.stage import DeliveryStage
from services.rate_and_bill.stage import RateAndBillStage
from services.runtime.runner import StageRunner
from services.runtime.stage import Stage
from services.runtime.store import Store
from services.session_window.stage import SessionWindowStage
from tests.simulation.kafka_model.model_log import ModelLog

STAGES: Mapping[str, Callable[[], Stage]] = {
    "consent": ConsentStage,
    "session-window": SessionWindowStage,
    "rate-and-bill": RateAndBillStage,
    "delivery": DeliveryStage,
}


def _as_it_is(store: Store) -> Store:
    return store


@dataclass(frozen=True)
class Parts:
    """Each part can be replaced by one that does not keep a promise."""

    stages: Mapping[str, Callable[[], Stage]] = field(default_factory=lambda: STAGES)
    runner: type[StageRunner] = StageRunner
    log: type[ModelLog] = ModelLog
    store: Callable[[Store], Store] = _as_it_is
    """Around each store that a process opens."""
    places: Mapping[str, Callable[[Topic, bytes], int]] = field(default_factory=dict)
    """By stage, where its outputs go; the real function where nothing is said."""
    unique_bytes: Callable[[bytes], bytes] = bytes
    """From fresh random bytes to what makes a message id of ingress unique."""

    def place_of(self, stage: str) -> Callable[[Topic, bytes], int]:
        """Where outputs of the stage go."""
        return self.places.get(stage, partition_of)


REAL = Parts()
