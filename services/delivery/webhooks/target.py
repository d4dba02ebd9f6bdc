"""A webhook URL, taken apart once."""

from dataclasses import dataclass
from urllib.parse import urlsplit

URL_CHARACTERS_MAX = 2_048
PORT_MAX = 65_535
_DEFAULT_PORTS = {"https": 443, "http": 80}


class BadUrl(ValueError):
    """The URL cannot be a webhook endpoint; one sentence that says why."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a webhook goes."""

    host: str
    """Name or address, without the brackets of IPv6."""
    port: int
    tls: bool
    authority: str
    """Value of the Host header."""
    path: str
    """Path and query as they go into the request line."""


def parse_target(url: str, allow_http: bool) -> Target:
    """Take a URL apart. Plain HTTP passes only where `allow_http` is given. Raises BadUrl."""
    if len(url) > URL_CHARACTERS_MAX:
        raise BadUrl(f"a webhook URL has at most {URL_CHARACTERS_MAX} characters, this one {len(url)}")
    if not url.isascii() or not url.isprintable() or " " in url:
        raise BadUrl(f"{url!r} is no URL: write other characters percent-encoded, names in punycode")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise BadUrl(f"{url!r} is no URL: {error}") from None
    if parts.scheme not in _DEFAULT_PORTS:
        raise BadUrl(f"{url!r} must begin with https://")
    if parts.scheme == "http" and not allow_http:
        raise BadUrl(f"{url!r} must begin with https://: what customers write is not sent in the clear")
    if not parts.hostname:
        raise BadUrl(f"{url!r} names no host")
    if parts.username is not None or parts.password is not None:
        raise BadUrl("a webhook URL carries no user or password: the signature shows who sends")
    path = parts.path or "/"
    return Target(
        host=parts.hostname,
        port=port or _DEFAULT_PORTS[parts.scheme],
        tls=parts.scheme == "https",
        authority=parts.netloc,
        path=f"{path}?{parts.query}" if parts.query else path,
    )
