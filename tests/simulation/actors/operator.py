"""The operator: changes settings as one transaction each, and records opt-ins and opt-outs."""

from collections.abc import Iterable

from parley.settings.v1 import settings_pb2
from services.contracts.headers import headers_for
from services.contracts.setting_routes import SETTINGS, stage_inputs_of
from services.ingress.intake import build_opt_in, build_opt_out
from tests.simulation.actors.ingress import Ingress
from tests.simulation.kafka_model.partition_log import Fate
from tests.simulation.scenario import (
    ACCOUNTS,
    BUSINESSES,
    HOUR_MS,
    PLANS,
    PLATFORM_KEY,
    price_plan,
)
from tests.simulation.topology import TOPICS
from tests.simulation.world import World

KIND = "setting_changed"
WRITER = "settings"
EFFECTIVE_AFTER_MS = (0, 2_000, HOUR_MS)


class Operator:
    """Writes settings, in order of version."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._versions: dict[str, int] = {}
        self._epoch = world.cluster.coordinator.initialize(WRITER)

    def change_something(self) -> None:
        """Set something to another value, now or for later."""
        random, now_ms = self._world.random, self._world.cluster.now_ms
        effective_ms = now_ms + random.choice(EFFECTIVE_AFTER_MS)
        changed = settings_pb2.SettingChanged(effective_from_ms=effective_ms)
        kind = random.choice(("plan", "business", "account", "platform"))
        if kind == "plan":
            name = random.choice(PLANS)
            changed.key = f"price-plan/{name}"
            version = self._versions[changed.key] + 1
            changed.price_plan.CopyFrom(price_plan(name, version, effective_ms))
        elif kind == "business":
            changed.business.CopyFrom(random.choice(BUSINESSES))
            changed.key = f"business/{changed.business.business_id}"
            changed.business.plan = random.choices(PLANS, (5, 5, 1))[0]
        elif kind == "account":
            changed.account.CopyFrom(random.choice(ACCOUNTS))
            changed.key = f"account/{changed.account.account_id}"
            changed.account.closing_soon_seconds = random.choice((600, 3_600, 7_200, 100_000))
        else:
            changed.key = "platform"
            changed.platform.pair_burst = random.choice((0, 2, 45))
            changed.platform.ended_retention_hours = random.choice((0, 1, 48))
        self._world.trace.note("operator", "sets {}", changed.key)
        self.write([changed])

    def write(self, changes: Iterable[settings_pb2.SettingChanged]) -> None:
        """Write settings as one transaction to all who need them."""
        cluster, coordinator = self._world.cluster, self._world.cluster.coordinator
        transaction = coordinator.begin(WRITER, self._epoch, cluster.now_ms)
        at_ms = cluster.now_ms
        for change in changes:
            change.version = self._versions[change.key] = self._versions.get(change.key, 0) + 1
            key = change.key.encode()
            headers = headers_for(change, KIND)
            cluster.append(SETTINGS, 0, key, change.SerializeToString(), at_ms, headers, transaction)
            for target in stage_inputs_of(change.key):
                event = target.message(setting_changed=change)
                headers, value = headers_for(event, KIND), event.SerializeToString()
                for partition in range(TOPICS[target.name].partitions):
                    cluster.append(target.name, partition, key, value, at_ms, headers, transaction)
        coordinator.end(WRITER, self._epoch, Fate.COMMITTED)

    def record_consent(self, ingress: Ingress) -> None:
        """Record that a customer has opted in or out."""
        random = self._world.random
        customer, number = random.choice(self._world.pairs)
        build = build_opt_in if random.random() < 0.7 else build_opt_out
        record = build(
            PLATFORM_KEY,
            number.business_id,
            number.account_id,
            customer.number,
            ingress.now_ms,
            method="web form",
            evidence=f"form {random.randrange(3)}",
        )
        self._world.trace.note("operator", "{} of {} to {}", record.kind, customer.number, number.business_id)
        ingress.write(record)
