"""The inventories of phones that models are trained with, and how a phone string is cut into symbols."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from muspeaker.text.symbols import NO_STRESS, PRIMARY_STRESS, PUNCTUATION, SECONDARY_STRESS, SILENCE

if TYPE_CHECKING:
    from collections.abc import Sequence

_CONSONANTS = (
    "p", "b", "t", "d", "k", "ɡ", "f", "v", "θ", "ð", "s", "z", "ʃ", "ʒ", "ʧ", "ʤ", "h",
    "m", "n", "ŋ", "l", "ɹ", "j", "w", "T",
)  # fmt: skip
_VOWELS = (
    "i", "u", "ɑ", "ɔ", "ɛ", "ɪ", "ʊ", "ʌ", "ə", "æ", "a", "ɒ", "ɜ", "ɐ", "ᵊ", "ᵻ",
    "A", "I", "O", "Q", "W", "Y", "iː", "uː", "ɑː", "ɔː", "ɜː", "ɛː",
)  # fmt: skip
_MANDARIN_CONSONANTS = (
    "pʰ", "tʰ", "kʰ", "ʦ", "ʦʰ", "ʨ", "ʨʰ", "ꭧ", "ꭧʰ", "ʂ", "ɕ", "x", "ɻ", "ɥ",
)  # fmt: skip
_MANDARIN_VOWELS = ("y", "ɤ", "e", "o", "ɚ", "ɨ")

# Phones of misaki, which are also those of Kokoro's speech: `T` is the tap of "water", capitals are the
# diphthongs of "day", "my", "go" (US `O`, GB `Q`), "now", "boy". A long vowel is one symbol. Silence and
# the four pauses come first, as in `config.SYMBOLS`. The phones that only Mandarin has come last.
MISAKI_SYMBOLS: tuple[str, ...] = (
    SILENCE, ",", ".", "?", "!",
    *_CONSONANTS, *_VOWELS, *_MANDARIN_CONSONANTS, *_MANDARIN_VOWELS,
)  # fmt: skip

# Stress and tone share one embedding, since no language here has both: 0 none, 1 primary, 2 secondary, then
# the four tones of Mandarin. The neutral tone is 0.
NUM_STRESSES = 7

STRESS_MARKS = {"ˈ": PRIMARY_STRESS, "ˌ": SECONDARY_STRESS}
VOWELS = frozenset(_VOWELS + _MANDARIN_VOWELS)

# Marks of misaki that are written but make no pause by themselves.
SILENT_MARKS = frozenset('"“”‘’«»')
PAUSE_MARKS = {**PUNCTUATION, "(": ",", ")": ","}

# Other characters for the same phones: those of misaki's lexicon, of its fallback and of keyboards.
_ALIASES = {"ɾ": "T", "ʔ": "t", "əː": "ɜː", "g": "ɡ", "r": "ɹ"}


# IPA as others write it, in misaki's phones of English.
_FROM_IPA = (
    ("\u0361", ""), ("t\u0283", "ʧ"), ("d\u0292", "ʤ"), ("eɪ", "A"), ("aɪ", "I"), ("oʊ", "O"), ("əʊ", "Q"), ("aʊ", "W"),
    ("ɔɪ", "Y"), ("ɚ", "əɹ"), ("ɝ", "ɜɹ"), (".", ""), ("l̩", "ᵊl"), ("n̩", "ᵊn"), ("m̩", "ᵊm"),
)  # fmt: skip


def by_hand(phones: str) -> str:
    """Phones that a user wrote, in misaki's or in the usual letters of the IPA, as misaki's."""
    for ipa, ours in _FROM_IPA:
        phones = phones.replace(ipa, ours)
    return phones


@lru_cache(maxsize=16)
def phone_set(symbols: tuple[str, ...]) -> str:
    """Name of the inventory that a model's symbols belong to: `misaki` or `espeak`.

    The symbols themselves say it: no inventory of espeak-ng's phones has a capital for a diphthong.
    """
    return "misaki" if {"A", "I", "W", "Y"} <= set(symbols) else "espeak"


_SPELLINGS = {s: s for s in MISAKI_SYMBOLS if s not in {SILENCE, *PUNCTUATION}} | _ALIASES
_SECOND_LETTERS = frozenset(s[1] for s in _SPELLINGS if len(s) > 1)


def spell(phones: str, position: int) -> tuple[str, int]:
    """The longest symbol that is spelled at a position.

    Returns:
        The symbol, and the position after its last character.

    Raises:
        ValueError: If the character there is no phone; the text names it.
    """
    for end in (position + 2, position + 1):
        symbol = _SPELLINGS.get(phones[position:end])
        if symbol:
            return symbol, min(end, len(phones))
    letter = phones[position]
    raise ValueError(f"{letter!r} (U+{ord(letter):04X}) in {phones!r} is no phone of misaki")


@dataclass(frozen=True)
class Phone:
    """One phone of a written phone string.

    Attributes:
        symbol: One of `MISAKI_SYMBOLS`.
        stress: 0 none, 1 primary, 2 secondary.
        start: Its first character, a stress mark right before it included.
        base: Its first character after that mark.
        end: Position after its last character.
    """

    symbol: str
    stress: int
    start: int
    base: int
    end: int


def parse_phones(word: str) -> list[Phone]:
    """Cut one word of misaki's phones into symbols.

    A mark's stress goes to the next vowel, and to the next phone if no vowel follows in the word.

    Raises:
        ValueError: If a character is neither a phone nor a stress mark.
    """
    return [Phone(*phone) for phone in _cut(word)]


def _cut(word: str) -> list[tuple[str, int, int, int, int]]:
    """The attributes of each phone of a word, as `parse_phones` says."""
    phones: list[tuple[str, int, int, int, int]] = []
    pending, after = NO_STRESS, 0  # a mark that no vowel followed yet, and the phone after it
    position = start = 0
    while position < len(word):
        letter, end = word[position], position + 1
        if letter in STRESS_MARKS:
            pending, after = STRESS_MARKS[letter], len(phones)
            position = end
            continue
        symbol = _SPELLINGS.get(letter)
        if symbol is None or word[end : end + 1] in _SECOND_LETTERS:
            symbol, end = spell(word, position)
        takes = symbol in VOWELS
        phones.append((symbol, pending if takes else NO_STRESS, start, position, end))
        pending = NO_STRESS if takes else pending
        position = start = end
    if pending and after < len(phones):
        phones[after] = (phones[after][0], pending, *phones[after][2:])
    return phones


@lru_cache(maxsize=4096)
def parse_word(word: str) -> tuple[tuple[str, int], ...]:
    """Symbols of one word with their stress, such as `(("ð", 0), ("O", 1))` for `ðˈO`.

    Raises:
        ValueError: If a character is neither a phone nor a stress mark.
    """
    return tuple([phone[:2] for phone in _cut(word)])


def spelled(pairs: Sequence[tuple[str, int]]) -> str:
    """The phone string of symbols with their stress: `parse_word` backwards."""
    marks = {stress: mark for mark, stress in STRESS_MARKS.items()}
    return "".join(marks.get(stress, "") + symbol for symbol, stress in pairs)
