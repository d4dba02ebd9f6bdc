"""The signature of a webhook: `X-Hub-Signature-256`, over the very bytes that are sent."""

import hmac


def signature_256(app_secret: bytes, body: bytes) -> str:
    """``sha256=`` and the HMAC-SHA256 of the body under the account's app secret, lower-case hex."""
    return "sha256=" + hmac.digest(app_secret, body, "sha256").hex()
