"""Words of the lexicon to learn from, and families of words that are kept together."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from muspeaker.text.letter_features import LETTERS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from muspeaker.text.lexicon_file import LexiconFile

MAX_LETTERS = 24

_SUFFIXES = (
    "s", "es", "'s", "ed", "d", "ing", "ings", "er", "ers", "or", "ors", "est", "ly", "ness", "nesses", "less", "ful",
    "fully", "ment", "ments", "able", "ably", "ability", "ible", "ity", "ities", "ism", "isms", "ist", "ists", "ic", "ics",
    "ical", "ically", "al", "ally", "y", "ies", "ied", "ier", "iest", "ian", "ians", "an", "ans", "ish", "ize", "ized",
    "izes", "izing", "ise", "ised", "ises", "ising", "ization", "isation", "ion", "ions", "ation", "ations", "ive", "ives",
    "ous", "ously", "ship", "ships", "man", "men", "like", "hood", "age", "ages", "ance", "ence", "ant", "ent", "in",
)  # fmt: skip
_PREFIXES = (
    "un", "re", "in", "im", "non", "over", "out", "pre", "dis", "mis", "sub", "super", "inter", "anti", "counter", "under",
    "de", "en", "em", "co", "fore", "up", "semi", "multi", "micro", "macro", "mega", "pseudo", "hyper", "auto", "bi", "tri",
)  # fmt: skip
_SHORTEST_STEM = 4


def readable(word: str) -> bool:
    """Whether the network could be asked for a word: letters, no initials, not one letter alone."""
    capitals = sum(letter.isupper() for letter in word)
    return (
        1 < len(word) <= MAX_LETTERS
        and all(letter in LETTERS[1:] for letter in word.lower())
        and capitals <= 1
        and not word[1:].lower().startswith("'")
    )


def lexicon_words(lexicon: LexiconFile) -> dict[str, list[str]]:
    """Readings of every word in lower case, the checked ones first."""
    words: dict[str, list[str]] = {}
    for word, entry in lexicon.entries():
        if readable(word):
            known = words.setdefault(word.lower(), [])
            known += [r for r in entry.readings.values() if r and r not in known]
    return {word: readings for word, readings in words.items() if readings}


def _stems(word: str) -> Iterable[str]:
    """Shorter words that this one may be made of."""
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= _SHORTEST_STEM - 1:
            stem = word[: -len(suffix)]
            yield from (stem, stem + "e", stem + "y")
            if stem[-1] == "i":
                yield stem[:-1] + "y"
            if stem[-1] == stem[-2]:
                yield stem[:-1]
    for prefix in _PREFIXES:
        if word.startswith(prefix) and len(word) - len(prefix) >= _SHORTEST_STEM:
            yield word[len(prefix) :]


def families(words: Iterable[str]) -> dict[str, str]:
    """The family of each word, named by one of its members.

    Words that differ by the endings and beginnings above are one family, and so are their families.
    """
    known = set(words)
    parent = {word: word for word in known}

    def root(word: str) -> str:
        while parent[word] != word:
            parent[word] = parent[parent[word]]
            word = parent[word]
        return word

    for word in sorted(known):
        for stem in _stems(word):
            if stem in known:
                parent[root(word)] = root(stem)
    return {word: root(word) for word in known}


def held_out(words: Iterable[str], number: int, seed: int = 0) -> tuple[set[str], set[str]]:
    """Words to test with: one of a family, drawn at random; and all words of their families.

    Large families are left to training, since one of them may hold a tenth of all words.
    """
    family = families(words)
    members: dict[str, list[str]] = {}
    for word in sorted(family):
        members.setdefault(family[word], []).append(word)
    # A family is drawn as often as it has words, so that the test has words as they come.
    order = sorted(word for word in family if len(members[family[word]]) <= 40)
    random.Random(seed).shuffle(order)
    test: set[str] = set()
    out: set[str] = set()
    for word in order:
        if word not in out:
            test.add(word)
            out |= set(members[family[word]])
        if len(test) == number:
            break
    return test, out


def other_words(
    known: Iterable[str], left_out: set[str], others: Iterable[str], number: int
) -> tuple[set[str], set[str]]:
    """Words of another dictionary, parted into those to learn from and those to test with.

    No word to learn from is of the family of a word that was left out, nor of one to test with. Families of words to test
    with have no word that is known.

    Args:
        known: The lexicon's words.
        left_out: Those of them that are not learned.
        others: Words of the other dictionary; known ones are passed over.
        number: How many there are to test with.
    """
    known = set(known)
    added = {word for word in others if readable(word) and may_be_said(word)} - known
    family = families(known | added)
    with_known = {family[word] for word in known}
    without = {family[word] for word in left_out}
    test, test_out = held_out((w for w in added if family[w] not in with_known), number)
    return {w for w in added if family[w] not in without} - test_out, test


def may_be_said(word: str) -> bool:
    """Whether it has a vowel letter, and is no possessive, which rules read."""
    return bool(set(word) & set("aeiouy")) and not word.endswith(("'", "'s"))
