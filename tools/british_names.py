"""British phones of a name, from its American ones and its spelling.

In `tests/tools/test_compile_names.py` stand names of each kind, as misaki's British lexicon has them or names like them.
"""

from __future__ import annotations

import re

from muspeaker.text.english.place_names import place_in_britain
from muspeaker.text.lexicon_file import british

_VOWELS = "AIOQWYaiuæɑɒɔəɛɜɪʊʌᵊᵻ"
# Letters that may spell a vowel: the first way that gives as many as there are is taken (Jane, Mario).
_SPELLINGS = tuple(
    re.compile(pattern)
    for pattern in (
        "[aeiouy]+",
        "(?!e[sd]?$)[aeiouy]+",
        "i(?=[aou])|[aeiouy]+",
        "i(?=[aou])|(?!e[sd]?$)[aeiouy]+",
    )
)
_AFTER_R = re.compile(f"ɹ[ˈˌ]?[{_VOWELS}]")
_AFTER_DIPHTHONG = re.compile(f"(?<=[IWY])ɹ(?![ˈˌ]?[{_VOWELS}])")  # Wilshire
_AFTER_W = re.compile("(?:w|wh|qu)$")
_LONG = {"ɑ": "ɑː", "ɔ": "ɔː"}
_WITH_YOD = re.compile("e[wu]|u(?:e|[^aeiouy]e)")  # Newman, Neumann, Sue, Duke
_YOD = re.compile("([tdn])([ˈˌ]?)$")
# What else differs from `british`, whatever the spelling: Mario, Daria, Julia, Daniela, Hamburg.
_AFTERWARDS = tuple(
    (re.compile(pattern), spoken)
    for pattern, spoken in (
        (f"(?<=ʊ)ɹ(?=[ˈˌ]?[{_VOWELS}])", "əɹ"),
        ("(?<![ˈˌ])iː(?=[ˈˌ]?[AIOQWYaɑɒɔəɛɜɪʊʌ])", "ɪ"),
        ("(?<=[lnv])j(?=ə$)", "ɪ"),
        ("jə(?=[lt])", "jʊ"),
        ("bəɡ(?=z?$)", "bɜːɡ"),
        ("ːː+", "ː"),
    )
)


def in_britain(word: str, spoken: str) -> str:
    """British phones of a name.

    Args:
        word: The name in small letters.
        spoken: Its American phones.
    """
    number = sum(phone in _VOWELS for phone in spoken)
    ways = (list(letters.finditer(word)) for letters in _SPELLINGS)
    written = next((way for way in ways if len(way) == number), None)
    text, index = "", -1
    for position, phone in enumerate(spoken):
        if phone not in _VOWELS:
            text += phone
            continue
        index += 1
        own = before = after = ""
        if written:
            own = written[index][0]
            before, after = word[: written[index].start()], word[written[index].end() :]
        rest = spoken[position + 1 :]
        if _AFTER_R.match(rest):
            text += _before_r(phone, before, own, after)
        elif phone in _LONG and not rest.startswith("ɹ"):
            if own == "a" and _AFTER_W.search(before):
                is_short = phone == "ɑ" or after.startswith("sh")  # Watson, Washington; Walter
            else:
                is_short = own == "o" if own else "o" in word  # Connie; Natalia, Paul
            text += "ɒ" if is_short else _LONG[phone]
        elif phone == "u" and _WITH_YOD.match(own + after):
            text = _YOD.sub(r"\1j\2", text) + phone
        else:
            text += phone
    text = british(_AFTER_DIPHTHONG.sub("ə", text))
    for pattern, spelled in _AFTERWARDS:
        text = pattern.sub(spelled, text)
    return place_in_britain(word, text)


def _before_r(phone: str, before: str, own: str, after: str) -> str:
    """A vowel before an r and another vowel; `own` is how it is written, or empty where that is not told."""
    if phone == "ɛ" and own and own != "e":
        is_short = own == "a" and (
            after.startswith("rr") or not re.match("r(?:i[aou]|e?y?$)", after)
        )
        return "æ" if is_short else "ɛː"  # Larry, Carol; Mary, Hilario, Claire
    if phone in "ɑɔ":
        if own == "a" and not _AFTER_W.search(before):
            return _LONG[phone]  # Sara
        is_short = phone == "ɑ" or own == "a" or re.match("rr|ri[^aeou]", after)
        return "ɒ" if is_short else "ɔː"  # Warren, Morris, Doris; Gloria, Nora
    if phone == "ɜ" and own == "u" and after.startswith("rr"):
        return "ʌ"  # Murray
    if phone == "ɪ" and own and own not in {"i", "y"}:
        return "ɪə"  # Vera
    return phone
