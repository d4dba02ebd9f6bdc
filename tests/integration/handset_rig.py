"""The handset channel on a real broker with the real delivery stage; tests play the stages before."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import aiohttp
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from google.protobuf.message import Message
from pydantic import SecretStr

from parley.delivery.v1 import dispatch_pb2
from parley.message.v1 import facts_pb2
from parley.settings.v1 import settings_pb2
from services.admin.topics import Topics
from services.contracts.catalogue import catalogue, topic
from services.contracts.headers import headers_for
from services.contracts.keys import conversation_key
from services.contracts.placement import partition_of
from services.delivery.handset.limits import HandsetLimits
from services.delivery.handset.process import HandsetChannel
from services.delivery.handset.settings import HandsetSettings
from services.identity.customer_token import customer_token
from services.identity.message_id import UNIQUE_BYTES, Kind, MessageId
from services.identity.platform_key import PlatformKey
from services.identity.references import user_ref
from services.runtime.clock import wall_clock_ms
from services.runtime.kafka_connection import KafkaConnection

ROOT = Path(__file__).parents[2]
DEADLINE_SECONDS = 20.0
TTL_MS = 86_400_000
BUSINESSES = {
    "106540352242922": settings_pb2.PhoneNumber(
        phone_number_id="106540352242922",
        account_id="102290129340398",
        business_id="506914307656634",
        display_phone_number="15550783881",
    ),
    "206540352242922": settings_pb2.PhoneNumber(
        phone_number_id="206540352242922",
        account_id="202290129340398",
        business_id="606914307656634",
        display_phone_number="15550783882",
    ),
}
NUMBER, OTHER_NUMBER = BUSINESSES
TOPICS = (
    "intake",
    "dispatch",
    "outbox",
    "statuses",
    "usage",
    "settings",
    "delivery-changelog",
    "dead-letters",
)
TEXT = {"type": "text", "text": {"body": "Hello"}}


class Seen(NamedTuple):
    """A record as read from a topic."""

    key: bytes
    kind: str
    event: Any
    headers: dict[str, bytes]


class Platform:
    """Topics of a prefix of their own, with two businesses in the settings."""

    def __init__(self, connection: KafkaConnection) -> None:
        self.connection = connection
        self.prefix = f"handset-{uuid4().hex[:8]}."
        key_text = PlatformKey.generate()
        self.key_text = key_text
        self.key = PlatformKey.from_text(key_text)
        admin = AdminClient({**connection.librdkafka(), "log_level": 0})
        Topics(admin, self.prefix, [catalogue()[name] for name in TOPICS]).create()
        self._producer = Producer({**connection.librdkafka(), "linger.ms": 0, "acks": "all", "log_level": 0})
        for number in BUSINESSES.values():
            key = f"phone-number/{number.phone_number_id}"
            setting = settings_pb2.SettingChanged(key=key, version=1, phone_number=number)
            self.write("settings", key.encode(), setting, "setting_changed")

    def write(
        self, name: str, key: bytes, value: Message, kind: str, traceparent: bytes | None = None
    ) -> None:
        """Write one record; returns when the broker has it."""
        declared = topic(name)
        self._producer.produce(
            self.prefix + name,
            key=key,
            value=value.SerializeToString(),
            partition=partition_of(declared, key),
            headers=headers_for(value, kind, traceparent=traceparent),  # type: ignore[arg-type]
        )
        assert self._producer.flush(10) == 0

    def dispatch(self, customer: "Customer", number: str, event: Message) -> None:
        """What a stage before delivery would have written."""
        members = dispatch_pb2.DispatchEvent.DESCRIPTOR.oneofs_by_name["event"].fields
        kind = next(field.name for field in members if field.message_type is event.DESCRIPTOR)
        members_set: dict[str, Any] = {kind: event}
        value = dispatch_pb2.DispatchEvent(**members_set)
        key = conversation_key(BUSINESSES[number].business_id, customer.user_ref)
        self.write("dispatch", key, value, kind, b"00-%s-%s-01" % (b"a" * 32, b"b" * 16))

    def read(self, name: str) -> list[Seen]:
        """All committed records of a topic."""
        declared = topic(name)
        consumer = Consumer(
            {
                **self.connection.librdkafka(),
                "log_level": 0,
                "group.id": "reads-no-group",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
            }
        )
        consumer.assign([TopicPartition(self.prefix + name, each, 0) for each in range(declared.partitions)])
        seen, at_end = [], 0
        try:
            while at_end < declared.partitions:
                record = consumer.poll(5)
                assert record is not None, f"{name} was not read to its end"
                if record.error():
                    at_end += 1
                    continue
                seen.append(_decoded(declared.message, record))
        finally:
            consumer.close()
        return seen

    async def until(self, name: str, enough: Callable[[list[Seen]], bool]) -> list[Seen]:
        """Read a topic until it holds what is wanted."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not enough(seen := await asyncio.to_thread(self.read, name)):
                await asyncio.sleep(0.05)
        return seen


def _decoded(message: type[Message], record: Any) -> Seen:
    headers = dict(record.headers() or [])
    if record.value() is None:
        return Seen(record.key(), "tombstone", None, headers)
    value: Any = message.FromString(record.value())
    kind = value.WhichOneof("event")
    return Seen(record.key(), kind, getattr(value, kind), headers)


class Customer:
    """A customer of the platform, and what businesses send to them."""

    def __init__(self, platform: Platform, number: str) -> None:
        self.number = number
        self.user_ref = user_ref(platform.key, number)
        self.token = customer_token(platform.key, number)
        self._platform = platform
        self._sent = 0
        self._consent = 0

    def consent(self, consent: facts_pb2.Consent, number: str = NUMBER) -> None:
        """Consent changed."""
        self._consent += 1
        event = dispatch_pb2.ConsentChanged(consent_id=f"consent.0.{self._consent}", consent=consent)
        self._platform.dispatch(self, number, event)

    def send(self, number: str = NUMBER, content: dict[str, Any] | None = None) -> str:
        """A business's message is held and authorized; returns its id."""
        business, now_ms = BUSINESSES[number], wall_clock_ms()
        self._sent += 1
        unique = self._sent.to_bytes(UNIQUE_BYTES)
        message_id = MessageId(Kind.OUTBOUND, business.business_id, number, self.user_ref, unique).seal(
            self._platform.key
        )
        held = dispatch_pb2.ContentHeld(content=json.dumps(content or TEXT).encode())
        held.facts.CopyFrom(
            facts_pb2.SendFacts(
                message_id=message_id,
                business_id=business.business_id,
                account_id=business.account_id,
                phone_number_id=number,
                user_ref=self.user_ref,
                accepted_at_ms=now_ms,
                expires_at_ms=now_ms + TTL_MS,
            )
        )
        held.envelope.customer_number = self.number
        held.envelope.display_phone_number = business.display_phone_number
        self._platform.dispatch(self, number, held)
        authorized = dispatch_pb2.SendAuthorized(message_id=message_id)
        authorized.pricing.type = "regular"
        self._platform.dispatch(self, number, authorized)
        return message_id

    def conversation(self, number: str = NUMBER) -> bytes:
        """Key of the conversation with the business behind a number."""
        return conversation_key(BUSINESSES[number].business_id, self.user_ref)


@contextmanager
def delivery(platform: Platform, directory: Path) -> Iterator[None]:
    """The delivery stage as a process of its own."""
    environment = {
        **os.environ,
        **platform.connection.environment(),
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'services' / 'contracts'}",
        "PARLEY_TOPIC_PREFIX": platform.prefix,
        "PARLEY_DATA_DIR": str(directory),
        "PARLEY_HEALTH_PORT": "0",
    }
    log = (directory / "delivery.log").open("w", encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "services.delivery"], cwd=ROOT, env=environment, stderr=log
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)
        log.close()


class Device:
    """A customer's device: sends frames, and waits for those it names."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.received: list[dict[str, Any]] = []

    async def say(self, **frame: Any) -> None:
        await self.socket.send_str(json.dumps(frame))

    async def ack(self, message_id: str, status: str = "delivered") -> None:
        await self.say(type="ack", id=message_id, status=status)

    async def next(self, kind: str) -> dict[str, Any]:
        """The next frame, which must be of that type."""
        frame = await self.socket.receive_json(timeout=DEADLINE_SECONDS)
        assert frame["type"] == kind, frame
        self.received.append(frame)
        return dict(frame)

    async def nothing_more(self) -> None:
        """Nothing came up to now: a frame that is answered at once brings only its answer."""
        await self.say(type="nothing", id="probe")
        answer = await self.next("error")
        assert answer["id"] == "probe"

    async def closed(self) -> int | None:
        """The code with which the platform closes; frames before it are dropped."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            async for _ in self.socket:
                pass
        return self.socket.close_code


class Channel:
    """The worker in this process, so that a test can narrow its limits."""

    def __init__(self, platform: Platform, worker: HandsetChannel, session: aiohttp.ClientSession) -> None:
        self.platform = platform
        self.worker = worker
        self.session = session

    @property
    def http_url(self) -> str:
        return self.worker.url.replace("ws://", "http://")

    @asynccontextmanager
    async def device(self, customer: Customer) -> AsyncIterator[Device]:
        """The customer's device, connected."""
        socket = await self.session.ws_connect(
            f"{self.worker.url}?token={customer.token}", protocols=["parley.handset.v1"], max_msg_size=0
        )
        try:
            yield Device(socket)
        finally:
            await socket.close()


@asynccontextmanager
async def channel(
    platform: Platform, limits: HandsetLimits | None = None, **settings: Any
) -> AsyncIterator[Channel]:
    """The worker, ready, with a client session."""
    worker = HandsetChannel(
        HandsetSettings(
            health_port=0,
            handset_port=0,
            topic_prefix=platform.prefix,
            platform_key=SecretStr(platform.key_text),
            **settings,
        ),
        platform.connection,
        platform.key,
        limits,
    )
    running = asyncio.create_task(_run(worker))
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while worker.url.endswith(":0/handset"):
                assert not running.done(), running.exception()
                await asyncio.sleep(0.01)
        async with aiohttp.ClientSession() as session:
            yield Channel(platform, worker, session)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await worker.stop()


async def _run(worker: HandsetChannel) -> None:
    await worker.start()
    await worker.run()
