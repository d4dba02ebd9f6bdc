"""Why a broker cannot be had, each named for what the operator should do about it."""

from pathlib import Path


class KafkaUnavailable(Exception):
    """No broker: the message is one sentence that says what is wrong and what to do."""


class JavaMissing(KafkaUnavailable):
    """There is no Java to run the broker with."""


class JavaTooOld(KafkaUnavailable):
    """Java is there, but older than the broker needs."""


class MavenMissing(KafkaUnavailable):
    """The jars are not cached yet and there is no Maven to resolve them with."""


class JarsUnresolved(KafkaUnavailable):
    """Maven could not resolve the jars."""


class JarRefused(KafkaUnavailable):
    """A jar is missing, unknown, or not the one whose checksum is pinned."""

    def __init__(self, jar: str, what: str, where: Path) -> None:
        super().__init__(
            f"Kafka's jar {jar} {what} in {where}: remove that directory and run "
            "`python -m deploy.kafka fetch`, or, if pom.xml was changed on purpose, "
            "`python -m deploy.kafka checksums`."
        )
        self.jar = jar


class PortTaken(KafkaUnavailable):
    """Another process listens where the broker should."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(
            f"Port {port} on {host} is taken: end the process that listens there, or give Kafka another port."
        )
        self.port = port


class ForeignDataDirectory(KafkaUnavailable):
    """The data directory holds something else than this node of this cluster."""


class BrokerFailed(KafkaUnavailable):
    """The broker ended while it was starting."""


class BrokerNotReady(KafkaUnavailable):
    """The broker runs but did not answer within the deadline."""
