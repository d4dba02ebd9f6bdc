"""Which trace context a request gets."""

import re

import pytest

from services.ingress.trace import Tracer

GOOD = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.mark.parametrize("received", [GOOD, GOOD[:-1] + "0"])
def test_a_good_context_is_passed_on(received: str) -> None:
    assert Tracer(0).traceparent(received) == received.encode()


@pytest.mark.parametrize("received", ["cc" + GOOD[2:], "01" + GOOD[2:] + "-what-comes"])
def test_a_later_version_is_read_as_ours(received: str) -> None:
    assert Tracer(0).traceparent(received) == GOOD.encode()


@pytest.mark.parametrize(
    "received",
    [
        None,
        "",
        "nonsense",
        GOOD.upper(),
        GOOD[:-1],
        GOOD + "0",
        GOOD + "-more",
        "ff" + GOOD[2:],
        "00-" + "0" * 32 + GOOD[35:],
        GOOD[:36] + "0" * 16 + "-01",
        GOOD + "\n",
        "é" * 55,
    ],
)
def test_any_other_gets_a_new_one(received: str | None) -> None:
    made = Tracer(0).traceparent(received).decode()
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-00", made)
    assert received is None or made[3:35] not in received


@pytest.mark.parametrize(
    ("share", "random", "sampled"),
    [(0, b"\x00\x00", b"00"), (1, b"\xff\xff", b"01"), (0.5, b"\x7f\xff", b"01"), (0.5, b"\x80\x00", b"00")],
)
def test_the_share_that_is_sampled(share: float, random: bytes, sampled: bytes) -> None:
    made = Tracer(share, lambda count: b"\x01" * (count - 2) + random).traceparent(None)
    assert made.endswith(b"-" + sampled)
