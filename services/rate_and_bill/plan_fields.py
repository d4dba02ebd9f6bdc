"""The fields of a plan file, each read with its check."""

import tomllib
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from re import Pattern

from parley.message.v1 import facts_pb2
from services.rate_and_bill.plan_errors import PlanInvalid
from services.rate_and_bill.words import CATEGORIES

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class PlanFields:
    """The fields of one TOML file. Each reading checks its field and raises :class:`PlanInvalid`."""

    def __init__(self, file: Path, required: tuple[str, ...], optional: tuple[str, ...]) -> None:
        self._file = file
        self._fields = _parse(file)
        for name in required:
            if name not in self._fields:
                raise self._wrong(name, "is missing: add it")
        for name in self._fields:
            if name not in required + optional:
                raise self._wrong(name, f"is no field of a plan: use {', '.join(required + optional)}")

    def __contains__(self, name: str) -> bool:
        return name in self._fields

    def text(self, name: str) -> str:
        """A text that is not empty."""
        value = self._fields[name]
        if not isinstance(value, str) or not value:
            raise self._wrong(name, f"must be a text in quotes, not {value!r}")
        return value

    def matching(self, name: str, shape: Pattern[str], words: str) -> str:
        """A text of a shape that ``words`` describe."""
        value = self.text(name)
        if shape.fullmatch(value) is None:
            raise self._wrong(name, f"must be {words}, not {value!r}")
        return value

    def one_of(self, name: str, allowed: tuple[str, ...]) -> str:
        """One of a few words."""
        value = self.text(name)
        if value not in allowed:
            raise self._wrong(name, f"must be {' or '.join(allowed)}, not {value!r}")
        return value

    def whole(self, name: str, most: int) -> int:
        """A whole number from 1 to ``most``; never a float."""
        value = self._fields[name]
        if type(value) is not int or not 1 <= value <= most:
            raise self._wrong(name, f"must be a whole number from 1 to {most}, not {value!r}")
        return value

    def categories(self, name: str) -> list[facts_pb2.Category]:
        """A list of price categories, each once."""
        words = self._fields[name]
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            raise self._wrong(name, f"must be a list such as ['service', 'utility'], not {words!r}")
        for word in words:
            if word not in CATEGORIES:
                raise self._wrong(name, f"{word!r} is none of {', '.join(CATEGORIES)}")
            if words.count(word) > 1:
                raise self._wrong(name, f"names {word} twice: keep one")
        return sorted(CATEGORIES[word] for word in words)

    def instant_ms(self, name: str) -> int:
        """A date, which begins at midnight UTC, or a time with its zone: Unix milliseconds."""
        value = self._fields[name]
        if isinstance(value, datetime):
            if value.tzinfo is None:
                raise self._wrong(name, "has no time zone: end it with Z, or write the date alone")
            instant = value
        elif isinstance(value, date):
            instant = datetime.combine(value, time(), UTC)
        else:
            raise self._wrong(name, f"must be a date such as 2018-08-01, without quotes, not {value!r}")
        if instant < _EPOCH:
            raise self._wrong(name, "lies before 1970: write a later date")
        return (instant - _EPOCH) // timedelta(milliseconds=1)

    def _wrong(self, name: str, what: str) -> PlanInvalid:
        return PlanInvalid(self._file, name, what)


def _parse(file: Path) -> dict[str, object]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise PlanInvalid(file, "", f"cannot be read ({error.strerror}): name a plan file") from None
    except UnicodeDecodeError:
        raise PlanInvalid(file, "", "is not UTF-8 text: save it as such") from None
    except tomllib.TOMLDecodeError as error:
        raise PlanInvalid(file, "", f"is not TOML: {error}") from None
