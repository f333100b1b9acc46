"""What <say-as> of SSML makes of a text, in English."""

from __future__ import annotations

import re

from muspeaker.text.normalize.english import number_words
from muspeaker.text.normalize.english.dates import MONTHS
from muspeaker.text.normalize.english.tables import words_of

KINDS = (
    "characters", "spell-out", "verbatim", "cardinal", "number", "ordinal", "digits", "telephone", "date", "time",
    "fraction", "unit", "currency", "address",
)  # fmt: skip
_MARK_NAMES = {
    ".": "dot", ",": "comma", "-": "dash", "/": "slash", "_": "underscore", "@": "at", "#": "hash", ":": "colon",
    "?": "question mark", "!": "exclamation mark", "*": "star", "'": "apostrophe", '"': "quote", ";": "semicolon",
    "(": "open bracket", ")": "close bracket", "\\": "backslash",
}  # fmt: skip
_MAX_CHARACTERS = 500


def spoken_as(written: str, kind: str, form: str = "") -> str:
    """A text as it is said.

    Args:
        written: The text in the tag.
        kind: Value of `interpret-as`.
        form: Value of `format`, for dates: the order of `d`, `m` and `y`.

    Raises:
        ValueError: If the kind is unknown, or the text is not of it.
    """
    text = " ".join(written.split())
    if len(text) > _MAX_CHARACTERS:
        raise ValueError(f"<say-as> is too long: expected at most {_MAX_CHARACTERS} characters")
    if kind not in KINDS:
        raise ValueError(
            f'<say-as interpret-as="{kind}"> is not understood: expected {", ".join(KINDS)}'
        )
    if kind in {"characters", "spell-out", "verbatim"}:
        return _spelled(text)
    if kind in {"digits", "telephone"}:
        return _by_digits(text)
    if kind in {"cardinal", "number", "ordinal"}:
        return _number(text, kind)
    if kind == "date" and form:
        return _date(text, form)
    return text


def _spelled(text: str) -> str:
    names = []
    for letter in text:
        if letter.isdecimal():
            names.append(number_words.cardinal(letter))
        elif letter.isalpha():
            names.append(letter.upper())
        elif not letter.isspace():
            names.append(_MARK_NAMES.get(letter) or words_of("signs").get(letter, ""))
    return " ".join(name for name in names if name)


def _by_digits(text: str) -> str:
    """Digits one by one, and a pause between groups."""
    groups = re.findall(r"\+|\d+|[A-Za-z]+", text)
    spoken = [
        number_words.by_digits(group) if group.isdecimal() else "plus" if group == "+" else group
        for group in groups
    ]
    return ", ".join(spoken).replace("plus, ", "plus ")


def _number(text: str, kind: str) -> str:
    match = re.fullmatch(r"([+-]?)(\d[\d,]*)(?:\.(\d+))?(?:st|nd|rd|th)?", text)
    roman = number_words.roman_value(text)
    if match is None and roman is None:
        raise ValueError(f"{text!r} in <say-as> is no number")
    if match is None:
        whole, fraction, sign = str(roman), None, ""
    else:
        whole, fraction, sign = match[2], match[3], "minus " if match[1] == "-" else ""
    if kind == "ordinal":
        return sign + number_words.ordinal(whole.replace(",", ""))
    return sign + number_words.decimal(whole, fraction or "")


def _date(text: str, form: str) -> str:
    """The parts of a date in the order of the format, in words."""
    order = re.sub(r"(.)\1+", r"\1", form.lower().strip())
    parts = re.split(r"[-/. ,]+", text)
    if not order or set(order) - set("dmy") or len(set(order)) < len(order):
        raise ValueError(f'<say-as format="{form}"> is not understood: expected such as mdy')
    if len(parts) != len(order) or not all(part.isdecimal() for part in parts):
        raise ValueError(f"{text!r} in <say-as> is no date of the format {form}")
    values = dict(zip(order, (int(part) for part in parts), strict=True))
    if not 1 <= values.get("m", 1) <= len(MONTHS) or not 1 <= values.get("d", 1) <= 31:
        raise ValueError(f"{text!r} in <say-as> is no date of the format {form}")
    day = number_words.ordinal(values["d"]) if "d" in values else ""
    month = MONTHS[values["m"] - 1] if "m" in values else ""
    year = number_words.year(values["y"]) if "y" in values else ""
    first = f"{month} {day}".strip()
    return f"{first}, {year}" if first and year else first or year
