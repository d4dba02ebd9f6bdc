"""Where a verification keeps what it knows: rows in RocksDB, and one row for all the rest."""

import base64
import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rocksdict import (
    BlockBasedOptions,
    Cache,
    DBCompressionType,
    Options,
    Rdict,
    WriteBatch,
)

from parley.settings.v1 import settings_pb2
from services.verifier.awaited import Awaited, Waiting
from services.verifier.codec import decoder_of, encode
from services.verifier.findings import Violation
from services.verifier.known import Known
from services.verifier.records import Place, TopicPartition
from services.verifier.rules.chain import Head
from services.verifier.rules.plans import SettingsTrack
from services.verifier.setting_copies import SettingCopies, Version

MEMTABLE_BYTES = 32 * 1024 * 1024
BLOCK_CACHE_BYTES = 64 * 1024 * 1024
OPEN_FILES_MAX = 64
FORMAT = 2
"""Raised whenever what is kept changes."""
_BOOKS = b"books"


class StateUnusable(Exception):
    """The directory cannot serve as the state of this verification: one sentence that says why."""


@dataclass(slots=True)
class Books:
    """What is known beside the rows. Partitions are written ``topic/partition``."""

    format: int = 0
    identity: str = ""
    cut_number: int = 0
    positions: dict[str, int] = field(default_factory=dict)
    stage_time_ms: dict[str, int] = field(default_factory=dict)
    in_view_since_ms: dict[str, int] = field(default_factory=dict)
    progress: dict[str, list[int]] = field(default_factory=dict)
    proved: dict[str, list[int]] = field(default_factory=dict)
    heads: dict[str, Head] = field(default_factory=dict)
    settings: dict[int, list[str]] = field(default_factory=dict)
    published: list[str] = field(default_factory=list)
    incomplete: list[str] = field(default_factory=list)
    unreadable: list[Place] = field(default_factory=list)
    set_aside: list[str] = field(default_factory=list)
    letters: dict[str, int] = field(default_factory=dict)
    awaited: dict[str, Waiting] = field(default_factory=dict)
    copies: dict[str, dict[int, Version]] = field(default_factory=dict)
    records: dict[str, int] = field(default_factory=dict)
    checked: dict[int, int] = field(default_factory=dict)
    unchecked: dict[int, int] = field(default_factory=dict)
    messages: int = 0
    violations: list[Violation] = field(default_factory=list)
    violations_by_invariant: dict[int, int] = field(default_factory=dict)


def open_db(directory: Path) -> Any:
    """The rows' store. Raises :class:`StateUnusable`, such as when another verification runs on it."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        return Rdict(str(directory), options=_options())
    except Exception as error:
        raise StateUnusable(f"The state in {directory} cannot be opened: {error}.") from error


def load(known: Known, db: Any, identity: str) -> None:
    """Go on where an earlier verification of the same topics stood. Raises :class:`StateUnusable`."""
    stored: bytes | None = db.get(_BOOKS)
    if stored is None:
        return
    if json.loads(stored).get("format") != FORMAT:
        raise StateUnusable(
            "The state was written by another version of this command: give an empty directory."
        )
    books = decoder_of(Books)(stored)
    if books.identity != identity:
        raise StateUnusable(
            f"The state belongs to {books.identity}, not to {identity}: give another directory."
        )
    known.cut_number = books.cut_number
    known.positions = _places(books.positions)
    known.stage_time_ms = _places(books.stage_time_ms)
    known.in_view.since_ms = _places(books.in_view_since_ms)
    known.progress.now = {place: (pair[0], pair[1]) for place, pair in _places(books.progress).items()}
    known.progress.proved = {place: (pair[0], pair[1]) for place, pair in _places(books.proved).items()}
    known.heads = books.heads
    known.settings = {partition: _track(texts) for partition, texts in books.settings.items()}
    known.published = _track(books.published)
    known.incomplete = set(books.incomplete)
    known.letters, known.awaited = Counter(books.letters), Awaited(books.awaited)
    known.copies = SettingCopies(books.copies)
    known.unreadable, known.set_aside = books.unreadable, set(books.set_aside)
    findings = known.findings
    findings.records, findings.messages = Counter(books.records), books.messages
    findings.checked, findings.unchecked = Counter(books.checked), Counter(books.unchecked)
    findings.violations = books.violations
    findings.violations_by_invariant = Counter(books.violations_by_invariant)


def save(known: Known, batch: WriteBatch, identity: str) -> None:
    """Write all but the rows into ``batch``, to which the rows of the same moment belong."""
    findings = known.findings
    books = Books(
        format=FORMAT,
        identity=identity,
        cut_number=known.cut_number,
        positions=_texts(known.positions),
        stage_time_ms=_texts(known.stage_time_ms),
        in_view_since_ms=_texts(known.in_view.since_ms),
        progress={place: list(pair) for place, pair in _texts(known.progress.now).items()},
        proved={place: list(pair) for place, pair in _texts(known.progress.proved).items()},
        heads=known.heads,
        settings={partition: _settings(track) for partition, track in known.settings.items()},
        published=_settings(known.published),
        incomplete=sorted(known.incomplete),
        unreadable=known.unreadable,
        set_aside=sorted(known.set_aside),
        letters=dict(known.letters),
        awaited=known.awaited.waiting,
        copies=known.copies.versions,
        records=dict(findings.records),
        checked=dict(findings.checked),
        unchecked=dict(findings.unchecked),
        messages=findings.messages,
        violations=findings.violations,
        violations_by_invariant=dict(findings.violations_by_invariant),
    )
    batch.put(_BOOKS, encode(books))


def _texts(values: dict[TopicPartition, Any]) -> dict[str, Any]:
    return {f"{topic}/{partition}": value for (topic, partition), value in values.items()}


def _places(values: dict[str, Any]) -> dict[TopicPartition, Any]:
    split = ((name.rpartition("/"), value) for name, value in values.items())
    return {(parts[0], int(parts[2])): value for parts, value in split}


def _settings(track: SettingsTrack) -> list[str]:
    return [base64.b64encode(each.SerializeToString()).decode() for each in track.all()]


def _track(texts: list[str]) -> SettingsTrack:
    track = SettingsTrack()
    for text in texts:
        track.add(settings_pb2.SettingChanged.FromString(base64.b64decode(text)))
    return track


def _options() -> Options:
    options = Options(raw_mode=True)
    options.create_if_missing(True)
    options.set_write_buffer_size(MEMTABLE_BYTES)
    options.set_max_open_files(OPEN_FILES_MAX)
    options.set_compression_type(DBCompressionType.lz4())
    options.set_keep_log_file_num(1)
    blocks = BlockBasedOptions()
    blocks.set_block_cache(Cache(BLOCK_CACHE_BYTES))
    blocks.set_bloom_filter(10, block_based=False)
    options.set_block_based_table_factory(blocks)
    return options
