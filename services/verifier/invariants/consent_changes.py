"""Invariant 3, its ground: consents and dispatch have the changes of consent that follow from intake.

Each change is in all three, in the same order. They are paired by what they say, so that one that is missing
does not make its neighbours look wrong.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TypeVar

from services.verifier.conversation import ChangeDue, ChangeSent, ChangeTold, Conversation
from services.verifier.findings import Judgement
from services.verifier.known import Known
from services.verifier.records import Place
from services.verifier.rules.consent import UNKNOWN

Left = TypeVar("Left")
Right = TypeVar("Right")
Change = TypeVar("Change", ChangeTold, ChangeSent)


def judged(conversation: Conversation, known: Known) -> Judgement:
    """Compare the changes seen since the last time, and forget those that are complete or wrong."""
    judgement = Judgement()
    if _is_one_change(conversation):
        known.progress.note(conversation.due[0].place)
        judgement.checked.append(3)
        conversation.due, conversation.told, conversation.sent = [], [], []
        return judgement
    due = conversation.due
    told, told_twice = _once(conversation.told)
    sent, sent_twice = _once(conversation.sent)
    caused, due_left, told_left = _pair(due, told, lambda each: each.what, lambda each: each.what)
    passed_on, told_unsent, sent_left = _pair(
        told, sent, lambda each: each.consent_id, lambda each: each.consent_id
    )
    for change, _ in caused:
        known.progress.note(change.place)
    wrong = _in_order([pair[1].place for pair in caused], "consents")
    wrong += _in_order([pair[1].place for pair in passed_on], "dispatch")
    wrong += [
        (each.place, f"{each.place.topic} has {each.consent_id} twice.") for each in told_twice + sent_twice
    ]
    wrong += _values(caused, passed_on)
    while due_left and told_left and due_left[0].certain:
        owed, instead = due_left.pop(0), told_left.pop(0)
        wrong.append((instead.place, f"consents says {instead.what}; by intake it is {owed.what}."))
    wrong += _without_cause(conversation, told_left, known)
    lost = [each for each in due_left if each.certain and known.progress.passed(each.place)]
    sent_at = [each.at_ms for each in sent_left]
    wrong += [
        (each.place, "The change of consent was lost: it is not in consents.")
        for each in lost
        if each.at_ms not in sent_at
    ]
    wrong += _not_both(conversation, told_unsent, sent_left, known)
    judgement.wrong += [(3, place, sentence) for place, sentence in wrong]
    judgement.checked += [3] * len(caused)
    judgement.unchecked += [3] * sum(1 for each in told_left if not _in_view(each.at_ms, conversation, known))
    conversation.due = [each for each in due_left if each not in lost and each.certain]
    conversation.told, conversation.sent = [], []
    return judgement


def _is_one_change(conversation: Conversation) -> bool:
    """Whether there is one change, the same in all three topics: nearly always so."""
    due, told, sent = conversation.due, conversation.told, conversation.sent
    return (
        len(due) == len(told) == len(sent) == 1
        and due[0].what == told[0].what
        and told[0].consent_id == sent[0].consent_id
        and due[0].in_force in (UNKNOWN, sent[0].in_force)
    )


def complete(conversation: Conversation) -> bool:
    """Whether every change seen is in all three topics."""
    caused = sorted(each.what for each in conversation.due) == sorted(each.what for each in conversation.told)
    told = sorted(each.consent_id for each in conversation.told)
    return caused and told == sorted(each.consent_id for each in conversation.sent)


def _once(changes: Sequence[Change]) -> tuple[list[Change], list[Change]]:
    """The first of each id, and those that come again."""
    first: dict[str, Change] = {}
    again = []
    for change in changes:
        if first.setdefault(change.consent_id, change) is not change:
            again.append(change)
    return list(first.values()), again


def _values(
    caused: Sequence[tuple[ChangeDue, ChangeTold]], passed_on: Sequence[tuple[ChangeTold, ChangeSent]]
) -> list[tuple[Place, str]]:
    """dispatch must say what holds after the change."""
    in_force = {told.consent_id: due.in_force for due, told in caused}
    return [
        (
            sent.place,
            f"dispatch says {sent.in_force} for {sent.consent_id}; {in_force[told.consent_id]} holds.",
        )
        for told, sent in passed_on
        if in_force.get(told.consent_id, UNKNOWN) not in (UNKNOWN, sent.in_force)
    ]


def _without_cause(
    conversation: Conversation, told: Sequence[ChangeTold], known: Known
) -> list[tuple[Place, str]]:
    return [
        (each.place, f"Nothing in intake causes this change of consent: {each.what}.")
        for each in told
        if _in_view(each.at_ms, conversation, known)
    ]


def _not_both(
    conversation: Conversation, told: Sequence[ChangeTold], sent: Sequence[ChangeSent], known: Known
) -> list[tuple[Place, str]]:
    """What is in one of consents and dispatch is in both: they are written together."""
    partition = _partition(conversation, known)
    wrong = [
        (each.place, f"consents has {each.consent_id}, dispatch has not.")
        for each in told
        if known.in_view.kept("dispatch", partition, each.at_ms)
    ]
    return wrong + [
        (each.place, f"dispatch has {each.consent_id}, consents has not.")
        for each in sent
        if known.in_view.kept("consents", partition, each.at_ms)
    ]


def _in_order(places: Sequence[Place], topic: str) -> list[tuple[Place, str]]:
    return [
        (place, f"In {topic} the changes of consent are in another order than their causes.")
        for place, follower in pairwise(places)
        if place > follower
    ]


def _in_view(at_ms: int, conversation: Conversation, known: Known) -> bool:
    return known.in_view.kept("intake", _partition(conversation, known), at_ms)


def _partition(conversation: Conversation, known: Known) -> int:
    return known.conversation_partition(conversation.conversation)


def _pair(
    left: Sequence[Left],
    right: Sequence[Right],
    left_key: Callable[[Left], str],
    right_key: Callable[[Right], str],
) -> tuple[list[tuple[Left, Right]], list[Left], list[Right]]:
    """Pairs of equal keys, each item used once, in the order of ``left``; then what is left of each."""
    right_left = list(right)
    pairs, left_left = [], []
    for item in left:
        twin = next((each for each in right_left if right_key(each) == left_key(item)), None)
        if twin is None:
            left_left.append(item)
        else:
            right_left.remove(twin)
            pairs.append((item, twin))
    return pairs, left_left, right_left
