"""The facts of a request, which every topic of the line must repeat without a change."""

from hashlib import blake2b

from parley.billing.v1 import ledger_pb2
from parley.message.v1 import facts_pb2

DIGEST_BYTES = 8
IN_LEDGER = (
    "account_id",
    "phone_number_id",
    "user_ref",
    "destination_prefix",
    "category",
    "form",
    "accepted_at_ms",
)
"""The facts that an entry repeats, under the same names."""


def digest(facts: facts_pb2.SendFacts) -> str:
    """A short digest of the facts: equal digests mean that nothing was changed on the way."""
    return digest_of(facts.SerializeToString(deterministic=True))


def ledger_digest(facts: facts_pb2.SendFacts | ledger_pb2.LedgerEntry) -> str:
    """A short digest of the facts that an entry repeats, from the facts or from the entry."""
    return digest_of("/".join(str(getattr(facts, name)) for name in IN_LEDGER).encode())


def digest_of(value: bytes) -> str:
    """A short digest."""
    return blake2b(value, digest_size=DIGEST_BYTES).hexdigest()
