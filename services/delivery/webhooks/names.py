"""What updates need of identity: the customer's id towards a business, and whose message an id names."""

from functools import lru_cache

from services.delivery.webhooks.updates import Updates
from services.identity.message_id import Kind, UnknownMessageId, open_message_id
from services.identity.platform_key import PlatformKey
from services.identity.references import business_scoped_user_id

USER_IDS_KEPT_MAX = 100_000


def updates_of(platform_key: PlatformKey) -> Updates:
    """Updates with this platform's ids."""

    @lru_cache(maxsize=USER_IDS_KEPT_MAX)
    def user_id(business_id: str, number: str) -> str:
        return business_scoped_user_id(platform_key, business_id, number)

    def is_ours(message_id: str) -> bool:
        try:
            return open_message_id(platform_key, message_id).kind is Kind.OUTBOUND
        except UnknownMessageId:
            return True

    return Updates(user_id, is_ours)
