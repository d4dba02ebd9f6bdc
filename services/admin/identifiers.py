"""Ids as the Cloud API has them: 15 digits, without meaning."""

from collections.abc import Callable
from secrets import randbelow

FIRST, LAST = 10**14, 10**15 - 1
FICTIONAL_NUMBERS = "1555"
"""US numbers with area code 555 belong to nobody."""
FICTIONAL_DIGITS = 7
ATTEMPTS_MAX = 100

RandomBelow = Callable[[int], int]


def new_id(is_taken: Callable[[str], bool], random_below: RandomBelow = randbelow) -> str:
    """An id that nothing has yet."""
    return _free(lambda: str(FIRST + random_below(LAST - FIRST + 1)), is_taken)


def new_fictional_number(is_taken: Callable[[str], bool], random_below: RandomBelow = randbelow) -> str:
    """A number for a business that has none to give, such as ``15550783881``."""
    return _free(
        lambda: FICTIONAL_NUMBERS + str(random_below(10**FICTIONAL_DIGITS)).zfill(FICTIONAL_DIGITS), is_taken
    )


def _free(make: Callable[[], str], is_taken: Callable[[str], bool]) -> str:
    for _ in range(ATTEMPTS_MAX):
        made = make()
        if not is_taken(made):
            return made
    raise RuntimeError(f"{ATTEMPTS_MAX} random ids in a row were taken")
