"""English: money, dates, units, abbreviations and the like, written out as words."""

from __future__ import annotations

import re

# Signs that are words, replaced before Unicode is brought to one form.
SIGNS = {"²": " squared ", "³": " cubed ", "°": " degrees "}

_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September",
           "October", "November", "December")  # fmt: skip
_TENS = ("hundreds", "tens", "twenties", "thirties", "forties", "fifties", "sixties", "seventies",
         "eighties", "nineties")  # fmt: skip
_CURRENCIES = {
    "$": ("dollar", "dollars", "cent", "cents"),
    "€": ("euro", "euros", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"),
    "¥": ("yen", "yen", "", ""),
}
_FRACTIONS = {"1/2": "one half", "1/3": "one third", "2/3": "two thirds", "1/4": "one quarter",
              "3/4": "three quarters"}  # fmt: skip
_ABBREVIATIONS = {
    "mr": "Mister", "mrs": "Missus", "ms": "Miz", "prof": "Professor", "capt": "Captain", "gen": "General",
    "col": "Colonel", "sgt": "Sergeant", "lt": "Lieutenant", "rev": "Reverend", "hon": "Honorable", "sr": "Senior",
    "jr": "Junior", "vs": "versus", "approx": "approximately", "dept": "department", "inc": "Incorporated",
    "ltd": "Limited", "corp": "Corporation", "ave": "Avenue", "blvd": "Boulevard", "messrs": "Messers",
}  # fmt: skip
_UNITS = {
    "km/h": "kilometers per hour", "mph": "miles per hour", "km": "kilometers", "cm": "centimeters",
    "mm": "millimeters", "kg": "kilograms", "mg": "milligrams", "lbs": "pounds", "lb": "pounds", "oz": "ounces",
    "ft": "feet", "hz": "hertz", "khz": "kilohertz", "mhz": "megahertz", "ghz": "gigahertz", "ms": "milliseconds",
    "kb": "kilobytes", "mb": "megabytes", "gb": "gigabytes", "ml": "milliliters", "m/s": "meters per second",
}  # fmt: skip

_URL = re.compile(r"\b(?:https?://|www\.)[^\s<>\"]*[^\s<>\".,;:!?)\]]", re.IGNORECASE)
_URL_MARKS = {"/": " slash ", ".": " dot ", "-": " dash ", "_": " underscore ", "?": " question mark ",
              "=": " equals ", "&": " and ", "#": " hash ", ":": " colon ", "%": " percent ", "~": " tilde "}  # fmt: skip
_MONEY = re.compile(
    r"([$€£¥])\s?(\d[\d,]*)(?:\.(\d{2}))?(?!\.?\d)(?:\s(hundred|thousand|million|billion|trillion)\b)?"
)
_MONEY_DECIMAL = re.compile(
    r"([$€£¥])\s?(\d[\d,]*\.\d+)(?:\s(hundred|thousand|million|billion|trillion)\b)?"
)
_TITLES = frozenset(
    ("mr", "mrs", "ms", "prof", "capt", "gen", "col", "sgt", "lt", "rev", "hon", "messrs", "vs", "approx")
)  # fmt: skip
_FUNCTION_WORDS = frozenset(
    ("A", "I", "THE", "IS", "ARE", "WAS", "IT", "HE", "SHE", "WE", "YOU", "MY", "NO", "OF", "TO", "IN", "AND")
)  # fmt: skip


def spell_out(text: str) -> str:
    """Write out what espeak-ng reads wrongly in English.

    Money, dates, decades, ranges, fractions, units, web addresses and common abbreviations become words, and
    sentences in capitals are lowered so that they are read and not spelled. Plain numbers stay.

    Args:
        text: Text with one form of each quote, dash and space; paragraphs stand apart by U+2029.
    """
    text = _URL.sub(_url, text)
    text = re.sub(r"\b(\d{1,2})/(\d{1,2})/(\d{4})\b", _us_date, text)
    text = re.sub(r"\b(\d{4})-(\d{2})-(\d{2})\b", _iso_date, text)
    text = _MONEY.sub(_money, text)
    text = _MONEY_DECIMAL.sub(
        lambda m: f"{m[2]}{f' {m[3]}' if m[3] else ''} {_CURRENCIES[m[1]][1]}", text
    )
    text = re.sub(r"\b(\d\d)(\d)0'?s\b", _decade, text)
    text = re.sub(r"(?<![\d/])(\d+)\s+([123]/[234])(?![\d/])", lambda m: _mixed(m[1], m[2]), text)
    text = re.sub(r"(?<![\d/])([123]/[234])(?![\d/])", lambda m: _FRACTIONS.get(m[1], m[1]), text)
    text = re.sub(
        r"(?<=\d)\s?([a-zA-Z]{2,3}(?:/[hs])?|m/s)(?![\w/])(?:\.(?=\s+[a-z]))?", _unit, text
    )
    text = re.sub(r"\b([aApP])\.\s?[mM]\.(?=(\s+[A-Z]|\s*$|\u2029)?)", _meridiem, text)
    text = re.sub(r"(?<=\d)\s?([aApP])[mM]\b", lambda m: f" {m[1].upper()}M", text)
    text = re.sub(r"\b(?:[A-Z]\.){2,}(?=(\s*$|\s*\u2029)?)", _acronym, text)
    text = re.sub(r"\b([A-HJ-Z])\.(?=\s?[A-Z])", r"\1 ", text)
    text = _abbreviations(text)
    text = re.sub(r"#(?=\d)", "number ", text)
    text = re.sub(r"\s*&\s*", " and ", text)
    text = re.sub(r"(?<=[A-Za-z])/(?=[A-Za-z])", " ", text)
    text = _lower_capitals(text)
    return re.sub(r"(?<=\d)\s?–\s?(?=\d)", " to ", text)


def keeps_apostrophe(text: str, at: int) -> bool:
    """Keep the apostrophe of 'twas and James', not a quote around words.

    Args:
        text: Any text.
        at: Position of an apostrophe at the edge of a word.
    """
    before = text[at - 1] if at else " "
    rest = text[at + 1 : at + 6].lower()
    if before in "sS" or rest.startswith(("twas", "tis", "em", "n' ", "cause")):
        return True
    return text[max(0, at - 2) : at].lower() == "'n"


def _url(match: re.Match[str]) -> str:
    address = re.sub(r"^https?://", "", match[0], flags=re.IGNORECASE).rstrip("/")
    address = re.sub(r"^www\.", "w w w dot ", address, flags=re.IGNORECASE)
    return " " + "".join(_URL_MARKS.get(letter, letter) for letter in address) + " "


def _us_date(match: re.Match[str]) -> str:
    month, day = int(match[1]), int(match[2])
    if 1 <= month <= 12 and 1 <= day <= 31:
        return f"{_MONTHS[month - 1]} {_ordinal(day)}, {match[3]}"
    if 1 <= day <= 12 and 1 <= month <= 31:
        return f"{_MONTHS[day - 1]} {_ordinal(month)}, {match[3]}"
    return match[0]


def _iso_date(match: re.Match[str]) -> str:
    month, day = int(match[2]), int(match[3])
    if 1 <= month <= 12 and 1 <= day <= 31:
        return f"{_MONTHS[month - 1]} {_ordinal(day)}, {match[1]}"
    return match[0]


def _ordinal(day: int) -> str:
    suffix = "th" if 11 <= day <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{suffix}"


def _money(match: re.Match[str]) -> str:
    one, many, small_one, small_many = _CURRENCIES[match[1]]
    whole = match[2].rstrip(",")
    tail = match[2][len(whole) :]
    if match[4]:
        amount = f"{whole}.{match[3]}" if match[3] else whole
        return f"{amount} {match[4]} {many}"
    spoken = f"{whole} {one if whole == '1' else many}"
    cents = int(match[3] or 0)
    if cents and small_one:
        part = f"{cents} {small_one if cents == 1 else small_many}"
        spoken = part if whole == "0" else f"{spoken} and {part}"
    return spoken + tail


def _decade(match: re.Match[str]) -> str:
    century, tens = match[1], int(match[2])
    if century == "20" and tens == 0:
        return "two thousands"
    return f"{int(century)} {_TENS[tens]}"


def _mixed(whole: str, fraction: str) -> str:
    spoken = _FRACTIONS.get(fraction)
    return f"{whole} and {spoken}" if spoken else f"{whole} {fraction}"


def _unit(match: re.Match[str]) -> str:
    name = _UNITS.get(match[1].lower())
    return f" {name}" if name else match[0]


def _meridiem(match: re.Match[str]) -> str:
    return f"{match[1].upper()}M" + ("." if match[2] is not None else "")


def _acronym(match: re.Match[str]) -> str:
    return match[0].replace(".", "") + ("." if match[1] is not None else "")


def _abbreviations(text: str) -> str:
    text = re.sub(r"\bi\.\s?e\.,?", "that is,", text, flags=re.IGNORECASE)
    text = re.sub(r"\be\.\s?g\.,?", "for example,", text, flags=re.IGNORECASE)
    text = re.sub(r"\b[Ee]tc\.?(?=(\s+[A-Z]|\s*$|\s*\u2029)?)", _etc, text)
    text = re.sub(r"\bDr\.\s*(?=[A-Z])", "Doctor ", text)
    text = re.sub(r"(?<=[a-z] )Dr\.", "Drive", text)
    text = re.sub(r"(?<=[A-Z])([a-z]+) St\.(?=(\s+[A-Z]|\s*$)?)", _street, text)
    text = re.sub(r"\bSt\.\s*(?=[A-Z])", "Saint ", text)
    text = re.sub(r"\bNo\.\s*(?=\d)", "number ", text)
    known = "|".join(_ABBREVIATIONS)
    return re.sub(rf"\b((?i:{known}))\.(?=(\s*$|\s*\u2029|\s+[A-Z])?)", _abbreviation, text)


def _abbreviation(match: re.Match[str]) -> str:
    """Spell it out; the full stop stays where it also ends a sentence."""
    word = match[1].lower()
    return _ABBREVIATIONS[word] + ("." if match[2] is not None and word not in _TITLES else "")


def _etc(match: re.Match[str]) -> str:
    return "et cetera" + ("." if match[1] is not None else "")


def _street(match: re.Match[str]) -> str:
    return f"{match[1]} Street" + ("." if match[2] is not None else "")


def _lower_capitals(text: str) -> str:
    """Lower every sentence written in capitals, as long as it is more than initials."""
    pieces = re.split(r"((?<=[.?!])\s+|\u2029)", text)
    return "".join(piece.lower() if _is_shouted(piece) else piece for piece in pieces)


def _is_shouted(sentence: str) -> bool:
    words = re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)*", sentence)
    letters = "".join(words)
    capitals = sum(letter.isupper() for letter in letters)
    if len(words) < 2 or capitals < 0.8 * max(1, len(letters)):
        return False
    return len(words) > 3 or any(len(word) > 4 or word in _FUNCTION_WORDS for word in words)
