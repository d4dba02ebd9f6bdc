"""The supervisor's process: brings an instance up, reports to whoever started it, and keeps it running."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import structlog
from confluent_kafka import KafkaException

from deploy.kafka import KafkaUnavailable
from services.admin.account_listing import listed_accounts
from services.admin.errors import Refused
from services.admin.kept_tokens import KeptTokens
from services.admin.settings_snapshot import SettingsSnapshot
from services.admin.supervisor import instance_environment
from services.admin.supervisor.addresses import Addresses
from services.admin.supervisor.broker_choice import embedded_broker
from services.admin.supervisor.options import Options
from services.admin.supervisor.process_table import ProcessTable, platform_processes
from services.admin.supervisor.readiness import NotReady
from services.admin.supervisor.run_directory import RunDirectory, write_private_json
from services.admin.supervisor.seeding import Seeding
from services.admin.supervisor.settings_follower import followed_settings
from services.admin.supervisor.supervisor import Supervisor
from services.identity.platform_key import BadPlatformKey, NotSealedHere, PlatformKey
from services.rate_and_bill.plan_errors import PlanInvalid
from services.runtime.clock import wall_clock_ms
from services.runtime.kafka_connection import KafkaConnection, KafkaSettingsInvalid, read_kafka_connection
from services.runtime.kafka_reachable import KafkaUnreachable, check_reachable

log = structlog.get_logger()

Json = dict[str, Any]
MakeTable = Callable[[Addresses, Options], ProcessTable]
Report = Callable[[str], None]

REASONS = (
    BadPlatformKey,
    KafkaException,
    KafkaSettingsInvalid,
    KafkaUnavailable,
    KafkaUnreachable,
    NotReady,
    NotSealedHere,
    PlanInvalid,
    Refused,
)
"""Why an instance may not come up; the text of each says what to do."""


class CannotStart(Exception):
    """The instance did not come up: one sentence."""


def serve(
    directory: RunDirectory,
    working_directory: Path,
    options: Options,
    report: Report,
    make_table: MakeTable = platform_processes,
) -> None:
    """Bring the instance up and keep it running until SIGTERM or SIGINT; blocks.

    ``report`` is told what is going on, line by line. Raises :class:`CannotStart` when the instance does not
    come up, after which nothing of it runs.
    """
    supervisor = Supervisor(directory, working_directory)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: supervisor.stopping.set())
    try:
        with _bringing_up(supervisor, directory, options, report, make_table):
            report("ready")
            supervisor.run_until_stopped()
    except REASONS as reason:
        raise CannotStart(str(reason)) from reason
    finally:
        directory.environment.unlink(missing_ok=True)
        supervisor.stop()
        log.info("all stopped")


@contextmanager
def _bringing_up(
    supervisor: Supervisor,
    directory: RunDirectory,
    options: Options,
    report: Report,
    make_table: MakeTable,
) -> Iterator[None]:
    """Everything runs and is described inside the context, which keeps the description up to date."""
    addresses = Addresses()
    key = instance_environment.platform_key_text(directory.platform_key, os.environ)
    seeding_key = PlatformKey.from_text(key)
    connection = _connection(supervisor, directory, addresses, report)
    reaching = instance_environment.reaching(connection, key, os.environ)
    seeding = Seeding(connection, reaching[instance_environment.PREFIX], seeding_key, wall_clock_ms)
    report("creating topics")
    seeding.create_topics()
    table = make_table(addresses, options)
    report(f"starting {', '.join(spec.name for spec in table.processes)}")
    supervisor.keep(table.processes, instance_environment.for_processes(reaching, directory))
    accounts = seeding.settle(options, directory.accounts)
    supervisor.wait_until_ready(table.processes)
    write_private_json(directory.environment, reaching)
    supervisor.publish(_description(table, connection, options, accounts))

    def list_accounts(settings: SettingsSnapshot) -> None:
        kept = KeptTokens(directory.accounts).read()
        supervisor.list_accounts(listed_accounts(kept, settings, seeding_key))

    with followed_settings(connection, seeding.topic_prefix, list_accounts):
        yield


def _connection(
    supervisor: Supervisor, directory: RunDirectory, addresses: Addresses, report: Report
) -> KafkaConnection:
    """The cluster that the environment names, else that of a broker of our own."""
    if os.environ.get("KAFKA_BOOTSTRAP_SERVERS"):
        connection = read_kafka_connection()
        report(f"using Kafka at {connection.bootstrap_servers}")
        check_reachable(connection)
        return connection
    report("starting Kafka")
    broker = embedded_broker(directory.kafka, addresses, os.environ)
    supervisor.keep_broker(broker)
    link = directory.logs / "kafka.log"
    with suppress(FileExistsError):
        link.symlink_to(os.path.relpath(broker.directory.log, link.parent))
    return broker.connection()


def _description(
    table: ProcessTable, connection: KafkaConnection, options: Options, accounts: list[Json]
) -> Json:
    """What `.run/parley.json` says, but for the process ids."""
    return {
        "ingress_url": table.ingress_url,
        "handset_url": table.handset_url,
        "kafka_bootstrap_servers": connection.bootstrap_servers,
        "metrics_urls": {spec.name: spec.metrics_url for spec in table.processes},
        "limits": {
            "number_rate_per_second": options.number_rate,
            "pair_burst": options.pair_burst,
            "pair_interval_seconds": options.pair_interval_seconds,
        },
        "accounts": accounts,
    }
