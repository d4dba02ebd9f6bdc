"""How often Python looks for garbage."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

SELDOM = (100_000, 20, 100)
"""A verification makes many small objects and no cycles: looking for them took a third of its time."""


@contextmanager
def collecting_seldom() -> Iterator[None]:
    """Meanwhile the collector of cycles runs seldom, in the whole process."""
    usual = gc.get_threshold()
    gc.set_threshold(*SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
