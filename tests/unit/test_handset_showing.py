"""What a connection shows, who waits, and how fast a device may talk."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from services.delivery.handset.frame_rate import FrameRate
from services.delivery.handset.showing import ENDED_KEPT_MAX, Seen, Showing, Verdict
from services.delivery.handset.waiting import Waiting

A, B = b"1:u1_a", b"2:u1_a"


def test_a_burst_then_so_many_a_second() -> None:
    rate = FrameRate(per_second=64, burst=100, now=10.0)
    assert [rate.admits(10.0) for _ in range(101)] == [True] * 100 + [False]
    assert not rate.admits(10 + 0.5 / 64)
    assert rate.admits(10 + 1 / 64)
    assert not rate.admits(10 + 1 / 64)
    assert [rate.admits(11 + 1 / 64) for _ in range(65)] == [True] * 64 + [False]


def test_a_long_rest_gives_one_burst_only() -> None:
    rate = FrameRate(per_second=50, burst=100, now=0.0)
    assert sum(rate.admits(3_600.0) for _ in range(200)) == 100


def test_an_attempt_is_shown_once_on_a_connection() -> None:
    showing = Showing("c1", {})
    assert showing.judge(A, "m1", "", b"trace") is Verdict.SHOW
    assert showing.judge(A, "m1", "c1", None) is Verdict.REPEATED
    assert showing.seen("m1") == Seen(A, b"trace")


def test_what_was_emitted_before_delivery_knew_of_the_connection_is_early() -> None:
    showing = Showing("c2", {A: {"m1", "m2"}})
    assert showing.judge(A, "m2", "c1", None) is Verdict.EARLY
    assert showing.judge(A, "m3", "", None) is Verdict.EARLY
    assert showing.judge(B, "m4", "", None) is Verdict.SHOW
    assert [showing.judge(A, name, "c2", None) for name in ("m1", "m2", "m3")] == [Verdict.SHOW] * 3
    assert showing.judge(A, "m5", "", None) is Verdict.SHOW


def test_when_all_that_waited_has_ended_nothing_is_awaited() -> None:
    showing = Showing("c2", {A: {"m1", "m2"}})
    showing.end(A, "m1")
    assert showing.awaits(A)
    showing.end(A, "m2")
    assert not showing.awaits(A)
    assert showing.judge(A, "m3", "", None) is Verdict.SHOW


def test_a_message_that_ended_is_known_a_little_longer() -> None:
    showing = Showing("c1", {})
    for n in range(ENDED_KEPT_MAX + 1):
        showing.judge(A, f"m{n}", "", None)
    for n in range(ENDED_KEPT_MAX + 1):
        showing.end(A, f"m{n}")
    assert showing.seen("m0") is None
    assert showing.seen("m1") == Seen(A, None)


def test_who_waits() -> None:
    waiting = Waiting()
    waiting.add("u1_a", A, "m1")
    waiting.add("u1_a", A, "m1")
    waiting.add("u1_a", B, "m2")
    assert waiting.of("u1_a") == {A: {"m1"}, B: {"m2"}}
    assert waiting.count == 2
    assert waiting.end("u1_a", "m1") == A
    assert waiting.end("u1_a", "m1") is None
    assert waiting.end("u1_b", "m1") is None
    assert waiting.of("u1_a") == {B: {"m2"}}
    assert waiting.end("u1_a", "m2") == B
    assert (waiting.of("u1_a"), waiting.count) == ({}, 0)


class OneCustomer(RuleBasedStateMachine):
    """Delivery and a channel with delays between them: each message is shown in order, once a connection.

    Delivery's side is a list in order of acceptance; what it emits, and what the channel reports, is read by
    the other side some time later.
    """

    def __init__(self) -> None:
        super().__init__()
        self.accepted = 0
        self.unreceived: list[int] = []
        self.outbox: list[tuple[int, str | None]] = []
        """Emitted and not yet read by the channel: message and connection; None ends the message."""
        self.dispatch: list[tuple[str, int | str]] = []
        self.waiting = Waiting()
        self.connection = 0
        self.showing: Showing | None = None
        self.shown: list[int] = []

    @rule()
    def a_message_is_accepted(self) -> None:
        self.accepted += 1
        self.unreceived.append(self.accepted)
        self.outbox.append((self.accepted, ""))

    @rule()
    def the_device_connects(self) -> None:
        self.connection += 1
        self.showing, self.shown = Showing(f"c{self.connection}", self.waiting.of("u")), []
        if self.waiting.of("u"):
            self.dispatch.append(("connected", f"c{self.connection}"))

    @rule()
    def the_device_leaves(self) -> None:
        self.showing = None

    @rule(which=st.integers(0, 5))
    def the_device_acknowledges(self, which: int) -> None:
        if self.shown:
            self.dispatch.append(("receipt", self.shown[which % len(self.shown)]))

    @rule(records=st.integers(1, 3))
    def the_channel_reads(self, records: int) -> None:
        for _ in range(min(records, len(self.outbox))):
            message, connection = self.outbox.pop(0)
            name = str(message)
            if connection is None:
                conversation = self.waiting.end("u", name)
                if conversation and self.showing:
                    self.showing.end(conversation, name)
                continue
            self.waiting.add("u", A, name)
            if self.showing and self.showing.judge(A, name, connection, None) is Verdict.SHOW:
                assert message not in self.shown, "shown twice on a connection"
                self.shown.append(message)

    @rule(records=st.integers(1, 3))
    def delivery_reads(self, records: int) -> None:
        for _ in range(min(records, len(self.dispatch))):
            kind, about = self.dispatch.pop(0)
            if kind == "connected":
                self.outbox += [(message, str(about)) for message in self.unreceived]
            elif about in self.unreceived:
                self.unreceived.remove(int(about))
                self.outbox.append((int(about), None))

    @invariant()
    def in_the_order_of_acceptance(self) -> None:
        assert self.shown == sorted(self.shown)

    def teardown(self) -> None:
        """Once all is read, everything that is unreceived has been shown on the connection."""
        while self.outbox or self.dispatch:
            self.delivery_reads(100)
            self.the_channel_reads(100)
            self.in_the_order_of_acceptance()
        if self.showing:
            assert set(self.unreceived) <= set(self.shown)


OneCustomer.TestCase.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)
TestOneCustomer = OneCustomer.TestCase
