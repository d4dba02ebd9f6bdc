"""The country of a number, ISO 3166 alpha-2."""

from functools import lru_cache

import phonenumbers

UNKNOWN = "ZZ"


@lru_cache(maxsize=100_000)
def country_of(number: str) -> str:
    """The country of a canonical number; where it is not valid, the main country of its code; else ``ZZ``."""
    try:
        parsed = phonenumbers.parse("+" + number)
    except phonenumbers.NumberParseException:
        return UNKNOWN
    region = phonenumbers.region_code_for_number(parsed)
    if region is None:
        region = phonenumbers.region_code_for_country_code(parsed.country_code or 0)
    return region if len(region) == len(UNKNOWN) and region.isalpha() else UNKNOWN
