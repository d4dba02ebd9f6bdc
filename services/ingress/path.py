"""The one resource, with and without version and trailing slash."""

import re

_VERSION = re.compile(r"v[0-9]{1,3}(\.[0-9]{1,3})?")
_SEGMENTS_MAX = 3


def phone_number_id_of(path: str) -> str | None:
    """The phone number id in ``/{version}/{id}/messages`` or ``/{id}/messages``; None for any other path."""
    if not path.startswith("/"):
        return None
    segments = path[1:].removesuffix("/").split("/", _SEGMENTS_MAX)
    if segments[-1] != "messages":
        return None
    if len(segments) == _SEGMENTS_MAX and _VERSION.fullmatch(segments[0]):
        phone_number_id = segments[1]
    elif len(segments) == _SEGMENTS_MAX - 1 and not _VERSION.fullmatch(segments[0]):
        phone_number_id = segments[0]
    else:
        return None
    return phone_number_id or None
