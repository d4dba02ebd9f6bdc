"""Topics on a cluster against those that proto/ declares."""

from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, ResourceType

from services.admin.errors import Refused
from services.admin.partition_ends import wait_until_led
from services.contracts.catalogue import Topic, catalogue, differing_partitions

CLUSTER_DEFAULT = -1
ANSWER_SECONDS_MAX = 30.0


@dataclass(frozen=True, slots=True)
class Replication:
    """How often the cluster keeps each record."""

    factor: int = CLUSTER_DEFAULT
    """Copies of each partition; -1 takes the cluster's default."""
    insync_min: int | None = None
    """Copies that must have a record before it counts as written; None takes the cluster's default."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing in which the cluster is not as declared."""

    topic: str
    what: str
    """``missing``, ``extra``, ``partitions``, or the name of a topic setting."""
    declared: str | None
    found: str | None


class Topics:
    """The declared topics on one cluster. Calls block until the broker answers, half a minute at most.

    Raises ``KafkaException`` when it does not.
    """

    def __init__(
        self,
        admin: AdminClient,
        prefix: str,
        declared: Iterable[Topic] | None = None,
        replication: Replication | None = None,
    ) -> None:
        """``declared`` is the catalogue where nothing is given; ``prefix`` stands before each name."""
        self._admin = admin
        self._prefix = prefix
        self._replication = replication or Replication()
        topics = catalogue().values() if declared is None else declared
        self.declared = {prefix + topic.name: topic for topic in topics}
        """Declared topics by their name on Kafka."""

    def create(self) -> list[str]:
        """Create those that are not there, in one request, and wait until each can be written.

        Returns their names. Safe to call twice. Beside topics that have another number of partitions than
        declared none is created: :class:`Refused`.
        """
        there = self._found()
        if difference := differing_partitions(there, self._prefix, self.declared.values()):
            raise Refused(f"{difference}.")
        wanted = [
            NewTopic(
                name,
                num_partitions=topic.partitions,
                replication_factor=self._replication.factor,
                config=self._config(topic),
            )
            for name, topic in self.declared.items()
            if name not in there
        ]
        if not wanted:
            return []
        asked = self._admin.create_topics(wanted, request_timeout=ANSWER_SECONDS_MAX)
        created = [name for name, future in asked.items() if _is_created(future)]
        wait_until_led(self._admin, {name: self.declared[name].partitions for name in created})
        return created

    def differences(self) -> list[Difference]:
        """What is missing, extra or set otherwise, by topic name."""
        found = self._found()
        different = [
            *(Difference(name, "missing", "declared", None) for name in self.declared if name not in found),
            *(Difference(name, "extra", None, "on the cluster") for name in found if self._is_extra(name)),
        ]
        both = [name for name in self.declared if name in found]
        configs = self._configs(both)
        for name in both:
            declared = self.declared[name]
            if declared.partitions != found[name]:
                different.append(Difference(name, "partitions", str(declared.partitions), str(found[name])))
            different += [
                Difference(name, setting, value, configs[name].get(setting))
                for setting, value in self._config(declared).items()
                if configs[name].get(setting) != value
            ]
        return sorted(different, key=lambda difference: (difference.topic, difference.what))

    def _found(self) -> dict[str, int]:
        """Partitions of each topic on the cluster."""
        listed = self._admin.list_topics(timeout=ANSWER_SECONDS_MAX).topics
        return {name: len(topic.partitions) for name, topic in listed.items()}

    def _is_extra(self, name: str) -> bool:
        return bool(self._prefix) and name.startswith(self._prefix) and name not in self.declared

    def _config(self, topic: Topic) -> dict[str, str]:
        config = topic.config()
        if self._replication.insync_min is not None:
            config["min.insync.replicas"] = str(self._replication.insync_min)
        return config

    def _configs(self, names: list[str]) -> dict[str, Mapping[str, str | None]]:
        if not names:
            return {}
        resources = [ConfigResource(ResourceType.TOPIC, name) for name in names]
        asked = self._admin.describe_configs(resources, request_timeout=ANSWER_SECONDS_MAX)
        return {
            resource.name: {name: entry.value for name, entry in future.result().items()}
            for resource, future in asked.items()
        }


def _is_created(asked: "Future[None]") -> bool:
    """Whether the broker made the topic now; False when somebody was quicker."""
    try:
        asked.result()
    except KafkaException as error:
        if error.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS:
            return False
        raise
    return True
