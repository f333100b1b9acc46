"""Words that the lexicon has without their prefix or suffix, such as `overambitious` and `nailless`.

Only those affixes are here with which words that were left out of the training of the letter-to-sound model are wrong
less often than by their letters. Those of two plain words, such as `bookbinding`, are not: letters read them better.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from muspeaker.text.english import endings, stress

if TYPE_CHECKING:
    from collections.abc import Callable

    Reader = Callable[[str], str | None]

_SHORTEST_STEM = 3
_SHORTEST_AFTER_PREFIX = 4

# Phones in the US and in Britain.
_SUFFIXES = {
    "ability": ("əbˈɪləTi", "əbˈɪlɪti"),
    "able": ("əbᵊl", "əbᵊl"),
    "hood": ("hˌʊd", "hʊd"),
    "ist": ("ɪst", "ɪst"),
    "less": ("ləs", "lɪs"),
    "like": ("lˌIk", "lˌIk"),
    "ment": ("mənt", "mᵊnt"),
    "ness": ("nəs", "nɪs"),
    "ship": ("ʃˌɪp", "ʃɪp"),
}
_PREFIXES = {
    "anti": ("ˌæntɪ", "ˌantɪ"),
    "auto": ("ˌɔTO", "ˌɔːtQ"),
    "counter": ("kˌWntəɹ", "kˌWntəɹ"),
    "dis": ("dˌɪs", "dˌɪs"),
    "hyper": ("hˌIpəɹ", "hˌIpəɹ"),
    "inter": ("ˌɪntəɹ", "ˌɪntəɹ"),
    "micro": ("mˌIkɹO", "mˌIkɹQ"),
    "mis": ("mˌɪs", "mˌɪs"),
    "multi": ("mˌʌltɪ", "mˌʌltɪ"),
    "non": ("nˌɑn", "nˌɒn"),
    "out": ("ˌWt", "ˌWt"),
    "over": ("ˌOvəɹ", "ˌQvəɹ"),
    "semi": ("sˌɛmɪ", "sˌɛmɪ"),
    "sub": ("sˌʌb", "sˌʌb"),
    "super": ("sˌupəɹ", "sˌuːpəɹ"),
    "under": ("ˌʌndəɹ", "ˌʌndəɹ"),
    "un": ("ˌʌn", "ˌʌn"),
}


def with_affix(word: str, read: Reader, *, british: bool) -> str | None:
    """Phones of a word by those of a shorter one, or None.

    Args:
        word: The word in small letters.
        read: Phones of a shorter word, or None if that is unknown.
        british: Whether it is read in Britain.
    """
    phones = _with_suffix(word, read, british) or _with_prefix(word, read, british)
    if phones is not None:
        return phones
    for ending in ("es", "s"):
        singular = word.removesuffix(ending)
        if singular != word:
            phones = _with_suffix(singular, read, british)
            if phones:
                return endings.plural(phones, british=british)
    return None


def _with_suffix(word: str, read: Reader, british: bool) -> str | None:
    for suffix, spoken in _SUFFIXES.items():
        if word.endswith(suffix) and len(word) - len(suffix) >= _SHORTEST_STEM:
            for stem in _stems(word.removesuffix(suffix), suffix):
                phones = read(stem)
                if phones:
                    return _suffixed(stem, phones, spoken[british], british)
    return None


def _with_prefix(word: str, read: Reader, british: bool) -> str | None:
    for prefix, spoken in _PREFIXES.items():
        if word.startswith(prefix) and len(word) - len(prefix) >= _SHORTEST_AFTER_PREFIX:
            phones = read(word.removeprefix(prefix))
            if phones:
                begun = spoken[british]
                if british and stress.begins_with_consonant(phones):
                    begun = begun.removesuffix("ɹ")
                if begun.endswith("n") and phones[0] in "kɡ":
                    begun = begun.removesuffix("n") + "ŋ"  # as misaki has many such words
                return begun + stress.strengthened(phones)
    return None


def _stems(stem: str, suffix: str) -> list[str]:
    """What may stand before a suffix, as a word of its own: `combine` in `combinable`, `happy` in `happiness`."""
    if stem[-1] == "i":
        return [stem[:-1] + "y"]
    if suffix not in {"ability", "able", "ist"}:
        return [stem]
    halved = [stem[:-1]] if stem[-1] == stem[-2] else []
    soft = stem[-1] == "c" and suffix == "ist"  # publicist
    return [] if soft else [stem, stem + "e", *halved]


def _suffixed(stem: str, phones: str, spoken: str, british: bool) -> str:
    """A stem's phones with those of a suffix."""
    if stress.PRIMARY in spoken:
        phones = stress.weakened(phones)
    if not stress.begins_with_consonant(spoken):
        if british and stem.endswith(("r", "re")) and phones[-1] in "əː":
            phones += "ɹ"
        elif not british:
            phones = endings.tapped(phones)
    elif british and phones[-1] == "i" and spoken == _SUFFIXES["ness"][1]:
        phones = phones[:-1] + "ɪ"
    return phones + spoken
