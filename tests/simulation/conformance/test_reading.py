"""What a poll gives: where reading begins, goes back and ends, and what becomes of a tick."""

import pytest

from services.contracts.catalogue import CLOCK_AHEAD_MAX_MS
from services.runtime.log import InputLost
from services.runtime.record import Record
from tests.simulation.conformance.rig.site import PARTITIONS, Listener, Site
from tests.simulation.conformance.rig.steps import ALL, POLLS_MAX, joined, receive


def test_gives_what_is_committed_in_order_and_no_more_than_asked_for(site: Site) -> None:
    for number in range(6):
        site.write(number % PARTITIONS, b"key %d" % number)
    log, _ = joined(site)
    first = receive(site, log, 4)
    records = first + receive(site, log, 2)
    for partition in ALL:
        mine = [record for record in records if record.partition == partition]
        assert [record.offset for record in mine] == [0, 1, 2]
        assert [record.key for record in mine] == [b"key %d" % (partition + 2 * each) for each in range(3)]
    assert records[0].value == b"value"
    assert records[0].headers == [("name", b"header")]
    assert records[0].topic.endswith(".intake")


def test_begins_where_the_listener_says(site: Site) -> None:
    for number in range(3):
        site.write(0, b"key %d" % number)
    log, listener = site.log(), Listener({0: 2})
    log.subscribe(listener)
    records = site.settle([log], lambda: log.caught_up(0))
    assert [record.key for record in records] == [b"key 2"]


def test_rewinds(site: Site) -> None:
    for number in range(4):
        site.write(0, b"key %d" % number)
    log, _ = joined(site)
    receive(site, log, 3)
    log.rewind({0: 1, 99: 5})
    assert [record.offset for record in receive(site, log, 3)] == [1, 2, 3]


def test_knows_when_it_has_caught_up(site: Site) -> None:
    site.write(0, b"key")
    log, _ = joined(site)
    assert receive(site, log, 1)
    site.settle([log], lambda: log.caught_up(0) and log.caught_up(1))
    assert log.lag(0) == 0
    log.rewind({0: 0})
    assert not log.caught_up(0)
    assert log.lag(0) == 1


def test_input_that_retention_took_is_lost(site: Site) -> None:
    for number in range(3):
        site.write(0, b"key %d" % number)
    site.retain_from(0, 2)
    log, listener = site.log(), Listener({0: 1})
    assert log.input_start(0) == 2
    log.subscribe(listener)
    with pytest.raises(InputLost):
        site.settle([log], lambda: log.caught_up(0))


def test_a_tick_goes_to_the_input_outside_of_any_transaction(site: Site) -> None:
    log, _ = joined(site)
    at_ms = site.now_ms()
    log.append(1, b"tick", b"value", at_ms, [("kind", b"ticked")])
    (record,) = receive(site, log, 1)
    assert (record.partition, record.key, record.timestamp_ms) == (1, b"tick", at_ms)
    assert record.headers == [("kind", b"ticked")]


def test_a_tick_too_far_ahead_gets_lost(site: Site) -> None:
    log, _ = joined(site)
    log.append(0, b"early", b"value", site.now_ms() + 10 * CLOCK_AHEAD_MAX_MS, [])
    records: list[Record] = []
    for _ in range(POLLS_MAX):
        # One that shares a batch with what is refused gets lost too.
        log.append(0, b"timely", b"value", site.now_ms(), [])
        records += log.poll(100, 0.1)
        if records:
            break
    assert {record.key for record in records} == {b"timely"}
