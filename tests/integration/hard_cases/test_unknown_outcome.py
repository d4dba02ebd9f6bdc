"""A commit whose outcome is unknown: the process ends without touching its store, and a restart finds out."""

from collections.abc import Iterator

import pytest
from confluent_kafka import KafkaError

from deploy.kafka import EmbeddedKafka, NodeSettings
from deploy.kafka.settings import PLAINTEXT
from services.runtime.kafka_settings import StageIdentity
from services.runtime.kafka_transactions import KafkaTransactions
from services.runtime.log import OutcomeUnknown
from tests.integration.hard_cases.conftest import MakeWorld
from tests.integration.hard_cases.rig.commit_proxy import CommitProxy, Loss
from tests.integration.hard_cases.rig.counting import count
from tests.integration.hard_cases.rig.events import now_ms
from tests.integration.hard_cases.rig.standing import Standing
from tests.integration.hard_cases.rig.tally import keys
from tests.integration.hard_cases.rig.world import World
from tests.integration.waiting import until

KEYS = [*keys(0, 10), *keys(1, 10)]
ABORTABLE = [KafkaError.INVALID_PRODUCER_ID_MAPPING, KafkaError.UNKNOWN_PRODUCER_ID]
"""Answers to EndTxn after which librdkafka wants the transaction to be aborted."""


@pytest.fixture(scope="module")
def proxy() -> Iterator[CommitProxy]:
    """Stands before the broker of the module."""
    with CommitProxy() as proxy:
        yield proxy


@pytest.fixture(scope="module")
def broker(proxy: CommitProxy, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedKafka]:
    """A broker that clients reach through the proxy alone."""
    node = NodeSettings(advertised={PLAINTEXT: proxy.port})
    broker = EmbeddedKafka(tmp_path_factory.mktemp("proxied"), node, heap_mb=256)
    proxy.upstream_port = broker.identity.ports[PLAINTEXT]
    with broker:
        yield broker


def test_a_commit_of_which_nothing_is_heard(
    broker: EmbeddedKafka, proxy: CommitProxy, make_world: MakeWorld
) -> None:
    """Both kinds at once, since the client asks again and again for ten seconds before it gives up."""
    worlds = {loss: make_world(connection=broker.connection()) for loss in Loss}
    clients = {loss: StageIdentity("tally", 0, world.prefix).client_id for loss, world in worlds.items()}
    members = {}
    for loss, world in worlds.items():
        world.write(KEYS)
        members[loss] = world.start()
        world.wait_done()
        proxy.lose(clients[loss], loss)
        world.write(keys(1, 10))
    for loss, world in worlds.items():
        until(lambda loss=loss: proxy.has_lost(clients[loss]), "the loss")  # type: ignore[misc]
        assert members[loss].wait() == 1
        assert "whether a batch is committed cannot be told" in members[loss].last_words
        committed = loss is Loss.ANSWER
        there = {0: 10, 1: 20 if committed else 10}
        assert world.standing() == Standing(there, there, {0: 10, 1: 10})

        proxy.let_through(clients[loss])
        _recover(world)


def test_a_commit_that_is_heard_of_after_all(
    broker: EmbeddedKafka, proxy: CommitProxy, make_world: MakeWorld
) -> None:
    """The client asks again, and learns that it is committed; or the broker's time-out was first."""
    struck = []
    for loss in Loss:
        world = make_world(connection=broker.connection())
        client = StageIdentity("tally", 0, world.prefix).client_id
        world.write(KEYS)
        member = world.start()
        world.wait_done()
        proxy.lose(client, loss)
        world.write(keys(1, 10))
        until(lambda client=client: proxy.has_lost(client), "the loss")  # type: ignore[misc]
        proxy.let_through(client)
        struck.append((world, member))
    for world, member in struck:
        until(lambda each=(world, member): each[0].is_done() or not each[1].runs, "an end")  # type: ignore[misc]
        if member.runs:
            member.stop()
        else:
            assert "Fenced" in member.last_words
            world.settle()
        count(world)


@pytest.mark.parametrize("error", ABORTABLE)
def test_an_error_in_the_answer_says_nothing_of_what_the_broker_did(
    broker: EmbeddedKafka, proxy: CommitProxy, make_world: MakeWorld, error: int
) -> None:
    """librdkafka then asks for an abort, as it does before the request has gone out: its words tell which."""
    world = make_world(connection=broker.connection())
    name = f"{world.prefix}by-hand"
    settings = {
        **broker.connection().librdkafka(),
        "transactional.id": name,
        "client.id": name,
        "log_level": 0,
    }
    transactions = KafkaTransactions(settings, world.name(world.stage.changelog.name))
    transactions.initialize()
    transactions.begin()
    transactions.produce_meta(0, b"meta", b"value", now_ms())
    proxy.forge(name, error)
    with pytest.raises(OutcomeUnknown, match="EndTxn"):
        transactions.commit()
    world.wait_closed()
    assert [each.key for each in world.read(world.stage.changelog.name)] == [b"meta"]


def _recover(world: World) -> None:
    world.write(KEYS)
    world.settle()
    count(world)
