"""Stress marks of a phone string: stronger, weaker, or given to a word that has none."""

from __future__ import annotations

PRIMARY, SECONDARY = "ˈ", "ˌ"
# Phones that can be stressed: the small schwa and the article's vowel cannot.
STRESSABLE = frozenset("AIOQWYaiuæɑɒɔəɛɜɪʊʌᵻ")


# How a word is written, and so how strongly it is said.
PLAIN, CAPITAL, UPPER = 0, 1, 2


def emphasis_of(word: str) -> int:
    """`PLAIN`, `CAPITAL` or `UPPER`: at least secondary stress for a capital, primary for all of them."""
    if word == word.lower():
        return PLAIN
    return UPPER if word == word.upper() else CAPITAL


def emphasised(phones: str, emphasis: int) -> str:
    """A word's phones with at least the stress that its capitals ask for."""
    if emphasis == UPPER:
        return strengthened(phones)
    return with_stress(phones) if emphasis == CAPITAL else phones


def on_last(phones: str) -> str:
    """Initials: the last stressed vowel has the primary stress, the others secondary."""
    head, mark, tail = with_stress(weakened(phones)).rpartition(SECONDARY)
    return head + PRIMARY + tail if mark else tail


def is_stressed(phones: str) -> bool:
    """Whether there is any stress mark."""
    return PRIMARY in phones or SECONDARY in phones


def begins_with_consonant(phones: str) -> bool:
    """Whether the first phone, behind a stress mark or not, is no vowel."""
    return phones.lstrip(PRIMARY + SECONDARY)[:1] not in STRESSABLE | {"ə", "ᵊ"}


def weakened(phones: str) -> str:
    """Primary stress becomes secondary, and secondary none; nothing changes without a primary one."""
    if PRIMARY not in phones:
        return phones
    return phones.replace(SECONDARY, "").replace(PRIMARY, SECONDARY)


def with_stress(phones: str, mark: str = SECONDARY) -> str:
    """A word without stress gets it on its first vowel."""
    if is_stressed(phones):
        return phones
    for index, phone in enumerate(phones):
        if phone in STRESSABLE:
            return phones[:index] + mark + phones[index:]
    return phones


def strengthened(phones: str) -> str:
    """At least one primary stress: secondary marks become primary where there is none."""
    if PRIMARY in phones:
        return phones
    if SECONDARY in phones:
        return phones.replace(SECONDARY, PRIMARY)
    return with_stress(phones, PRIMARY)


def of_compound(parts: list[tuple[str, str]]) -> list[str]:
    """Phones of a written word's parts, with the stress of the whole.

    A compound keeps about half of its primary stresses: the parts with the fewest and shortest vowels lose
    theirs. After a single letter ("T-shirt") it is the second part that does.

    Args:
        parts: (text, phones) of each part.
    """
    phones = [part for _, part in parts]
    voiced = [index for index, part in enumerate(phones) if part]
    if len(voiced) == 2 and len(parts[voiced[0]][0]) == 1:
        phones[voiced[1]] = weakened(phones[voiced[1]])
        return phones
    primaries = sum(PRIMARY in phones[index] for index in voiced)
    if len(voiced) < 2 or primaries <= (len(voiced) + 1) // 2:
        return phones
    order = sorted(voiced, key=lambda i: (PRIMARY in phones[i], _weight(phones[i]), i))
    for index in order[: len(voiced) // 2]:
        phones[index] = weakened(phones[index])
    return phones


def _weight(phones: str) -> int:
    """Length of a part; what is long in time counts twice."""
    return sum(2 if phone in "AIOQWYʤʧ" else 1 for phone in phones)
