"""Who may go on after an abort, and who finds itself replaced."""

import pytest

from services.runtime.log import Fenced, Log, TransactionFailed
from tests.simulation.conformance.rig.site import Listener, Site
from tests.simulation.conformance.rig.steps import ALL, commit, joined, produce, receive


def test_after_an_abort_the_producer_is_another_and_the_same_is_done_once(site: Site) -> None:
    site.write(0, b"key")
    log, _ = joined(site)
    receive(site, log, 1)
    for _ in range(2):
        log.begin()
        produce(log, b"aborted")
        log.send_offsets({0: 1})
        log.abort()
    commit(log, b"committed", {0: 1})
    site.until(lambda: site.outputs(0) == [b"committed"])


def test_who_was_replaced_does_not_take_the_transactional_id_back(site: Site) -> None:
    site.write(0, b"key")
    old, _ = joined(site)
    receive(site, old, 1)
    old.begin()
    old.abort()
    new, listener = site.log(), Listener()
    new.subscribe(listener)
    site.settle([new], lambda: listener.owned == ALL)
    # Its next transaction would be a new producer's.
    with pytest.raises(TransactionFailed):
        old.begin()
    commit(new, b"mine", {})
    site.until(lambda: site.outputs(0) == [b"mine"])


def test_who_takes_the_transactional_id_ends_what_was_open_and_fences_who_had_it(site: Site) -> None:
    site.write(0, b"key")
    old, _ = joined(site)
    receive(site, old, 1)
    old.begin()
    produce(old, b"orphan")
    old.send_offsets({0: 1})
    new, listener = site.log(), Listener()
    new.subscribe(listener)
    assert new.committed(0) is None
    with pytest.raises(Fenced):
        old.commit()
    site.settle([new], lambda: listener.owned == ALL)
    commit(new, b"mine", {})
    site.until(lambda: site.outputs(0) == [b"mine"])


def test_a_transaction_that_takes_too_long_is_aborted_and_its_producer_fenced(site: Site) -> None:
    slow, _ = joined(site)
    quick = site.log(1)
    quick.subscribe(Listener())
    assert site.outputs(0) == []
    slow.begin()
    produce(slow, b"slow")
    site.until(lambda: site.written(0) == 1)
    commit(quick, b"quick", {})
    assert site.outputs(0) == []
    site.until(lambda: site.outputs(0) == [b"quick"])
    with pytest.raises(Fenced):
        slow.commit()


def test_who_lost_its_name_in_the_group_is_fenced(site: Site) -> None:
    old, _ = joined(site)
    new, listener = site.log(), Listener()
    new.subscribe(listener)
    with pytest.raises(Fenced):
        site.settle([new, old], lambda: False)


def test_offsets_of_an_old_generation_are_refused(site: Site) -> None:
    site.write(0, b"key")
    site.write(1, b"key")
    old, _ = joined(site)
    receive(site, old, 2)
    new, listener = site.log(1), Listener()
    new.subscribe(listener)
    # The newcomer has its answer, so the group is in its next generation, which `old` has not polled for.
    site.settle([new], lambda: _refused(old, {0: 1, 1: 1}))


def test_offsets_of_a_member_that_was_dropped_are_refused(site: Site) -> None:
    site.write(0, b"key")
    log, _ = joined(site)
    receive(site, log, 1)
    site.expel(log)
    log.begin()
    produce(log, b"one")
    with pytest.raises(TransactionFailed):
        log.send_offsets({0: 1})
    log.abort()
    assert log.committed(0) is None


def _refused(log: Log, offsets: dict[int, int]) -> bool:
    log.begin()
    produce(log, b"stale")
    try:
        log.send_offsets(offsets)
    except TransactionFailed:
        log.abort()
        return True
    log.abort()
    return False
