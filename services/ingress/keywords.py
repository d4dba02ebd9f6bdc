"""The words by which a customer stops a business, or lets it write again.

The whole message must be the word: "stop, o Zé não vem" is no opt-out. Case, and space and punctuation
around the word, do not matter.
"""

from string import punctuation
from unicodedata import category, normalize

from parley.intake.v1.intake_pb2 import KEYWORD_START, KEYWORD_STOP, KEYWORD_UNSPECIFIED, Keyword

STOP_WORDS = {
    "stop": "en",
    "stopall": "en",
    "unsubscribe": "en",
    "cancel": "en",
    "end": "en",
    "quit": "en",
    "revoke": "en",
    "opt out": "en",
    "parar": "pt",
    "sair": "pt",
    "baja": "es",
    "alto": "es",
    "arret": "fr",
    "arrêt": "fr",
    "stopp": "de",
    "abmelden": "de",
    "berhenti": "id",
    "रोकें": "hi",
    "توقف": "ar",
}
"""Language (ISO 639-1) of each word that ends consent."""

START_WORDS = {
    "start": "en",
    "unstop": "en",
    "subscribe": "en",
    "alta": "es",
    "iniciar": "es",
    "mulai": "id",
}
"""Language (ISO 639-1) of each word that restores consent."""

_AROUND = frozenset("CZP")
"""Unicode's major categories of what is ignored around a word: invisible, space, punctuation."""


def keyword_of(text: str) -> tuple[Keyword, str]:
    """What a whole message means for consent, and the word's language; unspecified and "" for any other."""
    word = _bare(text)
    if language := _STOP.get(word):
        return KEYWORD_STOP, language
    if language := _START.get(word):
        return KEYWORD_START, language
    return KEYWORD_UNSPECIFIED, ""


def _bare(text: str) -> str:
    start, end = 0, len(text)
    while start < end and _is_around(text[start]):
        start += 1
    while start < end and _is_around(text[end - 1]):
        end -= 1
    if end - start > _LONGEST:
        return ""
    return " ".join(normalize("NFKC", text[start:end]).casefold().split())


def _is_around(character: str) -> bool:
    return character in punctuation or category(character)[0] in _AROUND


_STOP = {normalize("NFKC", word).casefold(): language for word, language in STOP_WORDS.items()}
_START = {normalize("NFKC", word).casefold(): language for word, language in START_WORDS.items()}
_LONGEST = 64
"""Characters of the longest text that is looked up, far above the longest word in any normal form."""
