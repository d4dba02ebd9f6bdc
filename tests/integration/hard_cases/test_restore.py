"""Restores from a changelog that has more in it than committed rows, or very many of those."""

import shutil
import signal
import sys
from collections.abc import Generator
from contextlib import closing

import pytest

from services.runtime.kafka_log import KafkaLog
from services.runtime.log import ChangelogPiece
from services.runtime.points import Point
from services.runtime.stage_process import MakeLog
from tests.integration.hard_cases.rig.counting import count
from tests.integration.hard_cases.rig.hand_made import HandMadeTransaction
from tests.integration.hard_cases.rig.standing import stored
from tests.integration.hard_cases.rig.tally import keys
from tests.integration.hard_cases.rig.world import World
from tests.integration.waiting import until

KEYS = [*keys(0, 10), *keys(1, 10)]
MANY = 12_000
"""More than one read of the changelog brings."""


class TellingLog(KafkaLog):
    """Says when it asks for the group's offset, with which a restore begins."""

    def committed(self, partition: int) -> int | None:
        sys.stderr.write(f"asking for the offset of {partition}\n")
        return super().committed(partition)


class WaitingLog(TellingLog):
    """Says when it has the group's offset, and when the changelog has nothing more for now."""

    def committed(self, partition: int) -> int | None:
        offset = super().committed(partition)
        sys.stderr.write(f"the offset of {partition} is {offset}\n")
        return offset

    def read_changelog(self, partition: int, start: int) -> Generator[ChangelogPiece, None, None]:
        with closing(super().read_changelog(partition, start)) as pieces:
            for piece in pieces:
                # The first fetch may take a while: only what lies behind something is the end for now.
                if not piece.records and piece.next_offset > start:
                    sys.stderr.write(f"the changelog of {partition} is waited for at {piece.next_offset}\n")
                yield piece


class StableLog(WaitingLog):
    """Takes the changelog's last stable offset for its end, as whoever asks read committed does."""

    def changelog_end(self, partition: int) -> int:
        with closing(KafkaLog.read_changelog(self, partition, 0)) as pieces:
            return next(piece.next_offset for piece in pieces if not piece.records)


class HaltingLog(KafkaLog):
    """Gives a first piece of the changelog, and nothing after it."""

    def read_changelog(self, partition: int, start: int) -> Generator[ChangelogPiece, None, None]:
        with closing(super().read_changelog(partition, start)) as pieces:
            for piece in pieces:
                yield piece
                if piece.records:
                    sys.stderr.write(f"a piece of {len(piece.records)} is kept\n")
                    signal.pause()


def test_an_aborted_transaction_in_the_changelog_never_was(settled: World) -> None:
    before = settled.standing()
    settled.write(KEYS)
    HandMadeTransaction(settled, 0).abort()
    assert settled.standing() == before
    shutil.rmtree(settled.store_path(0))
    settled.settle()
    count(settled)


def test_a_restore_waits_for_the_end_of_an_abandoned_transaction(settled: World) -> None:
    before = settled.standing()
    settled.write(KEYS)
    abandoned = HandMadeTransaction(settled, 0, timeout_ms=5_000)
    assert settled.open_places()
    assert settled.standing(in_transaction=True) == before
    shutil.rmtree(settled.store_path(0))
    member = settled.start()
    member.stop_at(Point.RESTORED)
    member.wait_stopped()
    assert not settled.open_places()
    member.go_on()
    settled.wait_done()
    member.stop()
    count(settled)
    del abandoned


def test_a_transaction_committed_during_the_restore_is_part_of_the_state(settled: World) -> None:
    before = settled.standing()
    settled.write(KEYS)
    transaction = HandMadeTransaction(settled, 0)
    assert settled.open_places()
    assert settled.standing(in_transaction=True) == before
    member = settled.start(make_log=TellingLog)
    until(lambda: "asking for the offset of 0" in member.said, "the restore to begin")
    transaction.commit()
    settled.wait_done()
    member.stop()
    count(settled)


def end_during_the_restore(world: World, make_log: MakeLog) -> None:
    """The offset is known at once, and the changelog's end lies behind a transaction that is still open."""
    world.write(KEYS)
    world.settle()
    before = world.standing()
    world.write(keys(0, 10))
    transaction = HandMadeTransaction(world, 0, with_offsets=False)
    world.group.set_offset(0, transaction.next_offset)
    after = {**before.group, 0: transaction.next_offset}
    assert world.standing(in_transaction=True) == before._replace(group=after)
    assert world.open_places()
    # With a store, one that stopped too early would be rebuilt, and be lucky.
    shutil.rmtree(world.store_path(0))
    member = world.start(make_log=make_log)
    waits = "the changelog of 0 is waited for at"
    until(lambda: waits in member.said.partition("the offset of 0 is")[2] or not member.runs, "the wait")
    transaction.commit()
    assert member.runs, member.said
    until(lambda: '"partition ready" partition=0' in member.said or not member.runs, "the restore")
    assert member.runs, member.said
    world.write(KEYS)
    world.wait_done()
    member.stop()
    count(world)


def test_a_restore_waits_for_a_transaction_that_the_offset_says_nothing_of(world: World) -> None:
    end_during_the_restore(world, WaitingLog)


def test_a_restore_that_stops_at_the_last_stable_offset_is_caught(world: World) -> None:
    with pytest.raises(AssertionError, match=r"offset is 20 but the state is at 10"):
        end_during_the_restore(world, StableLog)


def test_many_rows_are_restored_after_a_kill_in_the_middle_of_it(settled: World) -> None:
    settled.write(keys(0, MANY))
    settled.settle()
    shutil.rmtree(settled.data_dir())
    member = settled.start(make_log=HaltingLog)
    until(lambda: "is kept" in member.said, "a part of the restore")
    member.kill()
    found = stored(settled.store_path(0))
    assert found is not None
    assert 0 < len(found[1]) < MANY
    settled.write(KEYS)
    settled.settle()
    count(settled)
