"""Phones of IPA strings, matched onto the symbols that a model was trained with."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

SILENCE = "_"
NO_STRESS, PRIMARY_STRESS, SECONDARY_STRESS = 0, 1, 2
INSIDE_WORD, WORD_START, PAUSE = 0, 1, 2

STRESS_MARKS = {"ˈ": PRIMARY_STRESS, "ˌ": SECONDARY_STRESS}
TIE_BAR = "\u0361"

_VOWEL_LETTERS = "aeiouyøœɶɯɤɨʉɑɒæʌɔɛɜɪʊʏəɐᵻɚɝɘɵɞ"
_VOWELS = frozenset(_VOWEL_LETTERS)
_SYLLABIC = "\u0329"

# Pauses that a reader makes. Lesser marks become one of the four.
PUNCTUATION = {
    ",": ",", ";": ",", ":": ",", "—": ",", "–": ",", "…": ".",
    ".": ".", "?": "?", "!": "!", "¿": ",", "¡": ",", "。": ".", "、": ",", "؟": "?", "।": ".",
}  # fmt: skip

# Other spellings of sounds that the symbols have.
_ALIASES = {
    "g": "ɡ", "ʧ": "tʃ", "ʤ": "dʒ", "ʦ": "ts", "ɝ": "ɜː", "ɵ": "ə", "ɘ": "ə", "ɞ": "ɜː", "ʏ": "y", "ɶ": "œ",
    "ɱ": "m", "ɴ": "ŋ", "ʍ": "w", "ɹ̩": "ɚ", "ɻ": "ɹ", "ɺ": "ɾ", "ɽ": "ɾ", "ʌ": "ɐ", "ᵻ": "ɪ", "l̩": "əl", "m̩": "m",
}  # fmt: skip


def is_vowel(phone: str) -> bool:
    """Whether a phone can carry stress: a vowel, or a consonant marked as syllabic."""
    return phone[:1] in _VOWELS or _SYLLABIC in phone


@lru_cache(maxsize=8192)
def match_phones(ipa: str, symbols: tuple[str, ...]) -> tuple[str, ...]:
    """Spell one IPA string, without stress marks, in the symbols of a model.

    The longest symbol wins at every position; a letter without a symbol is replaced by a near one, or
    dropped with a warning in the log.

    Args:
        ipa: Phones without spaces. A tie bar joins two letters.
        symbols: The model's symbols, index 0 silence.

    Returns:
        Symbols, each one a member of `symbols`.
    """
    ipa = unicodedata.normalize("NFC", ipa).replace(TIE_BAR, "")
    known = _known(symbols)
    longest = max((len(symbol) for symbol in known), default=1)
    found: list[str] = []
    position = 0
    while position < len(ipa):
        for length in range(min(longest, len(ipa) - position), 0, -1):
            piece = ipa[position : position + length]
            if piece in known:
                found.append(piece)
                break
            alias = _ALIASES.get(piece)
            if alias is not None and alias in known:
                found.append(alias)
                break
        else:
            length = 1
            base = unicodedata.normalize("NFD", ipa[position])[0]  # without its accent
            if base in known:
                found.append(base)
            else:
                _warn_dropped(ipa[position], ipa)
        position += length
    return tuple(found)


@lru_cache(maxsize=16)
def _known(symbols: tuple[str, ...]) -> frozenset[str]:
    return frozenset(symbols) - {SILENCE, *PUNCTUATION}


def _warn_dropped(letter: str, ipa: str) -> None:
    """Say it once a letter."""
    if letter not in _warned:
        _warned.add(letter)
        import logging  # noqa: PLC0415 (English words have only phones of the lexicon)

        name = unicodedata.name(letter, "unnamed")
        message = "no symbol for U+%04X %s in phone %r; dropped"
        logging.getLogger(__name__).warning(message, ord(letter), name, ipa)


_warned: set[str] = set()


def parse_word(word: str, symbols: tuple[str, ...]) -> list[tuple[str, int]]:
    """Split one word of espeak-ng or of a user into phones with their stress.

    Args:
        word: IPA; `_` separates phones where they are known, stress marks stand before the vowel or
            before its syllable.
        symbols: The model's symbols.

    Returns:
        (symbol, stress) pairs; the stress sits on vowels alone.
    """
    pairs: list[tuple[str, int]] = []
    stress = NO_STRESS
    for part in re.split(r"_|(?=[ˈˌ])|(?<=[ˈˌ])", word):
        if part in STRESS_MARKS:
            stress = STRESS_MARKS[part]
            continue
        for phone in match_phones(part, symbols):
            if stress and is_vowel(phone):
                pairs.append((phone, stress))
                stress = NO_STRESS
            else:
                pairs.append((phone, NO_STRESS))
    return pairs


def separate_user_phones(text: str) -> str:
    """Bring phones written by hand to the spelling of espeak-ng's.

    `t` and `s` stay apart unless a tie bar joins them, ASCII stand-ins for the stress and length marks
    are accepted, and so is `g` for `ɡ`.
    """
    text = unicodedata.normalize("NFC", text)
    text = re.sub(r"(?<=[^\W\d_]):(?=\S)", "ː", text)
    text = re.sub(r"(?<!\S)'(?=\w)|(?<=\w)'(?=\w)", "ˈ", text)
    text = re.sub(r"t(?=s)", "t_", text)
    text = re.sub(rf"ə(?=l[ˈˌ]?[{_VOWEL_LETTERS}])", "ə_", text)  # hello, against bottle
    return re.sub(r"[\[\]/()]", " ", text)


def symbol_ids(phones: Sequence[str], symbols: tuple[str, ...]) -> list[int]:
    """Positions of phones in the symbols of a model."""
    table = _table(symbols)
    return [table[phone] for phone in phones]


@lru_cache(maxsize=16)
def _table(symbols: tuple[str, ...]) -> dict[str, int]:
    return {symbol: index for index, symbol in enumerate(symbols)}
