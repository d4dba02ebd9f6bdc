"""Sends an account's webhooks again, from what `statuses` and `inbox` keep.

What an endpoint took is written down nowhere, so everything since a time is sent: a receiver drops what it
has by message id and status. Each partition goes record by record, all partitions side by side: so each
conversation keeps its order.
"""

import asyncio
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from parley.settings.v1 import settings_pb2
from services.admin.errors import Refused
from services.admin.instance import Instance
from services.admin.webhook_url import endpoint_rules
from services.contracts.catalogue import topic
from services.contracts.instants import rfc3339
from services.delivery.webhooks.courier import Posts
from services.delivery.webhooks.couriers import Couriers
from services.delivery.webhooks.errand import Errand
from services.delivery.webhooks.events import Unreadable, errand_of_inbox, errand_of_status
from services.delivery.webhooks.failures import EndpointFailed, NotTried
from services.delivery.webhooks.names import updates_of
from services.delivery.webhooks.resolver import ThreadedResolver
from services.delivery.webhooks.sockets import Sockets
from services.delivery.webhooks.target import BadUrl
from services.runtime.kafka_stop import stop_consumer

TOPICS = (topic("statuses"), topic("inbox"))
TIMEOUT_SECONDS = 10.0
TRIES_MAX = 3
SOCKETS_MAX = 64
AGAIN_SECONDS = 1.0
READ_AHEAD_MAX = 100
"""Records of one partition that wait to be sent."""
POLL_MS = 250

Lane = asyncio.Queue[ConsumerRecord | None]
"""Records of one partition on their way; None ends it."""


@dataclass
class Replayed:
    """What a replay has done."""

    sent: int = 0
    unreadable: int = 0
    """Records that no worker could read; they are in the dead letters."""
    unsent: int = 0
    """Updates that came after the endpoint had failed."""
    resume_at_ms: int = 0
    """Earliest record time of those, Unix milliseconds."""
    failure: str = ""

    def leave(self, at_ms: int) -> None:
        """Count an update that is not sent."""
        self.resume_at_ms = min(self.resume_at_ms, at_ms) if self.unsent else at_ms
        self.unsent += 1


def replay(instance: Instance, account: settings_pb2.Account, since_ms: int) -> Replayed:
    """Send what was recorded from `since_ms` (Unix milliseconds) until now. Blocks until all is sent.

    Raises Refused when the account has no usable webhook URL, and when the endpoint did not take an update in
    three tries: the sentence says from when to go on.
    """
    done = asyncio.run(_replay(instance, account, since_ms))
    if done.failure:
        raise Refused(
            f"{done.sent} sent, {done.unsent} not, because {done.failure}: go on with "
            f"`parley webhook replay {account.account_id} --since {rfc3339(done.resume_at_ms)}`."
        )
    return done


async def _replay(instance: Instance, account: settings_pb2.Account, since_ms: int) -> Replayed:
    resolver = ThreadedResolver()
    consumer = AIOKafkaConsumer(
        **instance.connection.aiokafka(), isolation_level="read_committed", enable_auto_commit=False
    )
    try:
        courier = _courier(instance, account, resolver)
        sending = _Sending(instance, account.account_id, courier, since_ms)
        await consumer.start()
        await _run(consumer, instance.topic_prefix, sending)
        courier.close()
    finally:
        await stop_consumer(consumer)
        resolver.close()
    return sending.done


def _courier(instance: Instance, account: settings_pb2.Account, resolver: ThreadedResolver) -> Posts:
    rules = endpoint_rules(instance)
    couriers = Couriers(
        instance.platform_key,
        resolver,
        rules.tls(),
        allow_private=rules.allow_private,
        timeout_seconds=TIMEOUT_SECONDS,
        sockets=Sockets(SOCKETS_MAX),
    )
    try:
        courier = couriers.courier(account)
    except BadUrl as error:
        raise Refused(f"The account's webhook URL cannot be used: {error}.") from None
    if courier is None:
        raise Refused(f"Account {account.account_id} has no webhook URL: `parley account webhook` sets it.")
    return courier


async def _run(consumer: AIOKafkaConsumer, prefix: str, sending: "_Sending") -> None:
    """Read every partition from the time on to where it ends now, and send on the way."""
    places = [TopicPartition(prefix + one.name, number) for one in TOPICS for number in range(one.partitions)]
    consumer.assign(places)
    ends: dict[TopicPartition, int] = await consumer.end_offsets(places)
    starts = await consumer.offsets_for_times(dict.fromkeys(places, sending.since_ms))
    lanes: dict[TopicPartition, Lane] = {}
    async with asyncio.TaskGroup() as group:
        for place in places:
            start = starts[place]
            consumer.seek(place, min(start.offset, ends[place]) if start else ends[place])
            lanes[place] = asyncio.Queue(READ_AHEAD_MAX)
            group.create_task(sending.run(lanes[place]))
        left = set(places)
        while left := {place for place in left if await consumer.position(place) < ends[place]}:
            batch = await consumer.getmany(*left, timeout_ms=POLL_MS)
            for place, records in batch.items():
                for record in records:
                    await lanes[place].put(record)
        for lane in lanes.values():
            await lane.put(None)


class _Sending:
    """Sends one account's updates, until the endpoint fails; from then on it only counts."""

    def __init__(self, instance: Instance, account_id: str, courier: Posts, since_ms: int) -> None:
        self.since_ms = since_ms
        self.done = Replayed()
        self._account_id = account_id
        self._courier = courier
        self._updates = updates_of(instance.platform_key)
        self._inbox = f"{instance.topic_prefix}inbox"

    async def run(self, lane: Lane) -> None:
        """Send what comes through a lane, in order."""
        while (record := await lane.get()) is not None:
            errand = self._errand(record)
            if errand is None:
                continue
            failure = self.done.failure or await self._send(errand)
            if failure:
                self.done.failure = failure
                self.done.leave(record.timestamp)
            else:
                self.done.sent += 1

    def _errand(self, record: ConsumerRecord) -> Errand | None:
        if record.timestamp < self.since_ms:
            return None
        errand_of = errand_of_inbox if record.topic == self._inbox else errand_of_status
        try:
            errand = errand_of(self._updates, record, lambda: None)
        except Unreadable:
            self.done.unreadable += 1
            return None
        return errand if errand is not None and errand.account_id == self._account_id else None

    async def _send(self, errand: Errand) -> str:
        """Why the update was not taken; empty when it was."""
        failure = ""
        for attempt in range(TRIES_MAX):
            if attempt:
                await asyncio.sleep(AGAIN_SECONDS)
            try:
                await self._courier.post(errand.body, errand.traceparent)
            except (EndpointFailed, NotTried) as error:
                failure = str(error)
            else:
                return ""
        return failure
