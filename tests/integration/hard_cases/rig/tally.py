"""The stage that most cases run: it counts, so that a lost or doubled effect shows."""

from dataclasses import replace

from services.contracts.catalogue import topic
from services.contracts.placement import partition_of
from tests.unit.runtime.counting_stage import CountingStage


class Tally(CountingStage):
    """The counting stage on two partitions, which start sooner than eight."""

    name = "tally"
    input = replace(topic("screened"), partitions=2)
    changelog = replace(topic("session-window-changelog"), partitions=2)


class WideTally(Tally):
    """The same on four partitions, for groups of several members."""

    input = replace(Tally.input, partitions=4)
    changelog = replace(Tally.changelog, partitions=4)


class NewerTally(Tally):
    """The same with the next version of the rules."""

    rules_version = Tally.rules_version + 1


def keys(partition: int, count: int, stage: type[Tally] = Tally) -> list[bytes]:
    """The first ``count`` conversations that lie in a partition."""
    found: list[bytes] = []
    number = 0
    while len(found) < count:
        key = f"b:{number}".encode()
        if partition_of(stage.input, key) == partition:
            found.append(key)
        number += 1
    return found
