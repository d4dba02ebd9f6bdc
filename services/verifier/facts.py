"""The facts of a request, which every topic of the line must repeat without a change."""

from hashlib import blake2b

from parley.message.v1 import facts_pb2

DIGEST_BYTES = 8


def digest(facts: facts_pb2.SendFacts) -> str:
    """A short digest of the facts: equal digests mean that nothing was changed on the way."""
    return blake2b(facts.SerializeToString(deterministic=True), digest_size=DIGEST_BYTES).hexdigest()
