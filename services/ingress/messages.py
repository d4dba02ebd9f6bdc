"""``POST /{phone_number_id}/messages``: a request that is authorized and read, to an answer.

200 is answered only once Kafka has acknowledged the record.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import structlog
from structlog.typing import FilteringBoundLogger

from parley.intake.v1.intake_pb2 import Idempotency
from parley.message.v1.facts_pb2 import FORM_TEMPLATE, Envelope, SendFacts
from parley.settings.v1.settings_pb2 import PhoneNumber
from services.identity.destination import destination_prefix
from services.identity.message_id import Kind, MessageId
from services.identity.platform_key import PlatformKey
from services.identity.references import business_scoped_user_id
from services.ingress.decode import compact_json
from services.ingress.errors import invalid_parameter, outcome_unknown, overloaded
from services.ingress.fields import Members
from services.ingress.idempotency import idempotency_of, keyed_unique_bytes, new_unique_bytes
from services.ingress.intake import IntakeRecord, build_message_read, build_send_request, write_intake
from services.ingress.limits import RETRY_AFTER_OVERLOAD_SECONDS
from services.ingress.rate import NumberRates
from services.ingress.read_mark import is_read_mark, read_read_mark
from services.ingress.send import Outgoing, read_send
from services.ingress.templates import TemplateIndex
from services.runtime.clock import Clock
from services.runtime.write_errors import NotWritten, Overloaded, RecordTooLarge, WriteUnknown
from services.runtime.writes_records import WritesRecords

MARKED = b'{"success":true}'


@dataclass(frozen=True, slots=True)
class MessagesEndpoint:
    """Everything that an answer depends on; nothing of it is this replica's own but the rate."""

    platform_key: PlatformKey
    templates: TemplateIndex
    rates: NumberRates
    writer: WritesRecords
    clock: Clock
    ttl_seconds_max: int
    """Time to live of a message whose template states no shorter one."""
    unique_bytes: Callable[[], bytes] = new_unique_bytes
    log: FilteringBoundLogger = field(default_factory=lambda: structlog.get_logger().bind())
    """Bound once: to bind it for each message costs more than to read the request."""

    async def post(
        self, sender: PhoneNumber, request: Members, idempotency_key: str | None, traceparent: bytes
    ) -> bytes:
        """The body of a 200. Raises ``ApiError``."""
        if is_read_mark(request):
            return await self._mark(sender, request, traceparent)
        return await self._send(sender, request, idempotency_key, traceparent)

    async def _send(
        self, sender: PhoneNumber, request: Members, idempotency_key: str | None, traceparent: bytes
    ) -> bytes:
        outgoing = read_send(request, sender, self.templates, self.platform_key)
        self.rates.admit(sender.phone_number_id, sender.rate_per_second)
        accepted_at_ms = self.clock()
        if idempotency_key is None:
            idempotency, unique = None, self.unique_bytes()
        else:
            idempotency = idempotency_of(self.platform_key, idempotency_key, sender, outgoing.number, request)
            unique = keyed_unique_bytes(self.platform_key, idempotency, accepted_at_ms)
        message_id = MessageId(
            Kind.OUTBOUND, sender.business_id, sender.phone_number_id, outgoing.user_ref, unique
        ).seal(self.platform_key)
        record = self._record(sender, outgoing, message_id, accepted_at_ms, idempotency)
        await self._write(record, traceparent)
        self.log.debug("accepted", message_id=message_id)
        return self._accepted(sender, outgoing, message_id)

    async def _mark(self, sender: PhoneNumber, request: Members, traceparent: bytes) -> bytes:
        mark = read_read_mark(request, sender, self.platform_key)
        self.rates.admit(sender.phone_number_id, sender.rate_per_second)
        record = build_message_read(
            sender.account_id, mark.message, mark.message_id, self.clock(), typing=mark.typing
        )
        await self._write(record, traceparent)
        return MARKED

    async def _write(self, record: IntakeRecord, traceparent: bytes) -> None:
        try:
            await write_intake(self.writer, record, traceparent)
        except RecordTooLarge:
            raise invalid_parameter("The message is too large to be recorded: shorten it.") from None
        except Overloaded:
            raise overloaded(
                "The platform is busy and nothing was recorded: send again.", RETRY_AFTER_OVERLOAD_SECONDS
            ) from None
        except NotWritten as error:
            raise overloaded(
                "The platform's log does not answer and nothing was recorded: send again.",
                RETRY_AFTER_OVERLOAD_SECONDS,
            ) from error
        except WriteUnknown as error:
            self.log.warning("outcome of a write unknown", message_id=record.message_id, error=str(error))
            raise outcome_unknown(record.message_id) from error

    def _record(
        self,
        sender: PhoneNumber,
        outgoing: Outgoing,
        message_id: str,
        accepted_at_ms: int,
        idempotency: Idempotency | None,
    ) -> IntakeRecord:
        ttl_seconds = min(outgoing.ttl_seconds or self.ttl_seconds_max, self.ttl_seconds_max)
        facts = SendFacts(
            message_id=message_id,
            business_id=sender.business_id,
            account_id=sender.account_id,
            phone_number_id=sender.phone_number_id,
            user_ref=outgoing.user_ref,
            destination_prefix=destination_prefix(outgoing.number),
            category=outgoing.category,
            form=outgoing.form,
            accepted_at_ms=accepted_at_ms,
            expires_at_ms=accepted_at_ms + ttl_seconds * 1000,
        )
        envelope = Envelope(
            customer_number=outgoing.number,
            display_phone_number=sender.display_phone_number,
            callback_data=outgoing.callback_data,
        )
        return build_send_request(facts, envelope, compact_json(outgoing.content), idempotency)

    def _accepted(self, sender: PhoneNumber, outgoing: Outgoing, message_id: str) -> bytes:
        user_id = business_scoped_user_id(self.platform_key, sender.business_id, outgoing.number)
        message = {"id": message_id}
        if outgoing.form == FORM_TEMPLATE:
            message["message_status"] = "accepted"
        contact = {"input": outgoing.recipient, "wa_id": outgoing.number, "user_id": user_id}
        answer = {"messaging_product": "whatsapp", "contacts": [contact], "messages": [message]}
        return compact_json(answer)
