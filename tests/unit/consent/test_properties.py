"""consent under any sequence of what customers, businesses and operators do."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from parley.message.v1 import facts_pb2
from tests.unit.consent.rig import KEY, Conversation, told, verdict
from tests.unit.stage_rig import Emitted

ACTIONS = (
    "writes",
    "says stop",
    "says start",
    "sends",
    "sends keyed",
    "blocks",
    "unblocks",
    "opts in",
    "opts out",
)
MESSAGES = ACTIONS[:5]
STEPS = st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 600_000), st.integers(0, 3)), max_size=30)


def act(conversation: Conversation, action: str, at: int, number: int) -> list[Emitted]:
    """One step; messages of the same number and kind are repeats of one another."""
    keyed = {"key": f"key{number % 2}", "body": f"body{number}"}
    return {
        "writes": lambda: conversation.writes(f"m{number}", at),
        "says stop": lambda: conversation.writes(f"stop{number}", at, "STOP en"),
        "says start": lambda: conversation.writes(f"start{number}", at, "START en"),
        "sends": lambda: conversation.sends(f"s{number}", at),
        "sends keyed": lambda: conversation.sends(f"k{number}", at, **keyed),
        "blocks": lambda: conversation.blocks(at),
        "unblocks": lambda: conversation.unblocks(at),
        "opts in": lambda: conversation.opts_in(at, evidence=f"form {number}"),
        "opts out": lambda: conversation.opts_out(at, evidence=f"ticket {number}"),
    }[action]()


def played(steps: list[tuple[str, int, int]]) -> tuple[Conversation, list[list[Emitted]]]:
    conversation, at, outputs = Conversation(), 0, []
    for action, passes, number in steps:
        at += passes
        outputs.append(act(conversation, action, at, number))
    return conversation, outputs


@given(STEPS)
def test_delivery_is_told_of_the_newest_consent(steps: list[tuple[str, int, int]]) -> None:
    conversation, outputs = played(steps)
    changes = [out.event for made in outputs for out in made if out.kind == "consent_changed"]
    row = conversation.rig.row(KEY)
    assert [change.consent_id for change in changes][-1:] == ([row.conversation.consent_id] if row else [])
    events = [out.value.consent_id for made in outputs for out in made if out.topic == "consents"]
    assert events == [change.consent_id for change in changes]
    assert len(set(events)) == len(events)


@given(STEPS)
def test_what_is_sent_is_what_the_newest_consent_permits(steps: list[tuple[str, int, int]]) -> None:
    consent, consent_id = facts_pb2.CONSENT_UNSPECIFIED, ""
    for (action, _, _), outputs in zip(steps, played(steps)[1], strict=True):
        for out in outputs:
            if out.kind == "consent_changed":
                consent, consent_id = out.event.consent, out.event.consent_id
            if out.kind in ("customer_message_screened", "message_received", "preference_changed"):
                assert consent != facts_pb2.CONSENT_BLOCKED
        if not action.startswith("sends") or not outputs:
            continue
        code = verdict(outputs)
        if code == 0:
            assert consent == facts_pb2.CONSENT_GRANTED
            assert outputs[0].event.consent_id == consent_id
        elif code in (131026, 131050):
            assert (consent == facts_pb2.CONSENT_STOPPED) is (code == 131050)
            assert consent != facts_pb2.CONSENT_GRANTED


@given(STEPS)
def test_each_word_that_leaves_is_told_and_confirmed_once(steps: list[tuple[str, int, int]]) -> None:
    for (action, _, _), outputs in zip(steps, played(steps)[1], strict=True):
        kinds = Counter(out.kind for out in outputs)
        is_word = action.startswith("says") and kinds["message_received"] == 1
        assert kinds["preference_changed"] == kinds["notice_requested"] == int(is_word)


@given(STEPS)
def test_no_message_leaves_twice(steps: list[tuple[str, int, int]]) -> None:
    seen = Counter(
        (out.topic, out.kind, out.message_id)
        for outputs in played(steps)[1]
        for out in outputs
        if out.message_id
    )
    assert set(seen.values()) <= {1}
    ends = Counter(
        out.message_id
        for outputs in played(steps)[1]
        for out in outputs
        if out.kind in ("send_screened", "send_refused")
    )
    assert set(ends.values()) <= {1}
    assert set(ends) == {
        f"{'k' if action == 'sends keyed' else 's'}{number}"
        for action, _, number in steps
        if action.startswith("sends")
    }


@given(STEPS, st.data())
def test_a_message_that_comes_again_changes_nothing(
    steps: list[tuple[str, int, int]], data: st.DataObject
) -> None:
    repeated, at = Conversation(), 0
    for count, ((action, passes, number), once) in enumerate(zip(steps, played(steps)[1], strict=True)):
        at += passes
        assert told(act(repeated, action, at, number)) == told(once)
        again = data.draw(st.integers(0, count))
        if steps[again][0] in MESSAGES:
            assert act(repeated, steps[again][0], at, steps[again][2]) == []


@given(STEPS, st.lists(st.integers(0, 30)))
def test_batches_may_be_cut_anywhere(steps: list[tuple[str, int, int]], cuts: list[int]) -> None:
    whole, outputs = played(steps)
    cut = Conversation()
    for count, record in enumerate(whole.rig.records):
        if count in cuts:
            cut.rig.restart()
        assert cut.rig.step(record) == outputs[count]
    assert cut.rig.row(KEY) == whole.rig.row(KEY)
