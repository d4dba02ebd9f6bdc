"""The frames of a dump file: a line that names the format, then protobuf messages, each after its length."""

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from google.protobuf.message import DecodeError

from parley.verifier.v1 import dump_pb2

FORMAT = b"parley dump 1\n"
FRAME_BYTES_MAX = 1 << 30
_LENGTH_BYTES_MAX = 5
_CONTINUES, _SEVEN_BITS, _BITS = 0x80, 0x7F, 7


class DumpUnusable(Exception):
    """The file cannot be verified: one sentence that says why."""


def open_dump(file: Path, mode: str) -> IO[bytes]:
    """The file's bytes, compressed where its name ends in .gz. Raises ``OSError``."""
    if file.suffix == ".gz":
        return cast("IO[bytes]", gzip.open(file, mode, compresslevel=1))
    return cast("IO[bytes]", file.open(mode))


def write_frame(out: IO[bytes], frame: dump_pb2.DumpFrame) -> None:
    """Append a frame."""
    value = frame.SerializeToString()
    length, prefix = len(value), bytearray()
    while length >= _CONTINUES:
        prefix.append(length & _SEVEN_BITS | _CONTINUES)
        length >>= _BITS
    out.write(bytes([*prefix, length]))
    out.write(value)


def read_frames(stream: IO[bytes], file: Path) -> Iterator[dump_pb2.DumpFrame]:
    """All frames of a file. Raises :class:`DumpUnusable` where it is no dump, or is damaged."""
    if stream.read(len(FORMAT)) != FORMAT:
        raise DumpUnusable(f"{file} is no dump that this version reads.")
    while (length := _length(stream, file)) is not None:
        value = stream.read(length)
        if len(value) < length:
            raise DumpUnusable(f"{file} ends in the middle of a frame: dump it again.")
        try:
            yield dump_pb2.DumpFrame.FromString(value)
        except DecodeError:
            raise DumpUnusable(f"{file} has a frame that cannot be read: it is damaged.") from None


def _length(stream: IO[bytes], file: Path) -> int | None:
    """The next frame's length, None at the end of the file."""
    length = 0
    for place in range(_LENGTH_BYTES_MAX):
        byte = stream.read(1)
        if not byte and place == 0:
            return None
        if not byte:
            raise DumpUnusable(f"{file} ends in the middle of a frame: dump it again.")
        length |= (byte[0] & _SEVEN_BITS) << (_BITS * place)
        if byte[0] < _CONTINUES and length <= FRAME_BYTES_MAX:
            return length
    raise DumpUnusable(f"{file} has a frame of more than {FRAME_BYTES_MAX} bytes: it is damaged.")
