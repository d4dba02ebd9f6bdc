"""The pace that each number of a business keeps towards one customer, as a conversation's row holds it."""

from parley.consent.v1 import consent_row_pb2
from parley.message.v1 import facts_pb2
from services.consent.pair_rate import PairRate, paid_until_after, why_too_fast
from services.consent.refusal import Refusal
from services.runtime.settings_seen import SettingsSeen

PACES_MAX = 64
"""Numbers whose pace is kept for a customer; beyond it the one nearest to being paid back is forgotten."""
_USUAL = PairRate()


def keep_pace(
    conversation: consent_row_pb2.Conversation, facts: facts_pb2.SendFacts, settings: SettingsSeen
) -> Refusal | None:
    """Count a request towards its number's pace; says why it comes too fast, and then it is not counted."""
    accepted_at_ms = facts.accepted_at_ms
    rate = _rate_in_force(settings, accepted_at_ms)
    pace = _pace_of(conversation, facts.phone_number_id, accepted_at_ms)
    refusal = why_too_fast(rate, pace.paid_until_ms, accepted_at_ms)
    if refusal is None:
        pace.paid_until_ms = paid_until_after(rate, pace.paid_until_ms, accepted_at_ms)
    return refusal


def _rate_in_force(settings: SettingsSeen, at_ms: int) -> PairRate:
    setting = settings.in_force("platform", at_ms)
    if setting is None:
        return _USUAL
    limits = setting.platform
    return PairRate(
        limits.pair_burst or _USUAL.burst, limits.pair_interval_seconds * 1_000 or _USUAL.interval_ms
    )


def _pace_of(
    conversation: consent_row_pb2.Conversation, phone_number_id: str, now_ms: int
) -> consent_row_pb2.PairPace:
    for pace in conversation.paces:
        if pace.phone_number_id == phone_number_id:
            return pace
    owing = [pace for pace in conversation.paces if pace.paid_until_ms > now_ms]
    owing.sort(key=lambda pace: pace.paid_until_ms, reverse=True)
    kept = consent_row_pb2.Conversation(paces=owing[: PACES_MAX - 1])
    del conversation.paces[:]
    conversation.paces.MergeFrom(kept.paces)
    return conversation.paces.add(phone_number_id=phone_number_id)
