"""How easily a text is read: Flesch's reading ease, for Dutch as Douma changed it. Pure.

It counts words and syllables and knows nothing else, so it is advice: a text may score well and be unclear.
"""

from __future__ import annotations

import re

from oplever.words import Language

EASY = 70.0
"""From here on a text is easily read by somebody of twelve years; 0 to 100, more is easier."""

_WORD = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
_SENTENCE = re.compile(r"[.!?:]+(?=\s|$)")
_ADDRESS = re.compile(r"\S*(?:://|\{)\S*")
_VOWELS = {
    # Letters that are one sound together, then any vowel by itself.
    "nl": re.compile(r"aai|ooi|oei|eeu|ieu|aa|ee|oo|uu|ie|oe|eu|ui|ij|ei|ou|au|[aeiouyäëïöüéèê]"),
    "en": re.compile(r"[aeiouy]+"),
}


def syllables(word: str, language: Language) -> int:
    """At least one. An English `e` at the end is silent, but not that of `table`."""
    word = word.casefold()
    if language == "en" and len(word) > 2 and word.endswith("e") and not word.endswith("le"):
        word = word[:-1]
    return max(1, len(_VOWELS[language].findall(word)))


def score(texts: list[str], language: Language) -> float | None:
    """The reading ease of sentences, 0 to 100; None when they have no words. Addresses and values are no words."""
    plain = [_ADDRESS.sub("", text) for text in texts]
    words = [word for text in plain for word in _WORD.findall(text)]
    if not words:
        return None
    sentences = sum(max(1, len(_SENTENCE.findall(text))) for text in plain if _WORD.search(text))
    density, length = sum(syllables(word, language) for word in words) / len(words), len(words) / sentences
    ease = 206.84 - 77 * density - 0.93 * length if language == "nl" else 206.835 - 84.6 * density - 1.015 * length
    return round(min(100.0, max(0.0, ease)), 1)
