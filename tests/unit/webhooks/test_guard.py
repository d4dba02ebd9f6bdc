"""Where a webhook may go, and what a URL must look like."""

import pytest

from services.delivery.webhooks.address_guard import is_public
from services.delivery.webhooks.target import BadUrl, Target, parse_target

PRIVATE = [
    "0.0.0.0",  # noqa: S104
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.127.255.254",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:0:127.0.0.1",
    "64:ff9b::10.0.0.1",
    "64:ff9b:1::8.8.8.8",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:a00:1::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]
PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "100.63.255.255",
    "100.128.0.1",
    "172.15.255.255",
    "172.32.0.1",
    "192.167.1.1",
    "198.17.0.1",
    "223.255.255.254",
    "2606:4700:4700::1111",
    "2a00:1450:4001::1",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
    "2002:808:808::1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_private(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("text", ["", "localhost", "0x7f.1", "2130706433", "127.1"])
def test_what_is_no_address_is_not_public(text: str) -> None:
    assert not is_public(text)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://shop.example", Target("shop.example", 443, True, "shop.example", "/")),
        (
            "https://shop.example/hook?a=b%20c",
            Target("shop.example", 443, True, "shop.example", "/hook?a=b%20c"),
        ),
        ("https://shop.example:8443/#part", Target("shop.example", 8443, True, "shop.example:8443", "/")),
        ("https://[2606:4700::1]:9/x", Target("2606:4700::1", 9, True, "[2606:4700::1]:9", "/x")),
        ("http://127.0.0.1:8000/x", Target("127.0.0.1", 8000, False, "127.0.0.1:8000", "/x")),
    ],
)
def test_a_url_is_taken_apart(url: str, expected: Target) -> None:
    assert parse_target(url, allow_http=True) == expected


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://shop.example/hook", "not sent in the clear"),
        ("ftp://shop.example", "must begin with https"),
        ("shop.example/hook", "must begin with https"),
        ("", "must begin with https"),
        ("https://", "names no host"),
        ("https://user:secret@shop.example/", "no user or password"),
        ("https://shop.example:99999/", "is no URL"),
        ("https://[::1/", "is no URL"),
        ("https://shop.example/a b", "is no URL"),
        ("https://shop.example/\r\nX-Evil: 1", "is no URL"),
        ("https://shöp.example/", "is no URL"),
        ("https://shop.example/" + "x" * 2_048, "at most 2048"),
    ],
)
def test_a_url_that_cannot_be(url: str, says: str) -> None:
    with pytest.raises(BadUrl, match=says):
        parse_target(url, allow_http=False)
