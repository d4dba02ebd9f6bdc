"""The store on disk: one RocksDB for each input partition of a stage.

The changelog on Kafka is the truth, and this is a copy of it that saves reading it again. So writes go to
the write-ahead log without waiting for the disk: a killed process loses nothing, and a machine that loses
power has a store that is behind, which is seen by its meta and caught up.

Keys, by their first byte: ``m`` the meta; ``r`` + row key, whose value is the wake time in 8 bytes and the
row; ``t`` + due time in 8 bytes + row key for the timer of a row. Times are big-endian, so they sort.
"""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from rocksdict import (
    BlockBasedOptions,
    Cache,
    DbClosedError,
    DBCompressionType,
    Options,
    Rdict,
    WriteBatch,
)

from parley.runtime.v1 import runtime_pb2
from services.runtime.rows import Row
from services.runtime.store import Change, StoreFailed, Timer

MEMTABLE_BYTES = 4 * 1024 * 1024
"""Of each partition, twice while one is written out: many partitions fit into a small process."""
BLOCK_CACHE_BYTES = 64 * 1024 * 1024
"""Of the whole process."""
OPEN_FILES_MAX = 64
TIME_BYTES = 8

_META = b"m"
_ROW = b"r"
_TIMER = b"t"
_TIMER_BYTES = len(_TIMER) + TIME_BYTES
_DAMAGE = ("Corruption", "No such file or directory")
_IN_USE = "lock file"


class RocksStore:
    """Rows, timers and meta of one partition in the directory ``path``, which belongs to it alone."""

    def __init__(self, path: Path) -> None:
        """Open or create the store. Damage that RocksDB sees means that it begins empty.

        Raises :class:`StoreFailed` when the directory cannot be used, such as by another process's lock.
        """
        self._path = path
        self.began_empty_because: str | None = None
        """What was wrong with the files that were found, if they could not be used."""
        try:
            self._db = _open(path)
        except Exception as error:
            if _IN_USE in str(error):
                raise StoreFailed(f"another process has the store {path} open: end it ({error})") from error
            if not any(sign in str(error) for sign in _DAMAGE):
                raise StoreFailed(f"the store {path} cannot be opened: {error}") from error
            self.began_empty_because = str(error)
            shutil.rmtree(path)
            self._db = _open(path)

    def get(self, key: bytes) -> Row | None:
        try:
            stored = self._db.get(_ROW + key)
        except Exception as error:
            raise self._failed(error) from error
        return None if stored is None else Row(stored[TIME_BYTES:], int.from_bytes(stored[:TIME_BYTES]))

    def scan(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        try:
            for key, stored in self._db.items(from_key=_ROW + prefix):
                if not key.startswith(_ROW + prefix):
                    return
                yield key[len(_ROW) :], stored[TIME_BYTES:]
        except Exception as error:
            raise self._failed(error) from error

    def timers(self, after: Timer | None, limit: int) -> list[Timer]:
        # A NUL makes the least key above the one to be left out.
        start = _TIMER if after is None else _timer_key(after.due_ms, after.row_key) + b"\x00"
        found: list[Timer] = []
        try:
            for key in self._db.keys(from_key=start):
                if len(found) == limit:
                    break
                found.append(Timer(int.from_bytes(key[len(_TIMER) : _TIMER_BYTES]), key[_TIMER_BYTES:]))
        except Exception as error:
            raise self._failed(error) from error
        return found

    def meta(self) -> runtime_pb2.StateMeta | None:
        try:
            stored = self._db.get(_META)
        except Exception as error:
            raise self._failed(error) from error
        return None if stored is None else runtime_pb2.StateMeta.FromString(stored)

    def write(self, changes: Mapping[bytes, Change], meta: runtime_pb2.StateMeta) -> None:
        batch = WriteBatch(raw_mode=True)
        for key, (row, wake_before_ms) in changes.items():
            wake_at_ms = 0 if row is None else row.wake_at_ms
            if row is None:
                batch.delete(_ROW + key)
            else:
                batch.put(_ROW + key, wake_at_ms.to_bytes(TIME_BYTES) + row.value)
            if wake_before_ms != wake_at_ms:
                if wake_before_ms:
                    batch.delete(_timer_key(wake_before_ms, key))
                if wake_at_ms:
                    batch.put(_timer_key(wake_at_ms, key), b"")
        batch.put(_META, meta.SerializeToString())
        try:
            self._db.write(batch)
        except Exception as error:
            raise self._failed(error) from error

    def clear(self) -> None:
        self._db.close()
        try:
            shutil.rmtree(self._path)
            self._db = _open(self._path)
        except Exception as error:
            raise self._failed(error) from error

    def close(self) -> None:
        with suppress(DbClosedError):
            self._db.close()

    def _failed(self, error: Exception) -> StoreFailed:
        return StoreFailed(f"the store {self._path} failed (it may be deleted to be rebuilt): {error}")


def _timer_key(due_ms: int, row_key: bytes) -> bytes:
    return _TIMER + due_ms.to_bytes(TIME_BYTES) + row_key


def _open(path: Path) -> Any:
    path.mkdir(parents=True, exist_ok=True)
    return Rdict(str(path), options=_options())


def _options() -> Options:
    options = Options(raw_mode=True)
    options.create_if_missing(True)
    options.set_write_buffer_size(MEMTABLE_BYTES)
    options.set_max_write_buffer_number(2)
    options.set_max_open_files(OPEN_FILES_MAX)
    options.set_compression_type(DBCompressionType.lz4())
    options.set_level_compaction_dynamic_level_bytes(True)
    options.set_keep_log_file_num(1)
    options.set_max_log_file_size(1024 * 1024)
    blocks = BlockBasedOptions()
    blocks.set_block_cache(_block_cache())
    blocks.set_bloom_filter(10, block_based=False)
    options.set_block_based_table_factory(blocks)
    return options


@cache
def _block_cache() -> Cache:
    return Cache(BLOCK_CACHE_BYTES)
