"""Words whose sound depends on their neighbours: articles, `to`, `in`, `am`, `used`, a few signs, and a British final r."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from muspeaker.text.english.stress import SECONDARY
from muspeaker.text.lexicon import reading
from muspeaker.text.lexicon_file import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from muspeaker.text.lexicon import Lexicon

SIGNS = {"%": "percent", "&": "and", "+": "plus", "@": "at", "vs": "versus"}

_VOWELS = frozenset("AIOQWYaiuæɑɒɔəɛɜɪʊʌᵻ")
_CONSONANTS = frozenset("bdfhjklmnpstvwzðŋɡɹɾTʃʒʤʧθ")


class Context(NamedTuple):
    """What follows a word.

    Attributes:
        vowel_follows: Whether the next sound is a vowel; None before a pause.
        to_follows: Whether the next word is `to`.
        article_follows: Whether the next sound is that of `a`, which does not count as a vowel for `the` and `to`:
            the teacher's reader does not count it either.
    """

    vowel_follows: bool | None = None
    to_follows: bool = False
    article_follows: bool = False

    def before(self, word: str, tag: str, phones: str) -> Context:
        """The context of the word in front of this one."""
        vowel = self.vowel_follows
        for phone in phones:
            if phone in _VOWELS:
                vowel = True
                break
            if phone in _CONSONANTS:
                vowel = False
                break
        is_to = word in {"to", "To"} or (word == "TO" and tag in {"TO", "IN"})
        return Context(vowel, is_to, phones.startswith("ɐ"))


def weak_form(word: str, tag: str, context: Context, lexicon: Lexicon) -> str | None:
    """The phones of one of these words where it stands, or None for all others.

    Args:
        word: As written.
        tag: Its part of speech.
        context: What follows.
        lexicon: The lexicon of the accent.
    """
    low = word.lower()
    rule = _RULES.get(low)
    if rule is None or word not in {low, low.capitalize(), low.upper()}:
        return None
    return rule(word, tag, context, lexicon)


def with_linking_r(word: str, phones: str, context: Context) -> str:
    """The phones of a British word, with the `r` that it is written with where a vowel follows: `there are a few`.

    Args:
        word: As written.
        phones: Its phones.
        context: What follows.
    """
    is_written = word.lower().endswith("r") or (
        word.lower().endswith("re") and not phones.endswith("ɹə")  # genre
    )
    is_silent = phones.endswith(("ə", "ɑː", "ɔː", "ɜː", "ɛː"))
    is_before_vowel = context.vowel_follows or context.article_follows
    return f"{phones}ɹ" if is_written and is_silent and is_before_vowel else phones


def with_letters(words: Sequence[str], tags: Sequence[str]) -> list[str]:
    """The tags, with that of a noun for an `A` that is a letter: `the A three twenty`, `a is less than b`.

    Args:
        words: Words and marks of a sentence.
        tags: Their parts of speech.
    """
    found = list(tags)
    for index, word in enumerate(words):
        if word not in {"A", "a"} or found[index] != "DT":
            continue
        after = words[index + 1] if index + 1 < len(words) else ""
        before = words[index - 1] if index else ""
        is_inside = before[:1].isalnum() and not (after.istitle() and len(after) > 1)
        if after in _AFTER_A_LETTER or (word == "A" and is_inside):
            found[index] = "NN"
    return found


_AFTER_A_LETTER = frozenset(("is", "equals", "squared", "cubed"))


def _full(word: str, lexicon: Lexicon) -> str | None:
    entry = lexicon.find(word)
    return entry.readings[DEFAULT] if entry else None


def _article_a(word: str, tag: str, context: Context, lexicon: Lexicon) -> str | None:
    del lexicon
    if word == "A" and context.vowel_follows is None:
        return "ˈA"  # the letter, as in Q and A
    return "ɐ" if tag == "DT" else "ˈA"


def _article_an(word: str, tag: str, context: Context, lexicon: Lexicon) -> str | None:
    del context, lexicon
    return None if word == "AN" and tag.startswith("NN") else "ɐn"


def _am(word: str, tag: str, context: Context, lexicon: Lexicon) -> str | None:
    if tag.startswith("NN"):
        return None
    is_weak = context.vowel_follows is not None and word == "am"
    return "ɐm" if is_weak else _full("am", lexicon)


def _pronoun_i(word: str, tag: str, context: Context, lexicon: Lexicon) -> str | None:
    del context, lexicon
    return f"{SECONDARY}I" if word == "I" and tag == "PRP" else None


def _by(word: str, tag: str, context: Context, lexicon: Lexicon) -> str | None:
    del word, context, lexicon
    return "bˈI" if tag.startswith("RB") else None


def _to(word: str, tag: str, context: Context, lexicon: Lexicon) -> str | None:
    if word == "TO" and tag not in {"TO", "IN"}:
        return None
    if context.vowel_follows is None:
        return _full("to", lexicon)
    return "tʊ" if context.vowel_follows else "tə"


def _in(word: str, tag: str, context: Context, lexicon: Lexicon) -> str | None:
    del lexicon
    if word == "IN" and tag == "NNP":
        return None
    return "ˈɪn" if context.vowel_follows is None or tag != "IN" else "ɪn"


def _the(word: str, tag: str, context: Context, lexicon: Lexicon) -> str | None:
    del lexicon
    if word == "THE" and tag != "DT":
        return None
    return "ði" if context.vowel_follows else "ðə"


def _used(word: str, tag: str, context: Context, lexicon: Lexicon) -> str | None:
    del word
    entry = lexicon.find("used")
    if entry is None:
        return None
    is_habit = tag in {"VBD", "JJ"} and context.to_follows
    return reading(entry, ("VBD",) if is_habit else ())


_RULES = {
    "a": _article_a, "an": _article_an, "am": _am, "i": _pronoun_i, "by": _by, "to": _to, "in": _in, "the": _the,
    "used": _used,
}  # fmt: skip
