"""What a fresh instance begins with: topics, the launch plan, limits, and some businesses."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from confluent_kafka.admin import AdminClient

from parley.settings.v1 import settings_pb2
from services.admin.new_account import AccountWish, described, new_account
from services.admin.settings_snapshot import SettingsSnapshot
from services.admin.settings_writer import SettingsWriter
from services.admin.supervisor.options import Options
from services.admin.supervisor.run_directory import write_private_json
from services.admin.topics import Topics
from services.identity.platform_key import PlatformKey
from services.rate_and_bill.plan_file import read_plan, shipped_plans
from services.rate_and_bill.publication import publication
from services.runtime.kafka_connection import KafkaConnection

LAUNCH_PLAN = "launch-2018"
DELIVERED_RETENTION_HOURS = 168
ENDED_RETENTION_HOURS = 24

Setting = settings_pb2.SettingChanged
Json = dict[str, Any]


class Seeding:
    """Brings a cluster to what `make up` promises. Doing it again changes only what differs."""

    def __init__(
        self, connection: KafkaConnection, topic_prefix: str, key: PlatformKey, now_ms: Callable[[], int]
    ) -> None:
        self._connection = connection
        self._prefix = topic_prefix
        self._key = key
        self._now_ms = now_ms

    def create_topics(self) -> None:
        """Create the topics that are not there."""
        with AdminClient({**self._connection.librdkafka(), "log_level": 0}) as admin:
            Topics(admin, self._prefix).create()

    def settle(self, options: Options, secrets: Path) -> list[Json]:
        """Publish the plan, set the limits and make businesses until there are enough.

        Returns the accounts as `.run/parley.json` lists them. ``secrets`` keeps what settings hold only
        hashed or sealed, for its owner alone. Raises :class:`Refused` or ``KafkaException``.
        """
        accounts: list[Json] = []

        def changes(settings: SettingsSnapshot) -> list[Setting]:
            accounts[:] = _known_accounts(secrets, settings)
            made = [*_plan(settings), *_platform(settings, options)]
            while len(accounts) < options.accounts:
                wish = AccountWish(name=f"Air Example {len(accounts) + 1}")
                account = new_account(wish, self._key, settings.with_changes(made), self._now_ms())
                made += account.settings
                accounts.append(dict(described(account)))
            # Before they are written: an account whose secrets are lost would be of no use.
            write_private_json(secrets, accounts)
            return made

        SettingsWriter(self._connection, self._prefix, self._now_ms).change(changes)
        return accounts


def _plan(settings: SettingsSnapshot) -> list[Setting]:
    plan = read_plan(shipped_plans()[LAUNCH_PLAN])
    known = settings.get(f"price-plan/{plan.name}")
    if known is not None and known.price_plan.version >= plan.version:
        return []  # an operator may have gone on from what is shipped
    setting = publication(plan, known.price_plan if known else None)
    return [] if setting is None else [setting]


def _platform(settings: SettingsSnapshot, options: Options) -> list[Setting]:
    platform = settings_pb2.Platform(
        delivered_retention_hours=DELIVERED_RETENTION_HOURS, ended_retention_hours=ENDED_RETENTION_HOURS
    )
    known = settings.get("platform")
    if known is not None:
        platform.CopyFrom(known.platform)
    platform.pair_burst = options.pair_burst
    platform.pair_interval_seconds = options.pair_interval_seconds
    if known is not None and known.platform == platform:
        return []
    return [Setting(key="platform", platform=platform)]


def _known_accounts(secrets: Path, settings: SettingsSnapshot) -> list[Json]:
    """Accounts made here before that the cluster still knows, as they are now."""
    if not secrets.exists():
        return []
    kept: list[Json] = json.loads(secrets.read_text())
    return [
        _as_now(account, settings) for account in kept if settings.get(f"account/{account['account_id']}")
    ]


def _as_now(account: Mapping[str, Any], settings: SettingsSnapshot) -> Json:
    now = settings.get(f"account/{account['account_id']}")
    business = settings.get(f"business/{account['business_id']}")
    url = now.account.webhook_url if now else ""
    plan = business.business.plan if business else account["plan"]
    return {**account, "webhook_url": url or None, "plan": plan}
