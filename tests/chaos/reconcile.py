"""Compares what clients were told with what the topics say. Each sentence that comes out is a violation."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from tests.chaos.load.told import Asked, Told
from tests.chaos.recorded import Recorded


def reconcile(told: Told, recorded: Recorded) -> Iterator[str]:
    """What does not fit, once everything has been drained."""
    yield from _requests(told, recorded)
    yield from _ends(recorded)
    yield from _customers_messages(told, recorded)
    yield from _shown(told, recorded)
    yield from _webhooks(told, recorded)
    for surprise in told.surprises:
        yield f"ingress answered what it never should: {surprise}"
    for letter in recorded.dead:
        yield f"{letter}: a record was set aside"


def _requests(told: Told, recorded: Recorded) -> Iterator[str]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for message_id, sent in recorded.sent.items():
        asked = told.asked.get(sent.token)
        if asked is None:
            yield f"{message_id} is in intake and nobody asked for it"
        elif (asked.phone_number_id, asked.number) != (sent.phone_number_id, sent.number):
            yield f"{message_id} is in intake for {sent.number} and was asked for {asked.number}"
        else:
            found[sent.token].append(message_id)
            if not asked.keyed and len(sent.places) > 1:
                yield f"{message_id} was asked for once and is in intake at {sent.places}"
    for asked in told.asked.values():
        yield from _request(asked, found[asked.token])


def _request(asked: Asked, found: list[str]) -> Iterator[str]:
    """One request, and the ids under which intake has it."""
    accepted = {message_id for message_id, _ in asked.accepted}
    for message_id in accepted - set(found):
        yield f"{message_id} was answered 200 and is not in intake"
    by_day = {(day, message_id) for message_id, day in asked.accepted}
    if asked.keyed:
        for day, ids in Counter(day for day, _ in by_day).items():
            if ids > 1:
                yield f"the key of {asked.token} was answered with {ids} ids on day {day}: {accepted}"
        # A key gives another id on the next day, which is then refused as a repeat.
        if len(found) > max(1, len({day for day, _ in by_day})):
            yield f"the key of {asked.token} is in intake as {found}"
    else:
        surprising = set(found) - accepted - asked.possible
        if len(accepted) > 1:
            yield f"{asked.token} was answered 200 with {accepted}"
        if len(surprising) > asked.silent:
            yield f"{surprising} are in intake, and only {asked.silent} attempts got no answer"


def _ends(recorded: Recorded) -> Iterator[str]:
    for message_id in recorded.sent:
        ends, statuses = recorded.ends(message_id), recorded.statuses.get(message_id, [])
        if len(ends) != 1:
            yield f"{message_id} has {len(ends)} ends: {statuses}"
        if len(set(statuses)) != len(statuses):
            yield f"{message_id} has a status twice: {statuses}"
    for message_id in recorded.statuses.keys() - recorded.sent.keys():
        yield f"{message_id} has a status and is not in intake"


def _customers_messages(told: Told, recorded: Recorded) -> Iterator[str]:
    accepted: set[str] = set()
    attempts: Counter[str] = Counter()
    for said in told.said.values():
        accepted |= said.accepted
        if len(said.accepted) > 1:
            yield f"client_id {said.client_id} was accepted as {said.accepted}"
        for message_id in said.accepted:
            attempts[message_id] = said.attempts
            if message_id not in recorded.written:
                yield f"{message_id} was accepted and is not in intake"
    for message_id, times in recorded.written.items():
        if message_id not in accepted:
            yield f"{message_id} is in intake and no customer was told that it was accepted"
        elif times > attempts[message_id]:
            yield f"{message_id} was written {attempts[message_id]} times and is in intake {times} times"
    for message_id, times in recorded.inbox.items():
        if times > 1:
            yield f"{message_id} is in inbox {times} times"
        if message_id not in recorded.written:
            yield f"{message_id} is in inbox and not in intake"


def _shown(told: Told, recorded: Recorded) -> Iterator[str]:
    shown_to: defaultdict[str, set[str]] = defaultdict(set)
    for connection in told.shown:
        last: dict[tuple[str, int], int] = {}
        for message_id, times in Counter(connection.message_ids).items():
            shown_to[message_id].add(connection.number)
            if times > 1:
                yield f"{message_id} was shown {times} times on one connection of {connection.number}"
        for message_id in connection.message_ids:
            sent = recorded.sent.get(message_id)
            if sent is None or sent.number != connection.number:
                yield f"{message_id} was shown to {connection.number} and is not for them"
                continue
            partition, offset = sent.places[0]
            conversation = (sent.phone_number_id, partition)
            if offset < last.get(conversation, -1):
                yield f"{message_id} was shown to {connection.number} after a message accepted later"
            last[conversation] = offset
    for message_id in recorded.sent:
        if recorded.ends(message_id) == ["delivered"] and not shown_to[message_id]:
            yield f"{message_id} is delivered and was never shown"


def _webhooks(told: Told, recorded: Recorded) -> Iterator[str]:
    for message_id, word in recorded.webhooks_due - told.webhooks.keys():
        yield f"{message_id}: {word} was never reported"
    for message_id, word in told.webhooks.keys() - recorded.webhooks_due:
        yield f"{message_id}: {word} was reported and is in no topic"
    if told.forged:
        yield f"{told.forged} webhooks were signed wrongly"
