"""Price categories as plan files, webhooks and people write them."""

from parley.message.v1 import facts_pb2

CATEGORY_WORDS: dict[facts_pb2.Category, str] = {
    facts_pb2.CATEGORY_SERVICE: "service",
    facts_pb2.CATEGORY_UTILITY: "utility",
    facts_pb2.CATEGORY_MARKETING: "marketing",
    facts_pb2.CATEGORY_AUTHENTICATION: "authentication",
}
CATEGORIES: dict[str, facts_pb2.Category] = {word: category for category, word in CATEGORY_WORDS.items()}
