"""Whatever comes in whatever order, a message has one status that only moves forward, and one outcome."""

from collections import Counter
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from parley.delivery.v1 import dispatch_pb2
from services.delivery.rules import WAITING_MAX
from tests.unit.delivery.rig import (
    BLOCKED,
    CONVERSATION,
    DELIVERED,
    GRANTED,
    READ,
    STOPPED,
    T0,
    DeliveryRig,
    held,
)
from tests.unit.stage_rig import Emitted

RANK = {"accepted": 1, "sent": 2, "delivered": 3, "read": 4, "failed": 5, "expired": 5}
ENDS = {"delivered", "read", "failed", "expired"}
TTL_MS = 10_000
LINE_KEPT_MS = 7 * 86_400_000
"""How long the topics of the line are kept: no stage gives a request up later than that."""
NAMES = [f"m{n}" for n in range(4)]


class OneConversation(RuleBasedStateMachine):
    """Consents come and go, messages are held, authorized, refused, given up, received and expire."""

    def __init__(self) -> None:
        super().__init__()
        self.rig = DeliveryRig()
        self.now_ms = T0
        self.consent: tuple[Any, str] = (None, "")
        self.accepted_at_ms: dict[str, int] = {}
        self.judged: set[str] = set()
        self.lost: set[str] = set()
        self.authorized: set[str] = set()
        self.status: dict[str, str] = {}
        self.outcomes: Counter[str] = Counter()
        self.outbox: dict[str, int] = {}
        """The attempt of all that waits in the outbox, as a compacted reader sees it."""

    def say(self, event: Any) -> None:
        self.observe(self.rig.say(event, self.now_ms))

    def observe(self, outputs: list[Emitted]) -> None:
        for each in outputs:
            match each.topic:
                case "statuses":
                    self.observe_status(each.value.message_id, each.kind)
                case "usage":
                    self.outcomes[each.message_id] += 1
                    delivered = self.status.get(each.message_id) in ("delivered", "read")
                    assert not delivered, "the outcome comes with the status, before it"
                    assert each.message_id in self.authorized
                case "outbox" if each.kind == "tombstone":
                    del self.outbox[each.key.decode().rpartition("/")[2]]
                case "outbox":
                    self.observe_attempt(each)

    def observe_status(self, name: str, kind: str) -> None:
        before = self.status.get(name)
        if kind == "delivered_late":
            assert before == "expired"
            return
        assert before not in ("failed", "expired"), f"{name} was {before} and became {kind}"
        assert RANK.get(before or "", 0) < RANK[kind], f"{name} went from {before} to {kind}"
        assert (kind, self.consent[0]) != ("read", BLOCKED), "a blocked business was told of reading"
        self.status[name] = kind

    def observe_attempt(self, attempt: Emitted) -> None:
        assert self.consent[0] == GRANTED, "an attempt although consent forbids it"
        assert attempt.event.consent_id == self.consent[1]
        assert attempt.event.attempt == self.outbox.get(attempt.message_id, 0) + 1
        assert self.status.get(attempt.message_id) in ("accepted", "sent")
        self.outbox[attempt.message_id] = attempt.event.attempt

    @rule(consent=st.sampled_from([GRANTED, GRANTED, STOPPED, BLOCKED]))
    def consent_changes(self, consent: Any) -> None:
        consent_id = f"consent.3.{len(self.rig.records)}"
        self.say(dispatch_pb2.ConsentChanged(consent_id=consent_id, consent=consent))
        self.consent = (consent, consent_id)

    @rule(name=st.sampled_from(NAMES))
    def content_is_held(self, name: str) -> None:
        if name not in self.accepted_at_ms:
            self.accepted_at_ms[name] = self.now_ms
            self.say(held(name, self.now_ms, TTL_MS))

    @rule(name=st.sampled_from(NAMES))
    def content_is_lost(self, name: str) -> None:
        """Delivery could not read the content; rate-and-bill does not know and may still authorize."""
        if name not in self.accepted_at_ms:
            self.accepted_at_ms[name] = self.now_ms
            self.lost.add(name)
            self.say(dispatch_pb2.SendFailed(message_id=name, failed_at_ms=self.now_ms))

    @rule(name=st.sampled_from(NAMES))
    def it_is_authorized(self, name: str) -> None:
        if self.takes_verdict(name):
            self.authorized.add(name)
            self.say(dispatch_pb2.SendAuthorized(message_id=name))

    @rule(name=st.sampled_from(NAMES))
    def it_is_refused(self, name: str) -> None:
        if self.takes_verdict(name):
            self.say(dispatch_pb2.SendRefused(message_id=name, refused_at_ms=self.now_ms))

    @rule(name=st.sampled_from(NAMES))
    def the_line_gives_it_up(self, name: str) -> None:
        """Not of one that delivery gave up itself: two dead letters a day apart are too much."""
        kept = self.now_ms < self.accepted_at_ms.get(name, 0) + LINE_KEPT_MS
        if kept and name not in self.lost and self.takes_verdict(name):
            self.say(dispatch_pb2.SendFailed(message_id=name, failed_at_ms=self.now_ms))

    def takes_verdict(self, name: str) -> bool:
        """The line has one verdict on each message."""
        if name not in self.accepted_at_ms or name in self.judged:
            return False
        self.judged.add(name)
        return True

    @rule(name=st.sampled_from(NAMES), receipt=st.sampled_from([DELIVERED, READ]))
    def it_is_received(self, name: str, receipt: Any) -> None:
        self.say(dispatch_pb2.ReceiptReceived(message_id=name, receipt=receipt, received_at_ms=self.now_ms))

    @rule()
    def the_customer_connects(self) -> None:
        before = dict(self.outbox)
        self.say(dispatch_pb2.CustomerConnected(connected_at_ms=self.now_ms))
        if self.consent[0] == GRANTED:
            assert self.outbox == {name: attempt + 1 for name, attempt in before.items()}
        else:
            assert not self.outbox

    @rule(by_ms=st.sampled_from([1, TTL_MS // 2, TTL_MS, 86_400_000]))
    def time_passes(self, by_ms: int) -> None:
        self.now_ms += by_ms
        self.observe(self.rig.tick(self.now_ms))

    @precondition(lambda self: self.rig.records)
    @rule()
    def the_stage_restarts(self) -> None:
        self.rig.restart()

    @invariant()
    def what_waits_is_what_lies_in_the_outbox(self) -> None:
        row = self.rig.row(CONVERSATION)
        waiting = list(row.conversation.waiting) if row else []
        assert sorted(waiting) == sorted(self.outbox)
        assert len(waiting) <= WAITING_MAX
        assert {name for name, status in self.status.items() if status == "sent"} == set(self.outbox)

    @invariant()
    def an_authorized_message_that_ended_has_one_outcome(self) -> None:
        for name in NAMES:
            over = name in self.authorized and self.status.get(name) in ENDS
            assert self.outcomes[name] == int(over), name


OneConversation.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestOneConversation = OneConversation.TestCase
