"""Numbers as words: cardinals, ordinals, years, digits one by one."""

from __future__ import annotations

_UNITS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES = ("", "thousand", "million", "billion", "trillion", "quadrillion", "quintillion")
_ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
    "twelve": "twelfth",
}  # fmt: skip
MAX_CARDINAL_DIGITS = 3 * len(_SCALES)


def cardinal(digits: str | int, *, british: bool = False) -> str:
    """`one hundred twenty-five`; British English has `and` before the tens.

    Args:
        digits: Digits, which may have commas. More of them than have a name are read one by one, and so
            are those with a zero in front.
        british: Whether to put `and` between hundreds and tens.
    """
    written = str(digits).replace(",", "")
    if len(written) > MAX_CARDINAL_DIGITS or (len(written) > 1 and written[0] == "0"):
        return by_digits(written)
    number = int(written)
    if number < 100:
        return _below_hundred(number)
    joint = " and " if british else " "
    groups: list[str] = []
    scale = 0
    last = number % 1000
    while number:
        number, group = divmod(number, 1000)
        if group:
            groups.append(f"{_below_thousand(group, joint)} {_SCALES[scale]}".strip())
        scale += 1
    groups.reverse()
    if 0 < last < 100 and len(groups) > 1:
        return " ".join(groups[:-1]) + joint + groups[-1]
    return " ".join(groups)


def _below_hundred(number: int) -> str:
    if number < 20:
        return _UNITS[number]
    tens, units = divmod(number, 10)
    return f"{_TENS[tens]}-{_UNITS[units]}" if units else _TENS[tens]


def _below_thousand(number: int, joint: str) -> str:
    hundreds, rest = divmod(number, 100)
    if not hundreds:
        return _below_hundred(rest)
    spoken = f"{_UNITS[hundreds]} hundred"
    return f"{spoken}{joint}{_below_hundred(rest)}" if rest else spoken


def ordinal(digits: str | int, *, british: bool = False) -> str:
    """`twenty-first`."""
    return as_ordinal(cardinal(digits, british=british))


def as_ordinal(spoken: str) -> str:
    """A cardinal in words as the ordinal: `twenty-one` to `twenty-first`."""
    cut = max(spoken.rfind(" "), spoken.rfind("-")) + 1
    head, last = spoken[:cut], spoken[cut:]
    if last in _ORDINALS:
        return head + _ORDINALS[last]
    return head + (f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th")


def plural(spoken: str) -> str:
    """The plural of a number in words: `nineties`, `sixes`, `tens`."""
    if spoken.endswith("y"):
        return f"{spoken[:-1]}ies"
    return spoken + ("es" if spoken.endswith("x") else "s")


def by_digits(digits: str, zero: str = "zero") -> str:
    """`four eight two one`; characters that are no digits are passed over."""
    names = (zero if digit == "0" else _UNITS[int(digit)] for digit in digits if digit.isdecimal())
    return " ".join(names)


def decimal(whole: str, fraction: str, *, british: bool = False) -> str:
    """`three point one four`.

    Args:
        whole: Digits before the point, or nothing.
        fraction: Digits after it, or nothing.
        british: As for `cardinal`.
    """
    spoken = cardinal(whole, british=british) if whole else ""
    if not fraction:
        return spoken
    return f"{spoken} point {by_digits(fraction)}".strip()


def year(number: int, *, british: bool = False) -> str:
    """`nineteen forty-five`, `two thousand one`, `twenty ten`."""
    century, rest = divmod(number, 100)
    if number < 1000:
        return in_pairs(str(number)) if rest and century else cardinal(number, british=british)
    if number % 1000 == 0 or 2000 < number < 2010:
        return cardinal(number, british=british)
    if number >= 10_000:
        return cardinal(number, british=british)
    return in_pairs(str(number))


def decade(number: int) -> str:
    """`nineteen nineties`, `two thousands`, `eighteen hundreds`."""
    return plural(year(number))


def in_pairs(digits: str) -> str:
    """Three or four digits as people say numbers of rooms, flights and models.

    `twelve oh four`, `seven forty-seven`, `one oh one`, `one hundred`, `two thousand`.
    """
    if len(digits) not in {3, 4} or digits[0] == "0":
        return cardinal(digits)
    head, tail = int(digits[:-2]), int(digits[-2:])
    if tail == 0:
        return cardinal(digits) if head % 10 == 0 else f"{_below_hundred(head)} hundred"
    last = f"oh {_UNITS[tail]}" if tail < 10 else _below_hundred(tail)
    return f"{_below_hundred(head)} {last}"


_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_ROMAN_PARTS = (
    (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"),
    (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
)  # fmt: skip


def roman_value(numeral: str) -> int | None:
    """The number that a Roman numeral in capitals stands for; None if it is none, or not its usual form."""
    if not numeral or len(numeral) > 12 or not all(letter in _ROMAN for letter in numeral):
        return None
    values = [_ROMAN[letter] for letter in numeral]
    total = sum(
        -value if value < following else value
        for value, following in zip(values, [*values[1:], 0], strict=True)
    )
    return total if roman(total) == numeral else None


def roman(number: int) -> str:
    """The usual Roman numeral of a number from 1 to 3,999, in capitals."""
    written = ""
    for value, letters in _ROMAN_PARTS:
        while number >= value:
            written += letters
            number -= value
    return written
