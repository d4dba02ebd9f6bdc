"""What a fresh instance begins with: topics, the launch plan, limits, and some businesses."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from confluent_kafka.admin import AdminClient

from parley.settings.v1 import settings_pb2
from services.admin.account_listing import listed_accounts, worth_keeping
from services.admin.kept_tokens import KeptTokens
from services.admin.new_account import AccountWish, new_account
from services.admin.settings_snapshot import SettingsSnapshot
from services.admin.settings_writer import SettingsWriter
from services.admin.supervisor.options import Options
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
        self.topic_prefix = topic_prefix
        self._key = key
        self._now_ms = now_ms

    def create_topics(self) -> None:
        """Create the topics that are not there. Raises :class:`Refused` beside those of another number."""
        with AdminClient({**self._connection.librdkafka(), "log_level": 0}) as admin:
            Topics(admin, self.topic_prefix).create()

    def settle(self, options: Options, secrets: Path) -> list[Json]:
        """Publish the plan, set the limits and make businesses until there are enough.

        Returns the accounts as `.run/parley.json` lists them. ``secrets`` is the file that keeps access
        tokens, of which settings hold only hashes. Raises :class:`Refused` or ``KafkaException``.
        """
        accounts: list[Json] = []

        def changes(settings: SettingsSnapshot) -> list[Setting]:
            made = [*_plan(settings), *_platform(settings, options)]
            with KeptTokens(secrets).changing() as kept:
                kept[:] = worth_keeping(kept, settings)
                known = len({token.account_id for token in kept})
                for position in range(known, options.accounts):
                    wish = AccountWish(name=f"Air Example {position + 1}")
                    new = new_account(wish, self._key, settings.with_changes(made), self._now_ms())
                    made += new.settings
                    kept.append(new.kept_token)
            accounts[:] = listed_accounts(kept, settings.with_changes(made), self._key)
            return made

        SettingsWriter(self._connection, self.topic_prefix, self._now_ms).change(changes)
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
