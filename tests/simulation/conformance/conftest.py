"""The sites that each test runs on."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from deploy.kafka import EmbeddedKafka, NodeSettings
from deploy.kafka.settings import PLAINTEXT
from services.runtime.kafka_connection import KafkaConnection
from tests.integration.hard_cases.rig.commit_proxy import CommitProxy
from tests.simulation.conformance.rig.kafka_site import KafkaSite
from tests.simulation.conformance.rig.model_site import ModelSite
from tests.simulation.conformance.rig.site import Site


@pytest.fixture(params=["model", "kafka"])
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    """A cluster of the test's own, with an empty input."""
    made: Site = ModelSite() if request.param == "model" else KafkaSite(request.getfixturevalue("kafka"))
    with closing(made):
        yield made


@pytest.fixture(scope="package")
def proxy() -> Iterator[CommitProxy]:
    """Stands before a broker of the suite's own."""
    with CommitProxy() as proxy:
        yield proxy


@pytest.fixture(scope="package")
def proxied(proxy: CommitProxy, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaConnection]:
    """A broker that clients reach through the proxy alone, and that compacts as soon as it may."""
    node = NodeSettings(advertised={PLAINTEXT: proxy.port}, extra={"log.cleaner.backoff.ms": "50"})
    broker = EmbeddedKafka(tmp_path_factory.mktemp("proxied"), node, heap_mb=256)
    proxy.upstream_port = broker.identity.ports[PLAINTEXT]
    with broker:
        yield broker.connection()


@pytest.fixture(params=["model", "kafka"])
def troubled(request: pytest.FixtureRequest) -> Iterator[Site]:
    """The same, where processes can fall silent and the changelog is compacted."""
    made: Site = ModelSite()
    if request.param == "kafka":
        made = KafkaSite(request.getfixturevalue("proxied"), request.getfixturevalue("proxy"))
    with closing(made):
        yield made
