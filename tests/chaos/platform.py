"""The whole platform on a cluster that can be disturbed: brokers, topics, businesses, services."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parley.settings.v1 import settings_pb2
from services.admin.identifiers import new_id
from services.admin.settings_snapshot import SettingsSnapshot
from services.admin.settings_writer import SettingsWriter
from services.admin.supervisor import instance_environment
from services.admin.supervisor.options import Options
from services.admin.supervisor.seeding import Seeding
from services.admin.templates import template_from, template_key
from services.identity.platform_key import PlatformKey
from services.runtime.clock import wall_clock_ms
from tests.chaos.cluster import Cluster
from tests.chaos.fleet import Fleet
from tests.chaos.proxy import Proxies

BUSINESSES = 3
NUMBER_RATE = 100
"""Messages a second for each number: a burst is answered 429."""
FLASH_SALE = {
    "name": "flash_sale",
    "language": "en_US",
    "category": "MARKETING",
    "message_send_ttl_seconds": 30,
    "components": [{"type": "BODY", "text": "Half the price until noon."}],
}
"""A template that expires as soon as any may, for customers who are away."""

Account = Mapping[str, Any]


@dataclass(frozen=True)
class Platform:
    """What runs, and how to reach it."""

    cluster: Cluster
    fleet: Fleet
    accounts: list[Account]
    key: PlatformKey
    environment: Mapping[str, str]
    """Variables by which the `parley` command reaches it."""

    @property
    def prefix(self) -> str:
        """Of topics and groups."""
        return self.environment[instance_environment.PREFIX]

    def send_webhooks_to(self, url_of: Mapping[str, str]) -> None:
        """Set the webhook URL of each account, by its id."""

        def changes(settings: SettingsSnapshot) -> list[settings_pb2.SettingChanged]:
            made = []
            for account_id, url in url_of.items():
                changed = settings_pb2.SettingChanged(key=f"account/{account_id}")
                known = settings.get(changed.key)
                assert known is not None
                changed.account.CopyFrom(known.account)
                changed.account.webhook_url = url
                made.append(changed)
            return made

        SettingsWriter(self.cluster.connection, self.prefix, wall_clock_ms).change(changes)


@contextmanager
def running(directory: Path, options: Options, variables: Mapping[str, str]) -> Iterator[Platform]:
    """Start everything, wait until all is ready, and end it; ``variables`` are the services'."""
    with Proxies() as proxies, Cluster(directory / "kafka", proxies) as cluster:
        key = PlatformKey.generate()
        plain = {
            name: value for name, value in os.environ.items() if not name.startswith(("KAFKA_", "PARLEY_"))
        }
        reaching = instance_environment.reaching(cluster.connection, key, {})
        environment = {**plain, **reaching, "PARLEY_NUMBER_RATE": str(options.number_rate), **variables}
        state = directory / "services"
        state.mkdir()
        prefix = reaching[instance_environment.PREFIX]
        seeding = Seeding(cluster.connection, prefix, PlatformKey.from_text(key), wall_clock_ms)
        seeding.create_topics()
        accounts = seeding.settle(options, state / "accounts.json")
        _add_flash_sale(cluster, prefix, accounts)
        with Fleet(state, environment) as fleet:
            fleet.wait_until_ready()
            yield Platform(cluster, fleet, [*accounts], PlatformKey.from_text(key), {**plain, **reaching})


def _add_flash_sale(cluster: Cluster, prefix: str, accounts: list[dict[str, Any]]) -> None:
    def changes(_: SettingsSnapshot) -> list[settings_pb2.SettingChanged]:
        templates = [
            template_from(FLASH_SALE, account["account_id"], new_id(lambda _: False)) for account in accounts
        ]
        return [settings_pb2.SettingChanged(key=template_key(each), template=each) for each in templates]

    SettingsWriter(cluster.connection, prefix, wall_clock_ms).change(changes)
