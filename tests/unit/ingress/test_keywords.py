"""STOP and START words: the whole message, whatever the case, surrounding space and punctuation."""

from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.intake.v1.intake_pb2 import KEYWORD_START, KEYWORD_STOP, KEYWORD_UNSPECIFIED
from services.ingress.keywords import START_WORDS, STOP_WORDS, keyword_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("stop", "en"),
        ("STOP", "en"),
        ("  Stop!!! \n", "en"),
        ('"stop".', "en"),
        ("¡¿Stop?!", "en"),
        ("*STOP*", "en"),
        ("\u202astop\u202c", "en"),
        ("\uff33\uff34\uff2f\uff30", "en"),
        ("StopAll", "en"),
        ("opt out", "en"),
        ("OPT   OUT.", "en"),
        ("parar", "pt"),
        ("Sair.", "pt"),
        ("BAJA", "es"),
        ("alto", "es"),
        ("arret", "fr"),
        ("ARRÊT", "fr"),
        (normalize("NFD", "Arrêt"), "fr"),
        ("Stopp", "de"),
        ("abmelden", "de"),
        ("Berhenti", "id"),
        ("रोकें", "hi"),
        (normalize("NFD", "रोकें।"), "hi"),
        ("توقف", "ar"),
        ("توقف؟", "ar"),
    ],
)
def test_stop_words(text: str, language: str) -> None:
    assert keyword_of(text) == (KEYWORD_STOP, language)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("START", "en"),
        ("unstop", "en"),
        ("Subscribe.", "en"),
        ("alta", "es"),
        ("Iniciar", "es"),
        ("mulai", "id"),
    ],
)
def test_start_words(text: str, language: str) -> None:
    assert keyword_of(text) == (KEYWORD_START, language)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "...",
        "stop it",
        "stop, o Zé não vem",
        "Stop. Thank you",
        "please stop",
        "s top",
        "optout",
        "opt-out",
        "nonstop",
        "stop " * 500,
        "don't stop",
        "start now",
        "\ud83d",
    ],
)
def test_other_messages_mean_nothing_for_consent(text: str) -> None:
    assert keyword_of(text) == (KEYWORD_UNSPECIFIED, "")


def test_no_word_both_stops_and_starts() -> None:
    assert not STOP_WORDS.keys() & START_WORDS.keys()


_AROUND = st.text(alphabet=" \t\n.,!?;:'\"()-\u2013…¡¿।؟\u200f\u00a0", max_size=8)


@given(_AROUND, st.sampled_from(sorted(STOP_WORDS)), _AROUND, st.sampled_from(["upper", "lower", "title"]))
def test_what_is_around_a_word_and_its_case_do_not_matter(
    before: str, word: str, after: str, case: str
) -> None:
    assert keyword_of(before + getattr(word, case)() + after) == (KEYWORD_STOP, STOP_WORDS[word])
