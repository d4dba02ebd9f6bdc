"""Titles of the Cloud API's error codes, as `failed` statuses show them (reference: Meta's error codes)."""

ERROR_CODES_URL = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"
"""`href` of every error."""

FALLBACK = "Something went wrong"
"""Title of a code that is not in the table."""

TITLES = {
    100: "Invalid parameter",
    368: "Temporarily blocked for policies violations",
    130429: "Rate limit hit",
    130472: "User's number is part of an experiment",
    130497: "Business account is restricted from messaging users in this country",
    131000: "Something went wrong",
    131008: "Required parameter is missing",
    131009: "Parameter value is not valid",
    131016: "Service unavailable",
    131021: "Recipient cannot be sender",
    131026: "Message undeliverable",
    131031: "Account has been locked",
    131042: "Business eligibility payment issue",
    131047: "Re-engagement message",
    131048: "Spam rate limit hit",
    131049: "Not delivered to maintain healthy ecosystem engagement",
    131050: "User has stopped receiving marketing messages",
    131051: "Unsupported message type",
    131053: "Media upload error",
    131056: "(Business, consumer) pair rate limit hit",
    131062: "BSUID recipient not supported",
    132000: "Template param count mismatch",
    132001: "Template does not exist",
    132015: "Template is paused",
    132016: "Template is disabled",
}


def title_of(code: int) -> str:
    """The title that Meta gives a code."""
    return TITLES.get(code, FALLBACK)
