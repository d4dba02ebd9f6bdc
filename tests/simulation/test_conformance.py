"""What the log port promises, on the model and on a real broker. Where they differ, the model is wrong."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import chain

import pytest

from deploy.kafka import EmbeddedKafka, NodeSettings
from deploy.kafka.settings import PLAINTEXT
from services.contracts.catalogue import CLOCK_AHEAD_MAX_MS
from services.runtime.kafka_connection import KafkaConnection
from services.runtime.log import (
    Fenced,
    InputLost,
    Log,
    LogError,
    OutcomeUnknown,
    RecordRejected,
    TopicMissing,
    TransactionFailed,
)
from services.runtime.record import Record
from tests.integration.hard_cases.rig.commit_proxy import CommitProxy
from tests.simulation.sites import (
    CHANGELOG,
    OUTPUT,
    PARTITIONS,
    KafkaSite,
    Listener,
    ModelSite,
    Site,
)

ALL = set(range(PARTITIONS))
POLLS_MAX = 100
TRANSACTIONS_MAX = 6


@pytest.fixture(params=["model", "kafka"])
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    """A cluster of the test's own, with an empty input."""
    made: Site = ModelSite() if request.param == "model" else KafkaSite(request.getfixturevalue("kafka"))
    with closing(made):
        yield made


@pytest.fixture(scope="module")
def proxy() -> Iterator[CommitProxy]:
    """Stands before a broker of the module's own."""
    with CommitProxy() as proxy:
        yield proxy


@pytest.fixture(scope="module")
def proxied(proxy: CommitProxy, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaConnection]:
    """A broker that clients reach through the proxy alone, and that compacts as soon as it may."""
    node = NodeSettings(advertised={PLAINTEXT: proxy.port}, extra={"log.cleaner.backoff.ms": "50"})
    broker = EmbeddedKafka(tmp_path_factory.mktemp("proxied"), node, heap_mb=256)
    proxy.upstream_port = broker.identity.ports[PLAINTEXT]
    with broker:
        yield broker.connection()


@pytest.fixture(params=["model", "kafka"])
def troubled(request: pytest.FixtureRequest) -> Iterator[Site]:
    """The same, where processes can fall silent and the changelog is compacted."""
    made: Site = ModelSite()
    if request.param == "kafka":
        made = KafkaSite(request.getfixturevalue("proxied"), request.getfixturevalue("proxy"))
    with closing(made):
        yield made


def joined(site: Site, ordinal: int = 0) -> tuple[Log, Listener]:
    """A process that is alone in the group and has all partitions."""
    log, listener = site.log(ordinal), Listener()
    log.subscribe(listener)
    site.settle([log], lambda: listener.owned == ALL)
    log.rewind(dict.fromkeys(ALL, 0))
    return log, listener


def receive(site: Site, log: Log, count: int) -> list[Record]:
    """Exactly so many records."""
    records: list[Record] = []
    for _ in range(POLLS_MAX):
        records += log.poll(count - len(records), 0.1)
        if len(records) == count:
            break
    assert len(records) == count
    return records


def produce(log: Log, key: bytes, value: bytes | None = b"output", at_ms: int = 1_000) -> None:
    """Put an output into the open transaction, in partition 0."""
    log.produce(OUTPUT.name, 0, key, value, at_ms, [("kind", b"test")])


def commit(log: Log, key: bytes, offsets: dict[int, int]) -> None:
    """A whole transaction with one output, tried again if it fails."""
    for _ in range(TRANSACTIONS_MAX):
        log.begin()
        try:
            produce(log, key)
            if offsets:
                log.send_offsets(offsets)
            log.commit()
        except TransactionFailed:
            log.abort()
        else:
            return
    pytest.fail("the transaction fails for ever")


def changelog_until(log: Log, end: int, start: int = 0) -> list[tuple[bytes, bytes | None]]:
    """Committed records of changelog partition 0, read until everything before ``end`` is known."""
    records: list[tuple[bytes, bytes | None]] = []
    with closing(log.read_changelog(0, start)) as pieces:
        for piece in pieces:
            records += piece.records
            if piece.next_offset >= end:
                break
    return records


class TestReading:
    def test_gives_what_is_committed_in_order_and_no_more_than_asked_for(self, site: Site) -> None:
        for number in range(6):
            site.write(number % PARTITIONS, b"key %d" % number)
        log, _ = joined(site)
        first = receive(site, log, 4)
        records = first + receive(site, log, 2)
        for partition in ALL:
            mine = [record for record in records if record.partition == partition]
            assert [record.offset for record in mine] == [0, 1, 2]
            assert [record.key for record in mine] == [
                b"key %d" % (partition + 2 * each) for each in range(3)
            ]
        assert records[0].value == b"value"
        assert records[0].headers == [("name", b"header")]
        assert records[0].topic.endswith(".intake")

    def test_begins_where_the_listener_says(self, site: Site) -> None:
        for number in range(3):
            site.write(0, b"key %d" % number)
        log, listener = site.log(), Listener({0: 2})
        log.subscribe(listener)
        records = site.settle([log], lambda: log.caught_up(0))
        assert [record.key for record in records] == [b"key 2"]

    def test_rewinds(self, site: Site) -> None:
        for number in range(4):
            site.write(0, b"key %d" % number)
        log, _ = joined(site)
        receive(site, log, 3)
        log.rewind({0: 1, 99: 5})
        assert [record.offset for record in receive(site, log, 3)] == [1, 2, 3]

    def test_knows_when_it_has_caught_up(self, site: Site) -> None:
        site.write(0, b"key")
        log, _ = joined(site)
        assert receive(site, log, 1)
        site.settle([log], lambda: log.caught_up(0) and log.caught_up(1))
        assert log.lag(0) == 0
        log.rewind({0: 0})
        assert not log.caught_up(0)
        assert log.lag(0) == 1

    def test_input_that_retention_took_is_lost(self, site: Site) -> None:
        for number in range(3):
            site.write(0, b"key %d" % number)
        site.retain_from(0, 2)
        log, listener = site.log(), Listener({0: 1})
        assert log.input_start(0) == 2
        log.subscribe(listener)
        with pytest.raises(InputLost):
            site.settle([log], lambda: log.caught_up(0))


class TestTransactions:
    def test_outputs_are_seen_once_they_are_committed(self, site: Site) -> None:
        log, _ = joined(site)
        log.begin()
        produce(log, b"one")
        assert site.outputs(0) == []
        log.commit()
        site.until(lambda: site.outputs(0) == [b"one"])

    def test_an_abort_leaves_nothing_but_offsets_that_are_used_up(self, site: Site) -> None:
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

    def test_offsets_are_committed_with_the_transaction(self, site: Site) -> None:
        site.write(0, b"key")
        log, _ = joined(site)
        receive(site, log, 1)
        assert log.committed(0) is None
        commit(log, b"one", {0: 1})
        assert log.committed(0) == 1
        assert log.committed(1) is None

    def test_the_offset_waits_for_a_transaction_that_holds_it(self, site: Site) -> None:
        site.write(0, b"key")
        log, _ = joined(site)
        receive(site, log, 1)
        log.begin()
        produce(log, b"one")
        log.send_offsets({0: 1})
        other = site.log(1)
        assert site.while_it_waits(lambda: other.committed(0), log.commit) == 1

    def test_an_open_transaction_holds_back_what_others_have_committed(self, site: Site) -> None:
        first, _ = joined(site)
        second = site.log(1)
        second.subscribe(Listener())
        first.begin()
        produce(first, b"open")
        site.until(lambda: site.written(0) == 1)
        second.begin()
        produce(second, b"committed")
        second.commit()
        assert site.outputs(0) == []
        first.abort()
        site.until(lambda: site.outputs(0) == [b"committed"])

    def test_a_record_too_large_is_rejected(self, site: Site) -> None:
        log, _ = joined(site)
        refusal = _refusal(log, lambda: produce(log, b"large", bytes(2 * 1024 * 1024)))
        assert isinstance(refusal, RecordRejected)
        commit(log, b"small", {})
        site.until(lambda: site.outputs(0) == [b"small"])

    def test_a_record_time_too_far_ahead_fails_the_transaction_for_now(self, site: Site) -> None:
        log, _ = joined(site)
        refusal = _refusal(log, lambda: produce(log, b"early", at_ms=site.now_ms() + 10 * CLOCK_AHEAD_MAX_MS))
        assert isinstance(refusal, TransactionFailed)
        commit(log, b"timely", {})
        site.until(lambda: site.outputs(0) == [b"timely"])

    def test_a_partition_that_is_not_there_is_missing(self, site: Site) -> None:
        log, _ = joined(site)
        refusal = _refusal(log, lambda: log.produce(OUTPUT.name, 99, b"key", b"value", 1_000, []))
        assert isinstance(refusal, TopicMissing)


class TestRenewal:
    def test_after_an_abort_the_producer_is_another_and_the_same_is_done_once(self, site: Site) -> None:
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

    def test_who_was_replaced_does_not_take_the_transactional_id_back(self, site: Site) -> None:
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


class TestFencing:
    def test_who_takes_the_transactional_id_ends_what_was_open_and_fences_who_had_it(
        self, site: Site
    ) -> None:
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

    def test_a_transaction_that_takes_too_long_is_aborted_and_its_producer_fenced(self, site: Site) -> None:
        slow, _ = joined(site)
        slow.begin()
        produce(slow, b"slow")
        site.until(lambda: site.written(0) == 1)
        quick = site.log(1)
        quick.subscribe(Listener())
        commit(quick, b"quick", {})
        assert site.outputs(0) == []
        site.until(lambda: site.outputs(0) == [b"quick"])
        with pytest.raises(Fenced):
            slow.commit()

    def test_who_lost_its_name_in_the_group_is_fenced(self, site: Site) -> None:
        old, _ = joined(site)
        new, listener = site.log(), Listener()
        new.subscribe(listener)
        with pytest.raises(Fenced):
            site.settle([new, old], lambda: False)

    def test_offsets_of_an_old_generation_are_refused(self, site: Site) -> None:
        site.write(0, b"key")
        site.write(1, b"key")
        old, _ = joined(site)
        receive(site, old, 2)
        new, listener = site.log(1), Listener()
        new.subscribe(listener)
        # The newcomer has its answer, so the group is in its next generation, which `old` has not polled for.
        site.settle([new], lambda: _refused(old, {0: 1, 1: 1}))

    def test_offsets_of_a_member_that_was_dropped_are_refused(self, site: Site) -> None:
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


class TestGroup:
    def test_a_second_member_gets_its_share_after_the_first_has_let_it_go(self, site: Site) -> None:
        site.write(0, b"key")
        first, firsts = joined(site)
        second, seconds = site.log(1), Listener()
        second.subscribe(seconds)
        site.settle([first, second], lambda: len(seconds.owned) == 1)
        assert firsts.owned | seconds.owned == ALL
        assert firsts.owned & seconds.owned == set()
        revoked = ("revoked", tuple(seconds.owned))
        assert revoked in firsts.events
        # What was not taken away is read on.
        (mine,) = firsts.owned
        site.write(mine, b"more")
        site.settle([first, second], lambda: first.caught_up(mine))

    def test_a_poll_gives_nothing_of_a_partition_that_is_taken_away_in_the_midst_of_it(
        self, site: Site
    ) -> None:
        first, firsts = joined(site)
        second, seconds = site.log(1), Listener()
        site.settle([first], lambda: first.caught_up(0) and first.caught_up(1))
        for partition in ALL:
            site.write(partition, b"key %d" % partition)
        records = site.poll_while(
            first, lambda: second.subscribe(seconds), lambda: "revoked" in dict(firsts.events)
        )
        (mine,) = firsts.owned
        assert {record.partition for record in records} <= {mine}
        records += site.settle(
            [first, second],
            lambda: all(log.caught_up(each) for log, each in ((first, mine), (second, 1 - mine))),
        )
        # Nor is anything lost by it.
        assert sorted(record.partition for record in records) == [0, 1]

    def test_a_member_that_is_dropped_loses_its_partitions_and_comes_back(self, site: Site) -> None:
        log, listener = joined(site)
        site.expel(log)
        site.settle([log], lambda: len(listener.events) == 3)
        assert [event for event, _ in listener.events] == ["assigned", "lost", "assigned"]
        assert listener.owned == ALL

    def test_a_member_that_returns_in_time_has_its_partitions_back_and_disturbs_nobody(
        self, site: Site
    ) -> None:
        first, firsts = joined(site)
        second, seconds = site.log(1), Listener()
        second.subscribe(seconds)
        site.settle([first, second], lambda: len(seconds.owned) == 1)
        before, owned = list(seconds.events), set(firsts.owned)
        first.close()
        assert firsts.owned == set()
        returned, again = site.log(), Listener()
        returned.subscribe(again)
        site.settle([returned, second], lambda: again.owned == owned)
        assert seconds.events == before


class TestSilence:
    def test_a_silent_member_loses_its_partitions_once_its_session_is_over(self, troubled: Site) -> None:
        first, firsts = joined(troubled)
        second, seconds = troubled.log(1), Listener()
        second.subscribe(seconds)
        troubled.settle([first, second], lambda: len(seconds.owned) == 1)
        (mine,) = firsts.owned
        troubled.write(mine, b"key")
        troubled.settle([first], lambda: first.caught_up(mine) and first.lag(mine) == 0)
        troubled.silence(first)
        troubled.settle([second], lambda: seconds.owned == ALL)
        assert firsts.owned == {mine}
        troubled.let_speak(first)
        troubled.settle([first, second], lambda: "lost" in dict(firsts.events))
        troubled.settle([first, second], lambda: len(firsts.owned) == len(seconds.owned) == 1)
        assert firsts.owned | seconds.owned == ALL

    @pytest.mark.parametrize("arrives", [False, True])
    def test_a_commit_of_which_nothing_is_heard_may_be_either(self, troubled: Site, arrives: bool) -> None:
        troubled.write(0, b"key")
        log, _ = joined(troubled)
        receive(troubled, log, 1)
        log.begin()
        produce(log, b"one")
        log.send_offsets({0: 1})
        troubled.lose_commit(log, arrives=arrives)
        with pytest.raises(OutcomeUnknown):
            log.commit()
        assert troubled.log(1).committed(0) == (1 if arrives else None)
        # A record, and the marker that says what became of it.
        troubled.until(lambda: troubled.written(0) == 2)
        troubled.until(lambda: troubled.outputs(0) == ([b"one"] if arrives else []))
        troubled.died(log)


class Dies(BaseException):
    """The process ends here."""


class TestDeathInTheMidstOfGivingBack:
    def test_leaves_the_partition_to_nobody_until_some_member_sees_to_it(self, site: Site) -> None:
        first, firsts = joined(site)
        second, seconds = site.log(1), Listener()
        second.subscribe(seconds)
        returned, again = site.log(), Listener()

        def die(partitions: Sequence[int]) -> None:
            firsts.revoked = firsts.lost  # type: ignore[method-assign]
            # The static member returns before the broker knows that the partition was given back.
            returned.subscribe(again)
            site.settle([returned, second], lambda: len(again.owned) == 1)
            raise Dies

        firsts.revoked = die  # type: ignore[method-assign]
        with pytest.raises(Dies):
            site.settle([first, second], lambda: False)
        site.died(first)
        site.rest([returned, second])
        assert (len(again.owned), len(seconds.owned)) == (1, 0)
        site.settle([returned, second], lambda: again.owned | seconds.owned == ALL)


class TestAppending:
    def test_a_tick_goes_to_the_input_outside_of_any_transaction(self, site: Site) -> None:
        log, _ = joined(site)
        at_ms = site.now_ms()
        log.append(1, b"tick", b"value", at_ms, [("kind", b"ticked")])
        (record,) = receive(site, log, 1)
        assert (record.partition, record.key, record.timestamp_ms) == (1, b"tick", at_ms)
        assert record.headers == [("kind", b"ticked")]

    def test_a_tick_too_far_ahead_gets_lost(self, site: Site) -> None:
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


class TestChangelog:
    def test_the_commit_tells_the_offset_after_each_meta_record(self, site: Site) -> None:
        log, _ = joined(site)
        for _ in range(2):
            log.begin()
            log.produce(CHANGELOG.name, 0, b"row", b"value", 1_000, [])
            log.produce_meta(0, b"meta", b"value", 1_000)
            log.produce_meta(1, b"meta", b"value", 1_000)
            offsets = log.commit()
        # The marker of the first transaction takes an offset too.
        assert offsets == {0: 5, 1: 3}

    def test_its_end_counts_open_transactions_and_its_records_do_not(self, site: Site) -> None:
        log, _ = joined(site)
        log.begin()
        log.produce(CHANGELOG.name, 0, b"row", b"committed", 1_000, [])
        log.commit()
        site.until(lambda: log.changelog_end(0) == 2)
        log.begin()
        log.produce(CHANGELOG.name, 0, b"row", b"open", 1_000, [])
        site.until(lambda: log.changelog_end(0) == 3)
        reader = site.log(1)
        assert changelog_until(reader, 2) == [(b"row", b"committed")]
        with closing(reader.read_changelog(0, 2)) as pieces:
            assert next(pieces) == ([], 2)
        log.commit()
        assert changelog_until(reader, 3) == [(b"row", b"committed"), (b"row", b"open")]

    def test_reading_goes_past_what_was_aborted(self, site: Site) -> None:
        log, _ = joined(site)
        for value, end in ((b"aborted", log.abort), (b"committed", log.commit), (b"aborted too", log.abort)):
            log.begin()
            log.produce(CHANGELOG.name, 0, b"row", value, 1_000, [])
            if value == b"aborted too":
                log.produce(CHANGELOG.name, 0, b"gone", None, 1_000, [])
            end()
        end_offset = log.changelog_end(0)
        assert changelog_until(site.log(1), end_offset) == [(b"row", b"committed")]

    def test_a_tombstone_is_a_record(self, site: Site) -> None:
        log, _ = joined(site)
        log.begin()
        log.produce(CHANGELOG.name, 0, b"row", b"value", 1_000, [])
        log.produce(CHANGELOG.name, 0, b"row", None, 1_000, [])
        log.commit()
        assert changelog_until(site.log(1), 2) == [(b"row", b"value"), (b"row", None)]

    def test_reading_past_the_end_is_refused(self, site: Site) -> None:
        log, _ = joined(site)
        with pytest.raises(InputLost), closing(log.read_changelog(0, 100)) as pieces:
            for _ in chain(pieces):
                pass

    def test_compaction_leaves_the_newest_of_each_key_where_it_was(self, troubled: Site) -> None:
        log, _ = joined(troubled)
        for row, value in ((b"a", b"old"), (b"b", b"only"), (b"a", b"new"), (b"b", None)):
            log.begin()
            log.produce(CHANGELOG.name, 0, row, value, 1_000, [])
            log.commit()
        troubled.until(lambda: log.changelog_end(0) == 8)
        reader = troubled.log(1)

        def rows(start: int) -> list[tuple[bytes, bytes | None]]:
            return [record for record in changelog_until(reader, 8, start) if record[0] != b"filler"]

        left = [(b"a", b"new"), (b"b", None)]
        troubled.compact(0, lambda: rows(0) == left)
        # What is gone stands for the next one that is there.
        assert [rows(start) for start in (1, 4, 5)] == [left, left, left[1:]]
        assert log.changelog_end(0) >= 8

    def test_says_which_one_it_is(self, site: Site) -> None:
        changelog = site.log().changelog()
        assert changelog == site.log(1).changelog()
        assert changelog.topic_id
        assert changelog.cluster_id
        assert changelog.delete_retention_ms == 86_400_000


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
