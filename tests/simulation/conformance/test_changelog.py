"""How a changelog is written, measured, read back and compacted."""

from contextlib import closing
from itertools import chain

import pytest

from services.runtime.log import InputLost, Log
from tests.simulation.conformance.rig.site import CHANGELOG, Site
from tests.simulation.conformance.rig.steps import joined


def changelog_until(log: Log, end: int, start: int = 0) -> list[tuple[bytes, bytes | None]]:
    """Committed records of changelog partition 0, read until everything before ``end`` is known."""
    records: list[tuple[bytes, bytes | None]] = []
    with closing(log.read_changelog(0, start)) as pieces:
        for piece in pieces:
            records += piece.records
            if piece.next_offset >= end:
                break
    return records


def test_the_commit_tells_the_offset_after_each_meta_record(site: Site) -> None:
    log, _ = joined(site)
    for _ in range(2):
        log.begin()
        log.produce(CHANGELOG.name, 0, b"row", b"value", 1_000, [])
        log.produce_meta(0, b"meta", b"value", 1_000)
        log.produce_meta(1, b"meta", b"value", 1_000)
        offsets = log.commit()
    # The marker of the first transaction takes an offset too.
    assert offsets == {0: 5, 1: 3}


def test_its_end_counts_open_transactions_and_its_records_do_not(site: Site) -> None:
    log, _ = joined(site)
    reader = site.log(1)
    log.begin()
    log.produce(CHANGELOG.name, 0, b"row", b"committed", 1_000, [])
    log.commit()
    site.until(lambda: log.changelog_end(0) == 2)
    assert changelog_until(reader, 2) == [(b"row", b"committed")]
    log.begin()
    log.produce(CHANGELOG.name, 0, b"row", b"open", 1_000, [])
    site.until(lambda: log.changelog_end(0) == 3)
    assert changelog_until(reader, 2) == [(b"row", b"committed")]
    with closing(reader.read_changelog(0, 2)) as pieces:
        assert next(pieces) == ([], 2)
    log.commit()
    assert changelog_until(reader, 3) == [(b"row", b"committed"), (b"row", b"open")]


def test_reading_goes_past_what_was_aborted(site: Site) -> None:
    log, _ = joined(site)
    for value, end in ((b"aborted", log.abort), (b"committed", log.commit), (b"aborted too", log.abort)):
        log.begin()
        log.produce(CHANGELOG.name, 0, b"row", value, 1_000, [])
        if value == b"aborted too":
            log.produce(CHANGELOG.name, 0, b"gone", None, 1_000, [])
        end()
    end_offset = log.changelog_end(0)
    assert changelog_until(site.log(1), end_offset) == [(b"row", b"committed")]


def test_a_tombstone_is_a_record(site: Site) -> None:
    log, _ = joined(site)
    log.begin()
    log.produce(CHANGELOG.name, 0, b"row", b"value", 1_000, [])
    log.produce(CHANGELOG.name, 0, b"row", None, 1_000, [])
    log.commit()
    assert changelog_until(site.log(1), 2) == [(b"row", b"value"), (b"row", None)]


def test_reading_past_the_end_is_refused(site: Site) -> None:
    log, _ = joined(site)
    with pytest.raises(InputLost), closing(log.read_changelog(0, 100)) as pieces:
        for _ in chain(pieces):
            pass


def test_compaction_leaves_the_newest_of_each_key_where_it_was(troubled: Site) -> None:
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


def test_says_which_one_it_is(site: Site) -> None:
    changelog = site.log().changelog()
    assert changelog == site.log(1).changelog()
    assert changelog.topic_id
    assert changelog.cluster_id
    assert changelog.delete_retention_ms == 86_400_000
