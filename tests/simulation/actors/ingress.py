"""An ingress: accepts requests and customers' messages under a clock of its own, and writes intake."""

from random import Random

from parley.intake.v1.intake_pb2 import Idempotency, IntakeEvent
from parley.message.v1 import facts_pb2
from parley.settings.v1.settings_pb2 import PhoneNumber
from services.contracts.headers import headers_for
from services.contracts.placement import partition_of
from services.identity.message_id import UNIQUE_BYTES, Kind, MessageId
from services.ingress.idempotency import idempotency_of, keyed_unique_bytes
from services.ingress.intake import IntakeRecord, build_send_request
from tests.simulation.actors.request import Request
from tests.simulation.scenario import CATEGORIES, PLATFORM_KEY, SECOND_MS, Customer
from tests.simulation.topology import TOPICS
from tests.simulation.world import World

WRITE_DELAY_MAX_MS = 10 * SECOND_MS


class Ingress:
    """One replica. What it answered with 200 stands in ``accepted``."""

    def __init__(self, world: World, name: str, clock_skew_ms: int) -> None:
        self.name = name
        self.clock_skew_ms = clock_skew_ms
        self._world = world
        self._random = Random(world.random.random())  # noqa: S311 - repeatable on purpose
        self.asked: dict[str, Request] = {}
        """By message id, whatever lies in intake."""
        self.doubly_given: set[str] = set()
        """Message ids that stand for two different messages."""
        self.accepted: dict[str, Request] = {}
        """By message id, what a client was told to be accepted."""

    @property
    def now_ms(self) -> int:
        """This replica's clock."""
        return self._world.cluster.now_ms + self.clock_skew_ms

    def send(self, request: Request, delay_ms: int = 0, *, answered: bool = True) -> str:
        """Accept a request and write it, at once or after a delay; returns its message id.

        Not ``answered``: the write's outcome is unknown to the client, who may ask again.
        """
        accepted_at_ms = self.now_ms
        idempotency = self._idempotency(request)
        message_id = self._message_id(request, idempotency, accepted_at_ms)
        facts = facts_pb2.SendFacts(
            message_id=message_id,
            business_id=request.sender.business_id,
            account_id=request.sender.account_id,
            phone_number_id=request.sender.phone_number_id,
            user_ref=request.customer.user_ref,
            destination_prefix=request.customer.prefix,
            category=CATEGORIES[request.category],
            form=facts_pb2.FORM_FREE_FORM if request.category == "service" else facts_pb2.FORM_TEMPLATE,
            accepted_at_ms=accepted_at_ms,
            expires_at_ms=accepted_at_ms + request.ttl_ms,
        )
        envelope = facts_pb2.Envelope(
            customer_number=request.customer.number,
            display_phone_number=request.sender.display_phone_number,
        )
        record = build_send_request(facts, envelope, request.content, idempotency)
        self._world.trace.note(self.name, "takes {} as {}", request, message_id[-12:])

        def write() -> None:
            if not self.write(record):
                return
            if self.asked.setdefault(message_id, request).content != request.content:
                self.doubly_given.add(message_id)
            if answered:
                self.accepted[message_id] = request

        if delay_ms:
            self._world.later(delay_ms, write)
        else:
            write()
        return message_id

    def write_rubbish(self, request: Request) -> None:
        """A request that was written so that nobody can read it; its headers still tell whose it is."""
        message_id = self._message_id(request, None, self.now_ms)
        headers = headers_for(IntakeEvent(), "send_requested", message_id=message_id)
        key = request.conversation
        partition = partition_of(TOPICS["intake"], key)
        if self._world.write("intake", partition, key, b"\xff rubbish", self.now_ms, headers):
            self.asked[message_id] = self.accepted[message_id] = request
            self._world.trace.note(self.name, "writes rubbish as {}", message_id[-12:])

    def write(self, record: IntakeRecord) -> bool:
        """Write a record of intake; False when the broker refuses it, so that nothing was accepted."""
        traceparent = b"00-%032x-%016x-01" % (self._random.getrandbits(128), self._random.getrandbits(64))
        headers = headers_for(
            record.event, record.kind, message_id=record.message_id, traceparent=traceparent
        )
        partition = partition_of(TOPICS["intake"], record.key)
        value = record.event.SerializeToString()
        return self._world.write("intake", partition, record.key, value, self.now_ms, headers)

    def _idempotency(self, request: Request) -> Idempotency | None:
        if request.idempotency_key is None:
            return None
        body = {"type": "text", "text": {"body": request.content.decode()}}
        return idempotency_of(
            PLATFORM_KEY, request.idempotency_key, request.sender, request.customer.number, body
        )

    def _message_id(self, request: Request, idempotency: Idempotency | None, accepted_at_ms: int) -> str:
        if idempotency is None:
            unique = self._world.parts.unique_bytes(self._random.randbytes(UNIQUE_BYTES))
        else:
            unique = keyed_unique_bytes(PLATFORM_KEY, idempotency, accepted_at_ms)
        sender: PhoneNumber = request.sender
        customer: Customer = request.customer
        return MessageId(
            Kind.OUTBOUND, sender.business_id, sender.phone_number_id, customer.user_ref, unique
        ).seal(PLATFORM_KEY)
