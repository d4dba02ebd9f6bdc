"""What a customer is called where no phone number may stand."""

from services.identity.country import country_of
from services.identity.platform_key import PlatformKey, encode

USER_REF_VERSION = "u1"
USER_REF_BYTES = 16


def user_ref(key: PlatformKey, number: str) -> str:
    """The versioned keyed hash of a canonical number, such as ``u1_q83vEjRWeJCrze8SNFZ4kA``."""
    return f"{USER_REF_VERSION}_{encode(key.digest(b'user-ref', number.encode())[:USER_REF_BYTES])}"


def business_scoped_user_id(key: PlatformKey, business_id: str, number: str) -> str:
    """The Cloud API's ``user_id``: country code, a dot, 20 digits; another for each business."""
    digest = key.digest(b"business-scoped-user-id", business_id.encode(), number.encode())
    return f"{country_of(number)}.{int.from_bytes(digest[:16]) % 10**20:020d}"
