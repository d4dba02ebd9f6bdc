"""The CSV tables of a plan: the rate card and the number prefixes of its markets."""

from collections.abc import Iterator
from csv import DictReader
from csv import Error as CsvError
from difflib import get_close_matches
from pathlib import Path

from parley.message.v1 import facts_pb2
from parley.plan.v1 import plan_pb2
from services.identity.destination import shipped_prefixes
from services.rate_and_bill.amounts import MICROS, AmountInvalid, micros_of
from services.rate_and_bill.plan_errors import PlanInvalid, at_line
from services.rate_and_bill.rules import OTHER_MARKET
from services.rate_and_bill.words import CATEGORIES

ROWS_MAX = 5_000
RATE_MICROS_MAX = 1_000 * MICROS
"""The dearest message a card may name, so that a slip of the point is seen and no sum overflows."""

Row = tuple[int, dict[str, str]]
"""Line number and cells by column."""


def read_markets(file: Path) -> list[plan_pb2.MarketPrefix]:
    """Number prefixes with their market. Columns ``prefix`` and ``market``; others are for people.

    Raises :class:`PlanInvalid`. Usage names only prefixes of the shipped table, so no other may stand here.
    """
    shipped = shipped_prefixes()
    markets: dict[str, str] = {}
    for line, row in _rows(file, ("prefix", "market")):
        prefix, market = row["prefix"], row["market"]
        if prefix not in shipped:
            raise PlanInvalid(
                file, at_line(line), f"prefix {prefix!r} is not in the shipped table: leave it out"
            )
        if not market:
            raise PlanInvalid(file, at_line(line), f"prefix {prefix} has no market: name one")
        if markets.setdefault(prefix, market) != market:
            raise PlanInvalid(
                file, at_line(line), f"prefix {prefix} is in {markets[prefix]} and in {market}: keep one"
            )
    if not markets:
        raise PlanInvalid(file, "", "there is no prefix in it: add a line prefix,market for each")
    return [plan_pb2.MarketPrefix(prefix=prefix, market=market) for prefix, market in sorted(markets.items())]


def read_card(file: Path, currency: str, markets: set[str]) -> list[plan_pb2.Rate]:
    """Rates of a card, in order of market and category.

    Columns ``market``, ``rate_usd`` (by the plan's currency) and, unless one rate holds for all categories,
    ``category``. ``markets`` are those of the prefix table; the card may add ``Other``. Raises
    :class:`PlanInvalid`.
    """
    rate_column = f"rate_{currency.lower()}"
    rates: dict[tuple[str, facts_pb2.Category], int] = {}
    for line, row in _rows(file, ("market", rate_column)):
        market = row["market"]
        if market not in markets and market != OTHER_MARKET:
            raise PlanInvalid(file, at_line(line), _unknown_market(market, markets))
        micros = _rate(file, line, row[rate_column])
        for category in _categories(file, line, row):
            if (market, category) in rates:
                raise PlanInvalid(file, at_line(line), f"{market} already has such a rate: keep one")
            rates[market, category] = micros
    return [
        plan_pb2.Rate(market=market, category=category, micros=micros)
        for (market, category), micros in sorted(rates.items())
    ]


def _rows(file: Path, columns: tuple[str, ...]) -> Iterator[Row]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            table = DictReader(lines, strict=True)
            for column in columns:
                if column not in (table.fieldnames or ()):
                    raise PlanInvalid(
                        file, at_line(1), f"the column {column} is missing: the first line names the columns"
                    )
            for count, row in enumerate(table, start=1):
                yield table.line_num, _cells(file, table.line_num, count, row)
    except OSError as error:
        raise PlanInvalid(file, "", f"cannot be read ({error.strerror}): correct the plan's path") from None
    except (UnicodeDecodeError, CsvError) as error:
        raise PlanInvalid(file, "", f"is no CSV text in UTF-8 ({error}): save it as such") from None


def _cells(file: Path, line: int, count: int, row: dict[str, str]) -> dict[str, str]:
    if count > ROWS_MAX:
        raise PlanInvalid(file, at_line(line), f"there are more than {ROWS_MAX} rows: split the plan")
    if None in row or None in row.values():
        raise PlanInvalid(file, at_line(line), "the line has not as many cells as there are columns: mend it")
    return row


def _rate(file: Path, line: int, text: str) -> int:
    try:
        micros = micros_of(text)
    except AmountInvalid as error:
        raise PlanInvalid(file, at_line(line), str(error)) from None
    if micros > RATE_MICROS_MAX:
        raise PlanInvalid(file, at_line(line), f"{text} is above {RATE_MICROS_MAX // MICROS}: mend it")
    return micros


def _categories(file: Path, line: int, row: dict[str, str]) -> list[facts_pb2.Category]:
    if "category" not in row:
        return list(CATEGORIES.values())
    word = row["category"]
    if word not in CATEGORIES:
        raise PlanInvalid(file, at_line(line), f"category {word!r} is none of {', '.join(CATEGORIES)}")
    return [CATEGORIES[word]]


def _unknown_market(market: str, markets: set[str]) -> str:
    near = get_close_matches(market, [*markets, OTHER_MARKET], n=1)
    advice = f"did you mean {near[0]!r}?" if near else "use a name from the table of prefixes"
    return f"no number prefix belongs to the market {market!r}: {advice}"
