"""The embedded broker as a unit to be kept running."""

import threading
from collections.abc import Callable

from deploy.kafka import EmbeddedKafka, KafkaUnavailable
from services.admin.supervisor.unit import Ended

LIVENESS_SECONDS = 1.0
FORK_SECONDS = 0.02


class BrokerProcess:
    """Starts the broker again with the same data and ports. It ends with the supervisor, kill -9 included."""

    name = "kafka"

    def __init__(self, broker: EmbeddedKafka) -> None:
        """The broker may run already: then it is not started, only watched."""
        self._broker = broker

    def run(self, started: Callable[[int], None]) -> Ended:
        """See `Unit`. ``started`` is called when the process is there, which is before it answers."""
        failures: list[KafkaUnavailable] = []
        opening = threading.Thread(target=self._start, args=(failures,), name="kafka-start", daemon=True)
        opening.start()
        while opening.is_alive() and not self._broker.is_alive():
            opening.join(FORK_SECONDS)
        if self._broker.is_alive():
            started(self._broker.pid)
        opening.join()
        if failures:
            return Ended(str(failures[0]), by_signal=False)
        while not self._broker.wait(LIVENESS_SECONDS):
            pass
        return Ended(f"its log is {self._broker.directory.log}", by_signal=True)

    def stop(self) -> None:
        """See `Unit`."""
        threading.Thread(target=self._broker.stop, name="kafka-stop", daemon=True).start()

    def kill(self) -> None:
        """See `Unit`."""
        self._broker.kill()

    def _start(self, failures: list[KafkaUnavailable]) -> None:
        try:
            self._broker.start()
        except KafkaUnavailable as failure:
            failures.append(failure)
