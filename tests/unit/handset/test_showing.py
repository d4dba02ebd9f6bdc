"""What a connection shows, who waits, and how fast a device may talk."""

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

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
    assert not showing.calls_again
    assert showing.judge(A, "m1", "", b"trace") is Verdict.SHOW
    assert showing.judge(A, "m1", "c1.1", None) is Verdict.REPEATED
    assert showing.seen("m1") == Seen(A, b"trace")


def test_what_was_emitted_before_delivery_knew_of_the_connection_is_early() -> None:
    showing = Showing("c2", {A: {"m1", "m2"}})
    assert showing.calls_again
    assert (showing.begin_call(), showing.call, showing.calls_again) == ([A], "c2.1", False)
    assert showing.judge(A, "m2", "c1.1", None) is Verdict.EARLY
    assert showing.judge(A, "m3", "", None) is Verdict.EARLY
    assert showing.judge(B, "m4", "", None) is Verdict.SHOW
    assert [showing.judge(A, name, "c2.1", None) for name in ("m1", "m2", "m3")] == [Verdict.SHOW] * 3
    assert showing.judge(A, "m5", "", None) is Verdict.SHOW


def test_what_found_no_room_and_all_behind_it_come_by_the_next_call() -> None:
    showing = Showing("c1", {})
    showing.judge(A, "m1", "", None)
    showing.judge(A, "m2", "", None)
    showing.put_back(A, "m2")
    assert showing.calls_again
    assert showing.judge(A, "m3", "", None) is Verdict.EARLY
    assert (showing.begin_call(), showing.call) == ([A], "c1.1")
    again = [showing.judge(A, name, "c1.1", None) for name in ("m1", "m2", "m3")]
    assert again == [Verdict.REPEATED, Verdict.SHOW, Verdict.SHOW]


def test_what_was_passed_over_is_awaited_too() -> None:
    showing = Showing("c1", {A: {"m1"}})
    showing.begin_call()
    assert showing.judge(A, "m2", "", None) is Verdict.EARLY
    showing.end(A, "m1")
    assert showing.judge(A, "m3", "", None) is Verdict.EARLY
    assert [showing.judge(A, name, "c1.1", None) for name in ("m2", "m3")] == [Verdict.SHOW] * 2


def test_behind_what_found_no_room_nothing_of_the_same_call_is_shown() -> None:
    showing = Showing("c1", {A: {"m1", "m2"}})
    showing.begin_call()
    showing.judge(A, "m1", "c1.1", None)
    showing.put_back(A, "m1")
    assert showing.judge(A, "m2", "c1.1", None) is Verdict.EARLY


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
    assert {each: set(names) for each, names in waiting.of("u1_a").items()} == {A: {"m1"}, B: {"m2"}}
    assert waiting.count == 2
    assert waiting.end("u1_a", "m1") == A
    assert waiting.end("u1_a", "m1") is None
    assert waiting.end("u1_b", "m1") is None
    assert list(waiting.of("u1_a")) == [B]
    assert waiting.end("u1_a", "m2") == B
    assert (waiting.of("u1_a"), waiting.count) == ({}, 0)


def test_what_waits_keeps_its_trace() -> None:
    waiting = Waiting()
    waiting.add("u1_a", A, "m1", b"trace")
    waiting.add("u1_a", A, "m2")
    assert [waiting.traceparent("u1_a", A, name) for name in ("m1", "m2", "m3")] == [b"trace", None, None]
    waiting.end("u1_a", "m1")
    assert waiting.traceparent("u1_a", A, "m1") is None
    assert waiting.traceparent("u1_b", A, "m2") is None


class OneCustomer:
    """Delivery and a channel with delays between them.

    Delivery's side is a list in order of acceptance; what it emits, and what the channel reports, is read by
    the other side some time later. The device reads slowly: at times there is no room.
    """

    def __init__(self) -> None:
        self.accepted = 0
        self.unreceived: list[int] = []
        self.outbox: list[tuple[int, str | None]] = []
        """Emitted and not yet read by the channel: message and call; None ends the message."""
        self.dispatch: list[tuple[str, int | str]] = []
        self.waiting = Waiting()
        self.connections = 0
        self.showing: Showing | None = None
        self.shown: list[int] = []

    def accept(self) -> None:
        self.accepted += 1
        self.unreceived.append(self.accepted)
        self.outbox.append((self.accepted, ""))

    def connect(self) -> None:
        self.connections += 1
        self.showing, self.shown = Showing(f"c{self.connections}", self.waiting.of("u")), []
        self.have_read_all()

    def have_read_all(self) -> None:
        if self.showing and self.showing.calls_again:
            self.showing.begin_call()
            self.dispatch.append(("connected", self.showing.call))

    def leave(self) -> None:
        self.showing = None

    def acknowledge(self) -> None:
        if self.shown:
            self.dispatch.append(("receipt", self.shown[len(self.shown) // 2]))

    def channel_reads(self, room: bool = True) -> None:
        if not self.outbox:
            return
        message, call = self.outbox.pop(0)
        name = str(message)
        if call is None:
            conversation = self.waiting.end("u", name)
            if conversation and self.showing:
                self.showing.end(conversation, name)
            return
        self.waiting.add("u", A, name)
        if self.showing and self.showing.judge(A, name, call, None) is Verdict.SHOW:
            if room:
                assert message not in self.shown, "shown twice on a connection"
                self.shown.append(message)
                assert self.shown == sorted(self.shown), "a message overtook another"
            else:
                self.showing.put_back(A, name)

    def channel_has_no_room(self) -> None:
        self.channel_reads(room=False)

    def delivery_reads(self) -> None:
        if not self.dispatch:
            return
        kind, about = self.dispatch.pop(0)
        if kind == "connected":
            self.outbox += [(message, str(about)) for message in self.unreceived]
        elif about in self.unreceived:
            self.unreceived.remove(int(about))
            self.outbox.append((int(about), None))


OFTEN = [OneCustomer.accept, OneCustomer.channel_reads, OneCustomer.delivery_reads]
SELDOM = [
    OneCustomer.connect,
    OneCustomer.have_read_all,
    OneCustomer.leave,
    OneCustomer.acknowledge,
    OneCustomer.channel_has_no_room,
]


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from(2 * OFTEN + SELDOM), min_size=10, max_size=60))
def test_each_message_is_shown_in_order_and_once_a_connection_until_received(
    happens: list[Callable[[OneCustomer], None]],
) -> None:
    customer = OneCustomer()
    for happen in happens:
        happen(customer)
    customer.have_read_all()
    while customer.outbox or customer.dispatch:
        customer.delivery_reads()
        customer.channel_reads()
    if customer.showing:
        assert set(customer.unreceived) <= set(customer.shown)
