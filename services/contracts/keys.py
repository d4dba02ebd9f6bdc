"""Record keys, written in one place."""


def conversation_key(business_id: str, user_ref: str) -> bytes:
    """Key of intake, screened, dispatch, inbox, consents, windows and statuses: ``business_id:user_ref``."""
    return f"{business_id}:{user_ref}".encode()


def split_conversation(key: bytes) -> tuple[str, str]:
    """``business_id`` and ``user_ref`` of a conversation key. Raises ``ValueError`` when it is none."""
    business_id, separator, user_ref = key.decode().partition(":")
    if not (business_id and separator and user_ref):
        raise ValueError(f"{key!r} is not a conversation key business_id:user_ref")
    return business_id, user_ref


def business_key(business_id: str) -> bytes:
    """Key of usage and ledger."""
    return business_id.encode()


def customer_message_key(user_ref: str, message_id: str) -> bytes:
    """Key of outbox: ``user_ref/message_id``, placed by the user_ref."""
    return f"{user_ref}/{message_id}".encode()
