"""What the real stages do after hours, days and weeks, through the runtime, by a clock that is ahead."""

from parley.billing.v1 import usage_pb2
from parley.delivery.v1 import dispatch_pb2, outbox_pb2, statuses_pb2
from parley.message.v1 import facts_pb2
from parley.window.v1 import window_row_pb2
from services.contracts.headers import KIND, header
from services.delivery.stage import DeliveryStage
from services.runtime.partition import META_KEY
from services.session_window.stage import SessionWindowStage
from tests.integration.hard_cases.conftest import MakeWorld
from tests.integration.hard_cases.rig import events
from tests.integration.hard_cases.rig.events import DAY_MS, HOUR_MS, now_ms
from tests.integration.hard_cases.rig.standing import stored
from tests.integration.hard_cases.rig.world import World
from tests.integration.waiting import until

CUSTOMER = "u1_a"
DATED_AHEAD = "message.timestamp.after.max.ms"


def kinds(world: World, name: str) -> list[str]:
    """Kinds of the records of a topic, in order."""
    return [(header(each.headers, KIND) or b"").decode() for each in world.read(name)]


def live(world: World, hours: int, name: str, wanted: list[str]) -> None:
    """Let a replica run so many hours from now until the topic has what is wanted, and nothing is left."""
    member = world.start(clock_ahead_ms=hours * HOUR_MS)
    until(lambda: kinds(world, name) == wanted, f"{wanted} after {hours} hours")
    world.wait_done()
    member.stop()
    assert kinds(world, name) == wanted


def test_a_window_closes_and_is_forgotten(make_world: MakeWorld) -> None:
    world = make_world(SessionWindowStage, "usage", "windows")
    for name in ("screened", "session-window-changelog", "windows", "usage"):
        world.configure(name, DATED_AHEAD, str(30 * DAY_MS))
    wrote_at_ms = now_ms()
    events.put(world, events.wrote_screened("m1", CUSTOMER, wrote_at_ms))
    live(world, 23, "windows", ["opened", "closing_soon"])
    # A reply that was accepted inside of the window, and lay behind an outage for a day and a half: its time
    # closes the window, and it is judged by when it was accepted.
    late = events.send_screened("late", CUSTOMER, wrote_at_ms + HOUR_MS)
    events.put(world, late, at_ms=wrote_at_ms + 36 * HOUR_MS)
    live(world, 36, "windows", ["opened", "closing_soon", "closed"])
    (assessed,) = world.read("usage")
    assert usage_pb2.UsageEvent.FromString(assessed.value or b"").send_assessed.window.open

    (number,) = world.standing().store
    _, rows = stored(world.store_path(number)) or (None, {})
    (row,) = (window_row_pb2.WindowRow.FromString(each) for each in rows.values())
    assert row.last_message_id == "m1"
    member = world.start(clock_ahead_ms=9 * DAY_MS)
    changelog = world.stage.changelog.name
    until(lambda: any(each.value is None for each in world.read(changelog)), "the row to be forgotten")
    world.wait_done()
    member.stop()
    _, rows = stored(world.store_path(number)) or (None, {})
    assert rows == {}
    last = {each.key: each.value for each in world.read(changelog)}
    assert [key for key, value in last.items() if value is not None] == [META_KEY]


def test_a_message_expires_after_thirty_days(make_world: MakeWorld) -> None:
    """Accepted thirty days ago less a moment; nobody has received it, and nothing else happens."""
    world = make_world(DeliveryStage, "outbox", "statuses", "usage")
    accepted_at_ms = now_ms() - 30 * DAY_MS + 1_500
    granted = dispatch_pb2.ConsentChanged(consent_id="consent.1.2", consent=facts_pb2.CONSENT_GRANTED)
    events.put(
        world,
        events.dispatch(CUSTOMER, granted),
        events.content_held("m1", CUSTOMER, accepted_at_ms),
        events.authorized("m1", CUSTOMER),
    )
    member = world.start()
    until(lambda: kinds(world, "statuses") == ["accepted", "sent", "expired"], "the end")
    world.wait_done()
    member.stop()
    ended = statuses_pb2.StatusEvent.FromString(world.read("statuses")[-1].value or b"").expired
    assert ended.refusal.code == 131_026
    (outcome,) = world.read("usage")
    undelivered = usage_pb2.UsageEvent.FromString(outcome.value or b"").message_undelivered
    assert undelivered.expired
    assert undelivered.ended_at_ms == accepted_at_ms + 30 * DAY_MS
    attempt, tombstone = world.read("outbox")
    assert outbox_pb2.OutboxEvent.FromString(attempt.value or b"")
    assert (tombstone.key, tombstone.value) == (attempt.key, None)
    assert world.read("dead-letters") == []
