"""consent record by record: what passes, what is refused, what changes, what is remembered."""

import pytest

from parley.consent.v1 import screened_pb2
from parley.delivery.v1 import dispatch_pb2
from parley.inbox.v1 import inbox_pb2
from parley.intake.v1 import intake_pb2
from parley.message.v1 import facts_pb2
from parley.settings.v1 import settings_pb2
from services.consent.pace import PACES_MAX
from services.runtime.stage import InvariantBroken
from tests.unit.consent.rig import (
    ACCOUNT,
    BUSINESS,
    CUSTOMER,
    ENVELOPE,
    KEY,
    NUMBER,
    T0,
    Conversation,
    facts_of,
    told,
    verdict,
)

HOUR = 3_600_000
DAY = 24 * HOUR
PASSED = ["screened customer_message_screened", "inbox message_received"]
GRANTED = ["consents granted", "dispatch consent_changed"]
STOPPED = ["consents stopped", "dispatch consent_changed"]
CONFIRMED = ["inbox preference_changed", "dispatch notice_requested"]


@pytest.fixture
def conversation() -> Conversation:
    return Conversation()


def test_who_never_wrote_cannot_be_messaged(conversation: Conversation) -> None:
    (refused,) = conversation.sends("s1", 5)
    assert refused.event == dispatch_pb2.SendRefused(
        message_id="s1", facts=facts_of("s1", 5), envelope=ENVELOPE, refused_at_ms=T0 + 5,
        refusal=facts_pb2.Refusal(
            code=131026,
            details="The customer has never written to this business and has not opted in; "
            "wait until the customer writes, or record an opt-in.",
        ),
    )  # fmt: skip
    assert (refused.key, refused.message_id) == (KEY, "s1")


def test_the_first_message_permits(conversation: Conversation) -> None:
    outputs = conversation.writes("m1", 7, referral=b'{"source_type":"ad"}')
    assert told(outputs) == [*GRANTED, *PASSED]
    assert {out.key for out in outputs} == {KEY}
    assert {out.message_id for out in outputs} == {"m1"}
    granted, changed, screened, inbox = outputs
    assert (granted.value.consent_id, granted.value.changed_at_ms) == ("consent.3.0", T0 + 7)
    assert (granted.value.method, granted.value.evidence) == ("customer_wrote", "m1")
    assert (granted.value.business_id, granted.value.user_ref) == (BUSINESS, CUSTOMER)
    assert granted.value.account_id == ACCOUNT
    assert changed.event == dispatch_pb2.ConsentChanged(
        consent_id="consent.3.0", consent=facts_pb2.CONSENT_GRANTED, changed_at_ms=T0 + 7
    )
    assert screened.event == screened_pb2.CustomerMessageScreened(
        message_id="m1", business_id=BUSINESS, account_id=ACCOUNT, phone_number_id=NUMBER,
        user_ref=CUSTOMER, sent_at_ms=T0 + 7, entry_point=True,
    )  # fmt: skip
    assert inbox.value == inbox_pb2.InboxEvent(
        business_id=BUSINESS, account_id=ACCOUNT, phone_number_id=NUMBER, user_ref=CUSTOMER,
        display_phone_number="15550783881", customer_number="16505551234", profile_name="Sheena",
        message_received=inbox_pb2.MessageReceived(
            message_id="m1", sent_at_ms=T0 + 7, content=b"{}", context_message_id="wamid.context",
            referral_json=b'{"source_type":"ad"}',
        ),
    )  # fmt: skip


def test_a_permitted_request_names_its_consent(conversation: Conversation) -> None:
    conversation.writes("m1")
    screened, held = conversation.sends("s1", 1)
    assert screened.event == screened_pb2.SendScreened(facts=facts_of("s1", 1), consent_id="consent.3.0")
    assert held.event == dispatch_pb2.ContentHeld(
        facts=facts_of("s1", 1), envelope=ENVELOPE, content=b'{"type":"text"}'
    )
    assert (screened.key, screened.message_id, held.key, held.message_id) == (KEY, "s1", KEY, "s1")


def test_later_messages_change_nothing(conversation: Conversation) -> None:
    conversation.writes("m1")
    assert told(conversation.writes("m2", 1)) == PASSED


def test_g10_after_stop_nothing_is_sent(conversation: Conversation) -> None:
    conversation.writes("m1")
    outputs = conversation.writes("m2", HOUR, "STOP pt")
    assert told(outputs) == [*STOPPED, *PASSED, *CONFIRMED]
    assert {out.message_id for out in outputs} == {"m2"}
    stopped, changed, _, _, preference, notice = outputs
    assert (stopped.value.method, stopped.value.evidence) == ("keyword", "m2")
    assert (changed.event.consent_id, changed.event.consent) == ("consent.3.1", facts_pb2.CONSENT_STOPPED)
    assert preference.event == inbox_pb2.PreferenceChanged(
        changed_at_ms=T0 + HOUR, stopped=True, message_id="m2"
    )
    assert preference.value.customer_number == "16505551234"
    assert notice.event == dispatch_pb2.NoticeRequested(
        notice_id="notice.3.1", phone_number_id=NUMBER, requested_at_ms=T0 + HOUR,
        text="Você não receberá mais mensagens desta empresa. Responda INICIAR para voltar a recebê-las.",
    )  # fmt: skip
    assert verdict(conversation.sends("s1", 2 * HOUR)) == 131050


def test_only_start_or_an_opt_in_restores(conversation: Conversation) -> None:
    conversation.writes("m1", 0, "STOP en")
    assert told(conversation.writes("m2", 1)) == PASSED
    assert verdict(conversation.sends("s1", 2)) == 131050
    outputs = conversation.writes("m3", 3, "START en")
    assert told(outputs) == [*GRANTED, *PASSED, *CONFIRMED]
    assert not outputs[4].event.stopped
    assert outputs[5].event.text.endswith("Reply STOP to end them.")
    assert verdict(conversation.sends("s2", 4)) == 0


def test_a_word_that_changes_nothing_is_told_and_confirmed_all_the_same(conversation: Conversation) -> None:
    conversation.writes("m1", 0, "STOP en")
    outputs = conversation.writes("m2", 1, "STOP es")
    assert told(outputs) == [*PASSED, *CONFIRMED]
    assert outputs[2].event.stopped
    assert outputs[3].event.notice_id == "notice.3.1"
    assert outputs[3].event.text.startswith("Ya no recibirás")
    assert conversation.writes("m2", 2, "STOP es") == []
    conversation.writes("m3", 3, "START en")
    outputs = conversation.writes("m4", 4, "START es")
    assert told(outputs) == [*PASSED, *CONFIRMED]
    assert not outputs[2].event.stopped
    assert verdict(conversation.sends("s1", 5)) == 0


def test_a_stop_after_a_recorded_opt_out_is_confirmed(conversation: Conversation) -> None:
    conversation.opts_in()
    conversation.opts_out(1)
    assert told(conversation.writes("m1", 2, "STOP en")) == [*PASSED, *CONFIRMED]
    assert conversation.rig.row(KEY).conversation.method == "phone call", "what holds came of the opt-out"


def test_behind_a_block_nothing_leaves(conversation: Conversation) -> None:
    conversation.writes("m1")
    assert told(conversation.blocks(1)) == ["consents blocked", "dispatch consent_changed"]
    assert conversation.writes("m2", 2) == []
    assert conversation.writes("m3", 3, "START en") == []
    assert conversation.feed(intake_pb2.CustomerMessageRead(message_id="m1"), 4) == []
    (refused,) = conversation.sends("s1", 5)
    assert refused.event.refusal.code == 131026
    assert "blocked" in refused.event.refusal.details
    assert conversation.blocks(6) == []


def test_an_unblock_restores_what_held_before(conversation: Conversation) -> None:
    conversation.writes("m1")
    conversation.blocks(1)
    conversation.writes("m2", 2)
    unblocked, changed = conversation.unblocks(3)
    assert (unblocked.kind, unblocked.value.method) == ("unblocked", "unblock")
    assert (changed.event.consent_id, changed.event.consent) == ("consent.3.3", facts_pb2.CONSENT_GRANTED)
    assert verdict(conversation.sends("s1", 4)) == 0
    assert conversation.unblocks(5) == []
    assert conversation.writes("m2", 6) == []


def test_writing_behind_a_block_grants_nothing(conversation: Conversation) -> None:
    conversation.blocks()
    conversation.writes("m1", 1)
    (_, changed) = conversation.unblocks(2)
    assert changed.event.consent == facts_pb2.CONSENT_UNSPECIFIED
    assert verdict(conversation.sends("s1", 3)) == 131026


def test_a_stop_behind_a_block_is_recorded_in_silence(conversation: Conversation) -> None:
    conversation.writes("m1")
    conversation.blocks(1)
    stopped, changed = conversation.writes("m2", 2, "STOP en")
    assert (stopped.kind, stopped.value.evidence) == ("stopped", "m2")
    assert (changed.event.consent_id, changed.event.consent) == ("consent.3.2", facts_pb2.CONSENT_BLOCKED)
    conversation.unblocks(3)
    assert verdict(conversation.sends("s1", 4)) == 131050


def test_operators_record_method_and_evidence(conversation: Conversation) -> None:
    granted, changed = conversation.opts_in(5)
    assert (granted.kind, granted.value.method, granted.value.evidence) == ("granted", "web form", "form 42")
    assert (granted.value.changed_at_ms, granted.value.account_id) == (T0 + 5, ACCOUNT)
    assert changed.event.consent == facts_pb2.CONSENT_GRANTED
    assert verdict(conversation.sends("s1", 6)) == 0
    assert conversation.opts_in(7) == []
    assert told(conversation.opts_in(8, evidence="form 43")) == GRANTED
    outputs = conversation.opts_out(9)
    assert told(outputs) == STOPPED
    (refused,) = conversation.sends("s2", 10)
    assert refused.event.refusal.code == 131050
    assert "opted out" in refused.event.refusal.details
    row = conversation.rig.row(KEY).conversation
    assert (row.method, row.evidence, row.consent_id) == ("phone call", "ticket 1", "consent.3.4")


def test_an_opt_in_does_not_lift_a_block(conversation: Conversation) -> None:
    conversation.blocks()
    (_, changed) = conversation.opts_in(1)
    assert changed.event.consent == facts_pb2.CONSENT_BLOCKED
    assert verdict(conversation.sends("s1", 2)) == 131026
    conversation.unblocks(3)
    assert verdict(conversation.sends("s2", 4)) == 0


def test_g9_a_repeated_request_is_one_message(conversation: Conversation) -> None:
    conversation.writes("m1")
    assert verdict(conversation.sends("s1", 1, key="k", body="b")) == 0
    assert conversation.sends("s1", 2, key="k", body="b") == []
    assert conversation.sends("s1", DAY, key="k", body="b") == []


def test_equal_requests_without_a_key_are_different_messages(conversation: Conversation) -> None:
    conversation.writes("m1")
    assert verdict(conversation.sends("s1", 1)) == 0
    assert verdict(conversation.sends("s2", 1)) == 0
    assert conversation.sends("s2", 1) == []


def test_a_key_used_with_another_body_is_refused_once(conversation: Conversation) -> None:
    conversation.writes("m1")
    conversation.sends("s1", 1, key="k", body="b")
    (refused,) = conversation.sends("s2", 2, key="k", body="other")
    assert refused.event.refusal.code == 100
    assert refused.event.refusal.details.startswith("Idempotency-Key was used with another body")
    assert conversation.sends("s2", 3, key="k", body="other") == []
    assert verdict(conversation.sends("s3", 4, key="another", body="other")) == 0


def test_a_repeat_across_midnight_is_a_duplicate(conversation: Conversation) -> None:
    conversation.writes("m1")
    conversation.sends("wamid.first", 11 * HOUR, key="k", body="b")
    (refused,) = conversation.sends("wamid.second", 13 * HOUR, key="k", body="b")
    assert refused.event.refusal.code == 100
    assert refused.event.refusal.details.startswith("duplicate of wamid.first")


def test_the_first_has_the_key_even_if_it_was_refused(conversation: Conversation) -> None:
    assert verdict(conversation.sends("s1", 0, key="k", body="b")) == 131026
    conversation.writes("m1", 1)
    assert conversation.sends("s1", 2, key="k", body="b") == []
    assert verdict(conversation.sends("s2", 3, key="k", body="other")) == 100


def test_a_refused_key_does_not_count_as_a_message(conversation: Conversation) -> None:
    conversation.rig.setting("platform", settings_pb2.Platform(pair_burst=2))
    conversation.writes("m1")
    assert verdict(conversation.sends("s1", 1, key="k", body="b")) == 0
    assert verdict(conversation.sends("s2", 2, key="k", body="other")) == 100
    assert verdict(conversation.sends("s3", 3)) == 0
    assert verdict(conversation.sends("s4", 4)) == 131056


@pytest.mark.parametrize(("after", "dropped"), [(25 * HOUR - 1, True), (25 * HOUR, False)])
def test_requests_are_remembered_for_25_hours(conversation: Conversation, after: int, dropped: bool) -> None:
    conversation.writes("m1")
    conversation.sends("s1", 0, key="k", body="b")
    assert (conversation.sends("s1", after, key="k", body="b") == []) is dropped


@pytest.mark.parametrize(("after", "dropped"), [(7 * DAY - 1, True), (7 * DAY, False)])
def test_customers_messages_are_remembered_for_7_days(
    conversation: Conversation, after: int, dropped: bool
) -> None:
    conversation.writes("m1")
    assert (conversation.writes("m1", after) == []) is dropped


def test_what_is_forgotten_leaves_no_trace(conversation: Conversation) -> None:
    conversation.writes("m1")
    conversation.sends("s1", 0, key="k", body="b")
    conversation.rig.tick(T0 + 7 * DAY)
    conversation.rig.commit()
    assert [key for key, _ in conversation.rig.store.scan(KEY)] == [KEY]
    assert conversation.rig.store.timers(None, 1) == []


def test_g20_the_46th_message_within_6_seconds_is_refused(conversation: Conversation) -> None:
    conversation.writes("m1")
    assert {verdict(conversation.sends(f"s{n}", n * 100)) for n in range(45)} == {0}
    (refused,) = conversation.sends("s45", 5_999)
    assert refused.event.refusal.code == 131056
    assert verdict(conversation.sends("s46", 6_000)) == 0
    assert verdict(conversation.sends("t1", 6_000, number="another number")) == 0


def test_the_pair_rate_is_a_setting_with_a_date(conversation: Conversation) -> None:
    platform = settings_pb2.Platform(pair_burst=1, pair_interval_seconds=60)
    conversation.rig.setting("platform", platform, at_ms=T0 + 10)
    conversation.writes("m1", 10)
    assert [verdict(conversation.sends(f"s{n}", 9)) for n in range(3)] == [0, 0, 0]
    assert verdict(conversation.sends("s3", 10)) == 131056
    assert verdict(conversation.sends("s4", 18_000 + 9)) == 0
    assert verdict(conversation.sends("s5", 78_000)) == 131056


def test_the_pace_of_a_bounded_number_of_numbers_is_kept(conversation: Conversation) -> None:
    conversation.writes("m1")
    for n in range(PACES_MAX + 6):
        assert verdict(conversation.sends(f"s{n}", n, number=f"number {n}")) == 0
    paces = conversation.rig.row(KEY).conversation.paces
    assert [pace.phone_number_id for pace in paces][-1] == f"number {PACES_MAX + 5}"
    assert len(paces) == PACES_MAX
    assert {f"number {n}" for n in range(6)}.isdisjoint(pace.phone_number_id for pace in paces)
    conversation.sends("later", HOUR, number="yet another")
    (pace,) = conversation.rig.row(KEY).conversation.paces
    assert (pace.phone_number_id, pace.paid_until_ms) == ("yet another", T0 + HOUR + 6_000)


def test_a_read_mark_goes_to_delivery(conversation: Conversation) -> None:
    conversation.writes("m1")
    event = intake_pb2.CustomerMessageRead(
        message_id="m1", phone_number_id=NUMBER, user_ref=CUSTOMER, read_at_ms=T0 + 3, typing=True
    )
    (mark,) = conversation.feed(event, 3)
    assert mark.event == dispatch_pb2.ReadMarkRequested(
        message_id="m1", phone_number_id=NUMBER, read_at_ms=T0 + 3, typing=True
    )
    assert (mark.topic, mark.key, mark.message_id) == ("dispatch", KEY, "m1")


def test_a_record_under_a_foreign_key_is_refused(conversation: Conversation) -> None:
    request = intake_pb2.SendRequested(facts=facts_pb2.SendFacts(business_id=BUSINESS, user_ref="u1_other"))
    message = intake_pb2.CustomerMessageReceived(business_id="1", user_ref=CUSTOMER)
    for event in (request, message):
        with pytest.raises(InvariantBroken):
            conversation.feed(event)
