"""session-window record by record: what it tells of windows, and what it says of each request."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.consent.v1 import screened_pb2
from parley.message.v1 import facts_pb2
from parley.settings.v1 import settings_pb2
from services.runtime.stage import InvariantBroken
from services.session_window.stage import SessionWindowStage
from tests.unit.stage_rig import Emitted, StageRig

HOUR = 3_600_000
DAY = 24 * HOUR
T0 = 1_772_452_800_000
"""2026-03-02 12:00:00 UTC."""
BUSINESS, CUSTOMER, NUMBER, ACCOUNT = "506914307656634", "u1_customer", "106540352242922", "102290129340398"
KEY = f"{BUSINESS}:{CUSTOMER}".encode()


class Windows:
    """session-window for one customer; times are milliseconds from noon of 2 March 2026."""

    def __init__(self) -> None:
        self.rig = StageRig(SessionWindowStage())

    def customer(
        self, message_id: str, at: int, *, written: int | None = None, number: str = NUMBER, ad: bool = False
    ) -> list[str]:
        """The customer writes; returns the news of it and of the time that has passed."""
        event = screened_pb2.CustomerMessageScreened(
            message_id=message_id, business_id=BUSINESS, account_id=ACCOUNT, phone_number_id=number,
            user_ref=CUSTOMER, sent_at_ms=T0 + (at if written is None else written), entry_point=ad,
        )  # fmt: skip
        return news(self.rig.feed(event, KEY, T0 + at))

    def reply(
        self, at: int, *, accepted: int | None = None, number: str = NUMBER
    ) -> facts_pb2.WindowEvidence:
        """The business sends; returns what is said of the window."""
        facts = facts_pb2.SendFacts(
            message_id="reply", business_id=BUSINESS, account_id=ACCOUNT, phone_number_id=number,
            user_ref=CUSTOMER, accepted_at_ms=T0 + (at if accepted is None else accepted),
        )  # fmt: skip
        event = screened_pb2.SendScreened(facts=facts, consent_id="consent.3.1")
        outputs = self.rig.feed(event, KEY, T0 + at)
        self.told_meanwhile = news(outputs)
        (assessed,) = [out for out in outputs if out.topic == "usage"]
        assert (assessed.kind, assessed.key) == ("send_assessed", BUSINESS.encode())
        assert assessed.message_id == "reply"
        assert ("parley-conversation", KEY) in assessed.headers
        assert assessed.event.facts == facts
        assert assessed.event.consent_id == "consent.3.1"
        window: facts_pb2.WindowEvidence = assessed.event.window
        return window

    def tick(self, at: int) -> list[str]:
        return news(self.rig.tick(T0 + at))


def news(outputs: list[Emitted]) -> list[str]:
    assert all(out.key == KEY for out in outputs if out.topic == "windows")
    return [f"{out.kind} {out.value.opened_by}" for out in outputs if out.topic == "windows"]


@pytest.fixture
def windows() -> Windows:
    return Windows()


def test_g4_a_reply_is_free_until_24_hours_have_passed(windows: Windows) -> None:
    windows.customer("m1", 0)
    assert windows.reply(DAY - 1_000).open
    assert not windows.reply(DAY).open


def test_g5_what_the_business_sends_does_not_extend(windows: Windows) -> None:
    windows.customer("m1", 0)
    assert windows.reply(20 * HOUR).open
    assert not windows.reply(30 * HOUR).open


def test_g15_an_old_message_delivered_again_does_not_reopen(windows: Windows) -> None:
    windows.customer("m1", 0)
    assert windows.tick(25 * HOUR) == ["closed m1"]
    assert windows.customer("m1", 26 * HOUR, written=0) == []
    assert windows.customer("older", 26 * HOUR, written=-HOUR) == []
    assert not windows.reply(27 * HOUR).open


def test_the_evidence_names_the_messages_and_their_times(windows: Windows) -> None:
    windows.customer("ad", 0, ad=True)
    windows.customer("last", 3 * HOUR)
    assert windows.reply(4 * HOUR) == facts_pb2.WindowEvidence(
        open=True, opened_by="ad", opened_at_ms=T0, last_message_id="last", last_message_at_ms=T0 + 3 * HOUR,
        closes_at_ms=T0 + 27 * HOUR, entry_point_message_id="ad", entry_point_at_ms=T0,
    )  # fmt: skip


def test_nobody_wrote(windows: Windows) -> None:
    assert windows.reply(0) == facts_pb2.WindowEvidence(open=False)


def test_each_number_has_its_own_window(windows: Windows) -> None:
    windows.customer("m1", 0, number="1")
    windows.customer("m2", 20 * HOUR, number="2")
    assert not windows.reply(30 * HOUR, number="1").open
    assert windows.reply(30 * HOUR, number="2").open
    assert not windows.reply(30 * HOUR, number="3").open


def test_the_life_of_a_window_is_told(windows: Windows) -> None:
    assert windows.customer("m1", 0) == ["opened m1"]
    assert windows.customer("m2", 23 * HOUR) == ["closing_soon m1", "extended m1"]
    assert windows.tick(45 * HOUR - 1) == []
    assert windows.tick(45 * HOUR) == ["closing_soon m1"]
    assert windows.tick(46 * HOUR) == []
    assert windows.tick(47 * HOUR - 1) == []
    assert windows.tick(47 * HOUR) == ["closed m1"]
    assert windows.tick(48 * HOUR) == []
    assert windows.customer("m3", 50 * HOUR) == ["opened m3"]


def test_what_is_told_of_a_window(windows: Windows) -> None:
    windows.customer("m1", 0)
    windows.customer("m2", HOUR)
    (soon,) = windows.rig.tick(T0 + 23 * HOUR)
    value = soon.value
    assert (value.business_id, value.user_ref, value.account_id) == (BUSINESS, CUSTOMER, ACCOUNT)
    assert (value.phone_number_id, value.opened_by, value.opened_at_ms) == (NUMBER, "m1", T0)
    assert (value.last_message_id, value.closes_at_ms) == ("m2", T0 + 25 * HOUR)
    assert soon.message_id == "m2"


def test_a_message_dated_in_the_past_opens_a_window_that_is_over(windows: Windows) -> None:
    assert windows.customer("dated", 0, written=-25 * HOUR) == ["opened dated"]
    assert windows.tick(1) == ["closed dated"]
    late = windows.reply(2)
    assert (late.open, late.opened_by, late.closes_at_ms) == (False, "dated", T0 - HOUR)


def test_a_message_dated_weeks_ago_is_told_and_forgotten(windows: Windows) -> None:
    assert windows.customer("dated", 0, written=-30 * DAY) == ["opened dated"]
    assert windows.tick(1) == ["closed dated"]
    assert windows.reply(2) == facts_pb2.WindowEvidence(open=False)


def test_a_dated_message_leaves_little_time(windows: Windows) -> None:
    assert windows.customer("dated", 0, written=-23 * HOUR) == ["opened dated"]
    assert windows.tick(1) == ["closing_soon dated"]
    assert windows.reply(HOUR - 1).open
    assert windows.tick(HOUR) == ["closed dated"]


def test_a_timer_that_fired_first_changes_no_verdict(windows: Windows) -> None:
    windows.customer("m1", 0)
    assert windows.tick(2 * DAY) == ["closed m1"]
    assert windows.reply(2 * DAY, accepted=DAY - 1).open
    assert not windows.reply(2 * DAY, accepted=DAY).open


def test_a_late_timer_tells_only_what_is_still_true(windows: Windows) -> None:
    windows.customer("m1", 0)
    assert windows.tick(30 * HOUR) == ["closed m1"]


def test_a_window_told_closed_that_continues_is_told_open_again(windows: Windows) -> None:
    windows.customer("m1", 0)
    assert windows.tick(DAY) == ["closed m1"]
    assert windows.customer("delayed", DAY + 1, written=20 * HOUR) == ["opened m1"]
    window = windows.reply(30 * HOUR)
    assert (window.open, window.opened_by, window.last_message_id) == (True, "m1", "delayed")
    assert windows.tick(44 * HOUR) == ["closed m1"]


def test_a_message_ahead_of_the_timers_closes_the_old_window_first(windows: Windows) -> None:
    windows.customer("m1", 0)
    assert windows.customer("m2", DAY - 5, written=DAY) == ["closing_soon m1", "closed m1", "opened m2"]
    assert windows.tick(DAY) == []


@pytest.mark.parametrize(("seconds", "lead"), [(60, 60_000), (0, 2 * HOUR), (3 * 86_400, DAY)])
def test_closing_soon_is_a_setting_of_the_account(windows: Windows, seconds: int, lead: int) -> None:
    windows.rig.setting(f"account/{ACCOUNT}", settings_pb2.Account(closing_soon_seconds=seconds))
    windows.customer("m1", 0)
    assert windows.rig.row(KEY + b"/" + NUMBER.encode()).wake_at_ms == T0 + DAY - lead


def test_a_setting_changed_meanwhile_holds_when_the_timer_comes(windows: Windows) -> None:
    windows.customer("m1", 0)
    windows.rig.setting(f"account/{ACCOUNT}", settings_pb2.Account(closing_soon_seconds=60), at_ms=T0 + 1)
    assert windows.tick(DAY - 2 * HOUR) == []
    assert windows.tick(DAY - 60_000) == ["closing_soon m1"]


def test_a_window_is_forgotten_seven_days_after_it_closed(windows: Windows) -> None:
    row_key = KEY + b"/" + NUMBER.encode()
    windows.customer("m1", 0)
    windows.tick(8 * DAY - 1)
    assert windows.reply(8 * DAY - 1).last_message_id == "m1"
    windows.tick(8 * DAY)
    assert windows.rig.row(row_key) is None
    assert windows.rig.store.timers(None, 1) == []


def test_a_record_under_a_foreign_key_is_refused(windows: Windows) -> None:
    facts = facts_pb2.SendFacts(message_id="x", business_id=BUSINESS, user_ref="u1_other")
    with pytest.raises(InvariantBroken, match="u1_other"):
        windows.rig.feed(screened_pb2.SendScreened(facts=facts), KEY, T0)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["customer", "reply", "tick", "commit", "restart"]),
        st.integers(0, 40 * HOUR),
        st.integers(-30 * HOUR, 0),
    ),
    max_size=25,
)


@given(STEPS)
def test_news_makes_sense_and_verdicts_follow_from_the_messages_alone(
    steps: list[tuple[str, int, int]],
) -> None:
    windows, now, written, told = Windows(), 0, [], []
    for count, (what, passes, dated) in enumerate(steps):
        if what == "customer":
            now += passes
            written.append(now + dated)
            told += windows.customer(f"m{count}", now, written=now + dated)
        elif what == "reply":
            now += passes
            window = windows.reply(now, accepted=now + dated)
            told += windows.told_meanwhile
            alive = written and max(written) + 8 * DAY > now
            assert window.open == bool(alive and now + dated < max(written) + DAY)
        elif what == "tick":
            now += passes
            told += windows.tick(now)
        elif what == "commit":
            windows.rig.commit()
        else:
            windows.rig.restart()
    told += windows.tick(now + 2 * DAY)
    kinds = [entry.partition(" ")[0] for entry in told]
    assert kinds[:1] in ([], ["opened"])
    may_follow = {
        "opened": {"extended", "closing_soon", "closed"},
        "extended": {"extended", "closing_soon", "closed"},
        "closing_soon": {"extended", "closed"},
        "closed": {"opened"},
    }
    assert all(second in may_follow[first] for first, second in pairwise(kinds))
    assert kinds[-1:] in ([], ["closed"])
