"""What holds of a ledger whatever the order in which messages are accepted and end."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from parley.billing.v1 import ledger_pb2, usage_pb2
from services.contracts.catalogue import topic
from services.runtime.memory_store import MemoryStore
from services.runtime.partition import Partition
from services.runtime.stage import InvariantBroken
from tests.unit.rate_and_bill.rig import (
    BUSINESS,
    HOUR_MS,
    NO_HASH,
    OTHER_BUSINESS,
    T0_MS,
    RatingRig,
    assessed,
    delivered,
    undelivered,
)

MESSAGES_MAX = 6
Event = usage_pb2.SendAssessed | usage_pb2.MessageDelivered | usage_pb2.MessageUndelivered
Step = tuple[str, Event]
"""Business and what happens to it."""


def accepted(number: int, wrote_hours_before: int | None, category: str, prefix: str, business: str) -> Step:
    wrote_at_ms = None if wrote_hours_before is None else T0_MS - wrote_hours_before * HOUR_MS
    event = assessed(
        f"wamid.{number}",
        category,
        wrote_at_ms=wrote_at_ms,
        prefix=prefix,
        user_ref=f"u1_{number % 3}",
        business_id=business,
    )
    return business, event


businesses = st.sampled_from([BUSINESS, OTHER_BUSINESS])
numbers = st.integers(0, MESSAGES_MAX - 1)
acceptances = st.builds(
    accepted,
    numbers,
    st.sampled_from([None, 1, 23, 24, 25]),
    st.sampled_from(["service", "utility", "marketing"]),
    st.sampled_from(["1", "1876", "44", ""]),
    businesses,
)
outcomes = st.one_of(
    st.builds(lambda number: delivered(f"wamid.{number}", T0_MS + 1), numbers),
    st.builds(lambda number, lapsed: undelivered(f"wamid.{number}", expired=lapsed), numbers, st.booleans()),
)
steps = st.lists(st.one_of(acceptances, st.tuples(businesses, outcomes)), max_size=40)


def run(history: list[Step], cut: int = 0) -> RatingRig:
    """Feed a history; where ``cut`` is set, commit and restart after every ``cut`` records."""
    rig = RatingRig()
    for count, (business, event) in enumerate(history, start=1):
        try:
            rig.give(event, business)
        except InvariantBroken:
            rig.partition.skip(rig.records[-1], [])
        if cut and count % cut == 0:
            rig.restart()
    rig.commit()
    return rig


@given(steps, st.integers(0, 5))
def test_every_ledger_is_numbered_chained_and_summed(history: list[Step], cut: int) -> None:
    rig = run(history, cut)
    for business in (BUSINESS, OTHER_BUSINESS):
        check_ledger(rig, business)


def check_ledger(rig: RatingRig, business: str) -> None:
    balance = reserved = 0
    open_holds: dict[int, tuple[str, int]] = {}
    before = NO_HASH
    own = [(e, h) for e, h in zip(rig.entries, rig.hashes, strict=True) if e.business_id == business]
    for sequence, (entry, its_hash) in enumerate(own, start=1):
        assert (entry.sequence, entry.previous_hash) == (sequence, before)
        before = its_hash
        balance += entry.amount.micros
        reserved += entry.reserved.micros
        assert entry.balance.micros == balance
        if entry.HasField("authorized"):
            open_holds[sequence] = (entry.message_id, entry.reserved.micros)
        elif not entry.HasField("free"):
            closes = entry.captured if entry.HasField("captured") else entry.voided
            assert open_holds.pop(closes.authorized_sequence) == (entry.message_id, -entry.reserved.micros)
        if entry.HasField("captured"):
            assert entry.amount.micros == entry.reserved.micros < 0
        else:
            assert entry.amount.micros == 0
    assert reserved == sum(held for _, held in open_holds.values())
    row = rig.row(business.encode())
    if row is None:
        assert not own
    else:
        head = row.head
        assert (head.sequence, head.hash or NO_HASH) == (len(own), before)
        assert (head.balance_micros, head.reserved_micros) == (balance, reserved)


@given(steps, st.integers(1, 5))
def test_where_batches_are_cut_changes_nothing(history: list[Step], cut: int) -> None:
    once, again = run(history), run(history, cut)
    assert once.hashes == again.hashes


@given(steps)
def test_a_replay_gives_the_same_bytes(history: list[Step]) -> None:
    rig = run(history)
    replay = Partition(type(rig.stage)(), MemoryStore())
    made = []
    for record in rig.records:
        try:
            replay.step(record)
        except InvariantBroken:
            replay.skip(record, [])
    made = [output.value for output, _ in replay.outputs if output.topic == topic("ledger")]
    assert made == [entry.SerializeToString() for entry in rig.entries]


@given(st.data())
def test_g17_how_conversations_interleave_changes_no_total(data: st.DataObject) -> None:
    """The same events, order inside each conversation kept."""
    conversations = data.draw(st.lists(lives, min_size=2, max_size=5))
    in_turn = [step for conversation in numbered(conversations) for step in conversation]
    mixed = interleave(data, numbered(conversations))
    assert totals(run(in_turn)) == totals(run(mixed))


lives = st.lists(
    st.tuples(
        st.sampled_from([None, 1, 24]),
        st.sampled_from(["service", "utility"]),
        st.sampled_from(["delivered", "undelivered", "open"]),
    ),
    max_size=4,
)
"""Messages of a conversation: how many hours before the customer wrote, category, end."""


def numbered(conversations: list[list[tuple[int | None, str, str]]]) -> list[list[Step]]:
    histories = []
    for conversation, messages in enumerate(conversations):
        history: list[Step] = []
        for position, (wrote_hours_before, category, end) in enumerate(messages):
            number = conversation * 100 + position
            history.append(accepted(number, wrote_hours_before, category, "44", BUSINESS))
            if end == "delivered":
                history.append((BUSINESS, delivered(f"wamid.{number}")))
            elif end == "undelivered":
                history.append((BUSINESS, undelivered(f"wamid.{number}")))
        histories.append(history)
    return histories


def interleave(data: st.DataObject, histories: list[list[Step]]) -> list[Step]:
    turns = data.draw(st.permutations([n for n, history in enumerate(histories) for _ in history]))
    rest = [iter(history) for history in histories]
    return [next(rest[turn]) for turn in turns]


def totals(rig: RatingRig) -> tuple[Counter[tuple[str, str, int, int]], int]:
    def told(entry: ledger_pb2.LedgerEntry) -> tuple[str, str, int, int]:
        kind = str(entry.WhichOneof("event"))
        return entry.message_id, kind, entry.amount.micros, entry.reserved.micros

    return Counter(map(told, rig.entries)), sum(entry.amount.micros for entry in rig.entries)
