"""`parley topics`: the Kafka topics that the platform declares."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import typer
from confluent_kafka.admin import AdminClient

from services.admin.errors import Refused
from services.admin.instance import open_instance
from services.admin.output import AsJson, print_objects
from services.admin.topics import CLUSTER_DEFAULT, Replication, Topics
from services.contracts.catalogue import catalogue

FACTOR, INSYNC_MIN = "PARLEY_REPLICATION_FACTOR", "PARLEY_MIN_INSYNC_REPLICAS"

app = typer.Typer(help="The Kafka topics that the platform declares.", no_args_is_help=True)


@app.command()
def create(as_json: AsJson = False) -> None:
    """Create the topics that the cluster lacks; what is there stays as it is.

    PARLEY_PARTITION_FACTOR multiplies the partitions, for good: beside topics that were made with another
    one none is created. PARLEY_REPLICATION_FACTOR and PARLEY_MIN_INSYNC_REPLICAS say how often each record is
    kept; else the cluster's defaults hold.
    """
    with _topics() as topics:
        created = topics.create()
    print_objects(
        [{"topic": name, "created": name in created} for name in topics.declared],
        as_json,
        ("topic", "created"),
        "Nothing is declared.",
    )


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the declared topics, without asking any cluster."""
    listed = [
        {
            "topic": name,
            "schema": declared.schema,
            "partitions": declared.partitions,
            "public": declared.public,
            "config": declared.config(),
        }
        for name, declared in catalogue().items()
    ]
    print_objects(listed, as_json, ("topic", "schema", "partitions", "public"), "Nothing is declared.")


@app.command()
def diff(as_json: AsJson = False) -> None:
    """Compare the cluster with what is declared; exit 1 where they differ."""
    with _topics() as topics:
        differences = topics.differences()
    print_objects(
        [
            {"topic": each.topic, "what": each.what, "declared": each.declared, "found": each.found}
            for each in differences
        ],
        as_json,
        ("topic", "what", "declared", "found"),
        f"{len(topics.declared)} topics are as declared.",
    )
    if differences:
        raise Refused(f"{len(differences)} differences: `parley topics create` makes what is missing.")


@contextmanager
def _topics() -> Iterator[Topics]:
    instance = open_instance(whatever_topics=True)
    factor = _whole(instance.environment.get(FACTOR), FACTOR)
    insync = _whole(instance.environment.get(INSYNC_MIN), INSYNC_MIN)
    replication = Replication(CLUSTER_DEFAULT if factor is None else factor, insync)
    with AdminClient({**instance.connection.librdkafka(), "log_level": 0}) as admin:
        yield Topics(admin, instance.topic_prefix, replication=replication)


def _whole(text: str | None, variable: str) -> int | None:
    if not text:
        return None
    if not re.fullmatch("[1-9][0-9]{0,3}", text):
        raise Refused(f"{variable} must be a whole number from 1 to 9999, not {text!r}.")
    return int(text)
