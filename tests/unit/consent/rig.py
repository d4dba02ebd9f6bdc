"""A rig for consent: one customer and one business who write to each other."""

from google.protobuf.message import Message

from parley.intake.v1 import intake_pb2
from parley.message.v1 import facts_pb2
from services.consent.stage import ConsentStage
from tests.unit.stage_rig import Emitted, StageRig

T0 = 1_772_452_800_000
"""2026-03-02 12:00:00 UTC."""
BUSINESS, CUSTOMER, NUMBER, ACCOUNT = "506914307656634", "u1_customer", "106540352242922", "102290129340398"
KEY = f"{BUSINESS}:{CUSTOMER}".encode()
ENVELOPE = facts_pb2.Envelope(
    customer_number="16505551234", display_phone_number="15550783881", callback_data="order-1"
)


class Conversation:
    """Each call is one record of intake, ``at`` milliseconds after noon of 2 March 2026."""

    def __init__(self) -> None:
        self.rig = StageRig(ConsentStage())

    def feed(self, event: Message, at: int = 0) -> list[Emitted]:
        return self.rig.feed(event, KEY, T0 + at)

    def writes(self, message_id: str, at: int = 0, word: str = "", *, referral: bytes = b"") -> list[Emitted]:
        """The customer writes; ``word`` is STOP or START with a language, such as ``STOP pt``."""
        keyword, _, language = word.partition(" ")
        event = intake_pb2.CustomerMessageReceived(
            message_id=message_id, business_id=BUSINESS, account_id=ACCOUNT, phone_number_id=NUMBER,
            user_ref=CUSTOMER, envelope=ENVELOPE, sent_at_ms=T0 + at, content=b"{}", profile_name="Sheena",
            context_message_id="wamid.context", referral_json=referral,
            keyword=f"KEYWORD_{keyword or 'UNSPECIFIED'}", keyword_language=language,
        )  # fmt: skip
        return self.feed(event, at)

    def sends(
        self, message_id: str, at: int = 0, *, key: str = "", body: str = "", number: str = NUMBER
    ) -> list[Emitted]:
        """The business sends, with an Idempotency-Key where ``key`` is given."""
        idempotency = intake_pb2.Idempotency(key_digest=key.encode(), body_digest=body.encode())
        event = intake_pb2.SendRequested(
            facts=facts_of(message_id, at, number), envelope=ENVELOPE, content=b'{"type":"text"}',
            idempotency=idempotency if key else None,
        )  # fmt: skip
        return self.feed(event, at)

    def blocks(self, at: int = 0) -> list[Emitted]:
        return self.feed(intake_pb2.CustomerBlocked(blocked_at_ms=T0 + at, account_id=ACCOUNT), at)

    def unblocks(self, at: int = 0) -> list[Emitted]:
        return self.feed(intake_pb2.CustomerUnblocked(unblocked_at_ms=T0 + at, account_id=ACCOUNT), at)

    def opts_in(self, at: int = 0, *, method: str = "web form", evidence: str = "form 42") -> list[Emitted]:
        event = intake_pb2.OptInRecorded(
            recorded_at_ms=T0 + at, method=method, evidence=evidence, account_id=ACCOUNT
        )
        return self.feed(event, at)

    def opts_out(
        self, at: int = 0, *, method: str = "phone call", evidence: str = "ticket 1"
    ) -> list[Emitted]:
        event = intake_pb2.OptOutRecorded(
            recorded_at_ms=T0 + at, method=method, evidence=evidence, account_id=ACCOUNT
        )
        return self.feed(event, at)


def facts_of(message_id: str, at: int = 0, number: str = NUMBER) -> facts_pb2.SendFacts:
    return facts_pb2.SendFacts(
        message_id=message_id, business_id=BUSINESS, account_id=ACCOUNT, phone_number_id=number,
        user_ref=CUSTOMER, destination_prefix="1", category=facts_pb2.CATEGORY_SERVICE,
        form=facts_pb2.FORM_FREE_FORM, accepted_at_ms=T0 + at, expires_at_ms=T0 + at + 1_000,
    )  # fmt: skip


def told(outputs: list[Emitted]) -> list[str]:
    """Outputs as ``topic kind``, in order."""
    return [f"{out.topic} {out.kind}" for out in outputs]


def verdict(outputs: list[Emitted]) -> int:
    """What became of a request: 0 when it passed, else the code of its refusal."""
    if told(outputs) == ["screened send_screened", "dispatch content_held"]:
        return 0
    assert told(outputs) == ["dispatch send_refused"]
    code: int = outputs[0].event.refusal.code
    return code
