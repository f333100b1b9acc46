"""Capitals one space apart, such as `F A Q`: one word of letters, and not three words."""

from __future__ import annotations

import re

# Runs with an `I` at the end or an `A` in front that are no pronoun and no article.
_END_IN_I = frozenset(
    ("AI", "API", "BMI", "CLI", "CPI", "DOI", "DUI", "EI", "FBI", "GUI", "HDI", "HDMI", "IMEI", "KPI", "MRI", "PCI",
     "ROI", "SCSI", "UI", "VI")
)  # fmt: skip
_BEGIN_WITH_A = frozenset(("AM", "AI", "AC", "AD"))
_RUN = re.compile(r"(?<![\w'.&-])[A-Z](?: [A-Z])+(?![\w.&-])(?:('s)\b|(?!'\w))")
_RUN_OR_WORD = re.compile(rf"{_RUN.pattern}|\S+")


def num_initials(letters: str) -> int:
    """How many letters of a run are said as one word; 0 if none are.

    Args:
        letters: Capitals that stand one space apart.
    """
    while letters.endswith("I") and letters not in _END_IN_I:
        letters = letters[:-1]
    if len(letters) < 2 or (
        len(letters) == 2 and letters[0] == "A" and letters not in _BEGIN_WITH_A
    ):
        return 0
    return len(letters)


def with_stops(text: str) -> str:
    """`F.A.Q.` for `F A Q`, which espeak-ng reads as one word of letters."""
    return _RUN.sub(_with_stops, text) if _RUN.search(text) else text


def words_with_stops(text: str) -> list[tuple[int, int, str]]:
    """Start and end of every word of a text, and the word as `with_stops` writes it."""
    words: list[tuple[int, int, str]] = []
    for match in _RUN_OR_WORD.finditer(text):
        at = match.start()
        parts = _with_stops(match).split(" ") if _RUN.fullmatch(match[0]) else [match[0]]
        for part in parts:
            letters = part.count(".") if len(parts) > 1 or part != match[0] else 0
            end = at + (2 * letters - 1 + 2 * part.endswith("'s") if letters else len(part))
            words.append((at, end, part))
            at = end + 1
    return words


def _with_stops(match: re.Match[str]) -> str:
    letters = match[0].removesuffix("'s").split(" ")
    count = num_initials("".join(letters))
    if match[1]:
        count = len(letters)
    if not count:
        return match[0]
    joined = "".join(f"{letter}." for letter in letters[:count])
    return " ".join([joined, *letters[count:]]) + (match[1] or "")
