"""What a transaction shows, holds back and refuses."""

from collections.abc import Callable

import pytest

from services.contracts.catalogue import CLOCK_AHEAD_MAX_MS
from services.runtime.log import Log, LogError, RecordRejected, TopicMissing, TransactionFailed
from tests.simulation.conformance.rig.site import OUTPUT, Listener, Site
from tests.simulation.conformance.rig.steps import TRANSACTIONS_MAX, commit, joined, produce, receive


def test_outputs_are_seen_once_they_are_committed(site: Site) -> None:
    log, _ = joined(site)
    log.begin()
    produce(log, b"one")
    assert site.outputs(0) == []
    log.commit()
    site.until(lambda: site.outputs(0) == [b"one"])


def test_an_abort_leaves_nothing_but_offsets_that_are_used_up(site: Site) -> None:
    site.write(0, b"key")
    log, _ = joined(site)
    receive(site, log, 1)
    log.begin()
    produce(log, b"aborted")
    log.send_offsets({0: 1})
    log.abort()
    assert log.committed(0) is None
    commit(log, b"committed", {0: 1})
    site.until(lambda: site.outputs(0) == [b"committed"])
    assert log.committed(0) == 1


def test_offsets_are_committed_with_the_transaction(site: Site) -> None:
    site.write(0, b"key")
    log, _ = joined(site)
    receive(site, log, 1)
    assert log.committed(0) is None
    commit(log, b"one", {0: 1})
    assert log.committed(0) == 1
    assert log.committed(1) is None


def test_the_offset_waits_for_a_transaction_that_holds_it(site: Site) -> None:
    site.write(0, b"key")
    log, _ = joined(site)
    receive(site, log, 1)
    other = site.log(1)
    assert other.committed(0) is None
    log.begin()
    produce(log, b"one")
    log.send_offsets({0: 1})
    assert site.while_it_waits(lambda: other.committed(0), log.commit) == 1


def test_an_open_transaction_holds_back_what_others_have_committed(site: Site) -> None:
    first, _ = joined(site)
    second = site.log(1)
    second.subscribe(Listener())
    assert site.outputs(0) == []
    first.begin()
    produce(first, b"open")
    site.until(lambda: site.written(0) == 1)
    second.begin()
    produce(second, b"committed")
    second.commit()
    assert site.outputs(0) == []
    first.abort()
    site.until(lambda: site.outputs(0) == [b"committed"])


def test_a_record_too_large_is_rejected(site: Site) -> None:
    log, _ = joined(site)
    refusal = _refusal(log, lambda: produce(log, b"large", bytes(2 * 1024 * 1024)))
    assert isinstance(refusal, RecordRejected)
    commit(log, b"small", {})
    site.until(lambda: site.outputs(0) == [b"small"])


def test_a_record_time_too_far_ahead_fails_the_transaction_for_now(site: Site) -> None:
    log, _ = joined(site)
    refusal = _refusal(log, lambda: produce(log, b"early", at_ms=site.now_ms() + 10 * CLOCK_AHEAD_MAX_MS))
    assert isinstance(refusal, TransactionFailed)
    commit(log, b"timely", {})
    site.until(lambda: site.outputs(0) == [b"timely"])


def test_a_partition_that_is_not_there_is_missing(site: Site) -> None:
    log, _ = joined(site)
    refusal = _refusal(log, lambda: log.produce(OUTPUT.name, 99, b"key", b"value", 1_000, []))
    assert isinstance(refusal, TopicMissing)


def _refusal(log: Log, write: Callable[[], None]) -> LogError:
    """Why a transaction cannot be committed: said at the write or at the commit, after some failures perhaps.

    A log may ask for reports on each record only after a transaction has failed, and what is refused may
    leave a gap in the producer's sequence, which fails one transaction more.
    """
    for _ in range(TRANSACTIONS_MAX):
        log.begin()
        with pytest.raises(LogError) as refused:
            write()
            log.commit()
        log.abort()
        if not isinstance(refused.value, TransactionFailed):
            break
    return refused.value
