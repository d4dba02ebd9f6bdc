"""The reconciliation finds each thing that may not be, and nothing in a run where all is well."""

from collections.abc import Callable

import pytest

from tests.chaos.load.told import Asked, Said, Shown, Told
from tests.chaos.reconcile import reconcile
from tests.chaos.recorded import Recorded, Sent

NUMBER, OTHER = "16505550001", "16505550002"
BUSINESS = "106540352242922"
TODAY = 20_000


def all_is_well() -> tuple[Told, Recorded]:
    """A message without key, one with key that was asked for twice, one of a customer."""
    told, recorded = Told(), Recorded()
    told.asked["plain"] = Asked("plain", BUSINESS, NUMBER, keyed=False, accepted=[("m1", TODAY)])
    told.asked["keyed"] = Asked("keyed", BUSINESS, NUMBER, keyed=True, accepted=[("m2", TODAY)] * 2)
    told.said["c"] = Said("c", NUMBER, BUSINESS, attempts=2, accepted={"i1"})
    told.shown.append(Shown(NUMBER, ["m1", "m2"]))
    recorded.sent["m1"] = Sent("plain", BUSINESS, NUMBER, [(0, 1)])
    recorded.sent["m2"] = Sent("keyed", BUSINESS, NUMBER, [(0, 2), (0, 3)])
    recorded.written["i1"] = 2
    recorded.inbox["i1"] = 1
    recorded.webhooks_due.add(("i1", "message"))
    for message_id in ("m1", "m2"):
        recorded.statuses[message_id] = ["accepted", "sent", "delivered", "read"]
        recorded.webhooks_due |= {(message_id, word) for word in ("sent", "delivered", "read")}
    told.webhooks.update({each: 1 + len(each[1]) % 2 for each in recorded.webhooks_due})
    return told, recorded


def test_nothing_is_found_where_all_is_well() -> None:
    assert list(reconcile(*all_is_well())) == []


def test_a_request_without_answer_may_exist_or_not() -> None:
    told, recorded = all_is_well()
    told.asked["silent"] = Asked("silent", BUSINESS, NUMBER, keyed=False, silent=1)
    told.asked["unsure"] = Asked("unsure", BUSINESS, NUMBER, keyed=False, possible={"m4"})
    assert list(reconcile(told, recorded)) == []
    for message_id, token in (("m3", "silent"), ("m4", "unsure")):
        recorded.sent[message_id] = Sent(token, BUSINESS, NUMBER, [(1, 1)])
        recorded.statuses[message_id] = ["failed"]
    assert list(reconcile(told, recorded)) == []


def test_a_key_that_crosses_midnight_gives_another_id() -> None:
    told, recorded = all_is_well()
    told.asked["keyed"].accepted.append(("m5", TODAY + 1))
    recorded.sent["m5"] = Sent("keyed", BUSINESS, NUMBER, [(0, 9)])
    recorded.statuses["m5"] = ["failed"]
    assert list(reconcile(told, recorded)) == []


def lose(told: Told, recorded: Recorded) -> None:
    recorded.sent.pop("m1")
    recorded.statuses.pop("m1")
    recorded.webhooks_due = {each for each in recorded.webhooks_due if each[0] != "m1"}
    told.shown[0].message_ids.remove("m1")
    for word in ("sent", "delivered", "read"):
        del told.webhooks["m1", word]


def make_up(told: Told, recorded: Recorded) -> None:
    recorded.sent["m9"] = Sent("never", BUSINESS, NUMBER, [(2, 2)])
    recorded.statuses["m9"] = ["failed"]


def send_unasked(told: Told, recorded: Recorded) -> None:
    recorded.sent["m9"] = Sent("plain", BUSINESS, NUMBER, [(2, 2)])
    recorded.statuses["m9"] = ["failed"]


def misdirect(told: Told, recorded: Recorded) -> None:
    told.asked["plain"].number = OTHER


def write_twice(told: Told, recorded: Recorded) -> None:
    recorded.sent["m1"].places.append((0, 7))


def answer_a_key_with_two_ids(told: Told, recorded: Recorded) -> None:
    told.asked["keyed"].accepted.append(("m1", TODAY))


def never_end(told: Told, recorded: Recorded) -> None:
    recorded.statuses["m1"] = ["accepted", "sent"]
    recorded.webhooks_due -= {("m1", "delivered"), ("m1", "read")}
    del told.webhooks["m1", "delivered"], told.webhooks["m1", "read"]


def end_twice(told: Told, recorded: Recorded) -> None:
    recorded.statuses["m1"].append("expired")


def repeat_a_status(told: Told, recorded: Recorded) -> None:
    recorded.statuses["m1"].append("read")


def lose_what_a_customer_wrote(told: Told, recorded: Recorded) -> None:
    del recorded.written["i1"], recorded.inbox["i1"]
    recorded.webhooks_due.discard(("i1", "message"))
    del told.webhooks["i1", "message"]


def make_up_what_a_customer_wrote(told: Told, recorded: Recorded) -> None:
    recorded.written["i2"] = 1


def double_what_a_customer_wrote(told: Told, recorded: Recorded) -> None:
    recorded.inbox["i1"] = 2


def accept_a_client_id_twice(told: Told, recorded: Recorded) -> None:
    told.said["c"].accepted.add("i2")
    recorded.written["i2"] = 1


def show_twice(told: Told, recorded: Recorded) -> None:
    told.shown[0].message_ids.append("m2")


def show_to_another(told: Told, recorded: Recorded) -> None:
    told.shown.append(Shown(OTHER, ["m1"]))


def show_out_of_order(told: Told, recorded: Recorded) -> None:
    told.shown[0].message_ids.reverse()


def deliver_unseen(told: Told, recorded: Recorded) -> None:
    told.shown.clear()


def withhold_a_webhook(told: Told, recorded: Recorded) -> None:
    del told.webhooks["m1", "delivered"]


def invent_a_webhook(told: Told, recorded: Recorded) -> None:
    told.webhooks["m1", "failed"] = 1


def set_a_record_aside(told: Told, recorded: Recorded) -> None:
    recorded.dead.append("dead-letters/0 offset 0")


def answer_without_reason(told: Told, recorded: Recorded) -> None:
    told.surprises.append("500: {}")


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lose, "m1 was answered 200 and is not in intake"),
        (make_up, "m9 is in intake and nobody asked for it"),
        (send_unasked, "{'m9'} are in intake, and only 0 attempts got no answer"),
        (misdirect, f"m1 is in intake for {NUMBER} and was asked for {OTHER}"),
        (write_twice, "m1 was asked for once and is in intake at [(0, 1), (0, 7)]"),
        (answer_a_key_with_two_ids, "the key of keyed was answered with 2 ids"),
        (never_end, "m1 has 0 ends"),
        (end_twice, "m1 has 2 ends"),
        (repeat_a_status, "m1 has a status twice"),
        (lose_what_a_customer_wrote, "i1 was accepted and is not in intake"),
        (make_up_what_a_customer_wrote, "i2 is in intake and no customer was told"),
        (double_what_a_customer_wrote, "i1 is in inbox 2 times"),
        (accept_a_client_id_twice, "client_id c was accepted as"),
        (show_twice, "m2 was shown 2 times on one connection"),
        (show_to_another, f"m1 was shown to {OTHER} and is not for them"),
        (show_out_of_order, "m1 was shown to 16505550001 after a message accepted later"),
        (deliver_unseen, "m1 is delivered and was never shown"),
        (withhold_a_webhook, "m1: delivered was never reported"),
        (invent_a_webhook, "m1: failed was reported and is in no topic"),
        (answer_without_reason, "ingress answered what it never should: 500: {}"),
        (set_a_record_aside, "a record was set aside"),
    ],
)
def test_what_may_not_be_is_found(spoil: Callable[[Told, Recorded], None], sentence: str) -> None:
    told, recorded = all_is_well()
    spoil(told, recorded)
    found = list(reconcile(told, recorded))
    assert any(sentence in violation for violation in found), found
