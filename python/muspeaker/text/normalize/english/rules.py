"""All rules of English, and the order in which they are asked."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from muspeaker.text.normalize.english import (
    abbreviations,
    addresses,
    dates,
    fractions,
    games,
    initials,
    money,
    numbers,
    operators,
    phone_numbers,
    roman,
    times,
    units,
    verses,
)
from muspeaker.text.normalize.english.amounts import write_decimal_points
from muspeaker.text.normalize.english.capitals import lower_capitals
from muspeaker.text.normalize.english.scanner import Scanner
from muspeaker.text.normalize.english.source import Source
from muspeaker.text.normalize.english.tables import table
from muspeaker.text.normalize.script import FIRST_FOREIGN, refuse_unreadable

if TYPE_CHECKING:
    from muspeaker.text.traced import TracedText

# Signs that Unicode's normal form would change, replaced before.
SIGNS = {
    "°": "∘", "º": "∘", "℃": "∘C", "℉": "∘F", "′": "'", "″": '"', "©": " copyright ", "®": " ", "™": " ",
    "№": " number ", "⁄": "/", "⅛": " 1/8 ", "⅜": " 3/8 ", "⅝": " 5/8 ", "⅞": " 7/8 ", "⅕": " 1/5 ", "⅖": " 2/5 ",
    "⅗": " 3/5 ", "⅘": " 4/5 ", "⅙": " 1/6 ", "⅚": " 5/6 ", "⅐": " 1/7 ", "⅑": " 1/9 ", "⅒": " 1/10 ", "⁻": "^-",
    "⁰": "^0", "¹": "^1", "²": "^2", "³": "^3", "⁴": "^4", "⁵": "^5", "⁶": "^6", "⁷": "^7", "⁸": "^8", "⁹": "^9",
    "ⁿ": "^n", "❤": " ",
}  # fmt: skip
_AMERICAN = frozenset(("en", "en-us", "en-us-nyc", "en-ca"))
_TELLING = frozenset("./@&(:\\_-$0123456789")  # after a word, these may make something else of it


def spell_out(text: TracedText, language: str = "en-us") -> None:
    """Write out what is not written as it is said.

    Args:
        text: Text with one form of each quote, dash and space; paragraphs stand apart by U+2029.
        language: Tag of the language; dates, fractions and hundreds are read as in its country.

    Raises:
        ValueError: If the text has letters of another script; it names them.
    """
    refuse_unreadable(text.text)
    tag = language.lower().replace("_", "-")
    lower_capitals(text)
    write_decimal_points(text)
    text.edit(_scanner().edits(Source(text.text, british=tag not in _AMERICAN)), whole=True)


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


@lru_cache(maxsize=1)
def _scanner() -> Scanner:
    measure, mail = units.Measure(), addresses.MailAddress()
    return Scanner(
        {
            "number": (
                mail, verses.NumberedBook(), verses.Verse(), units.Temperature(), numbers.Phrase(), numbers.NetworkStandard(), dates.IsoDate(), dates.NumericDate(), operators.Resolution(),
                operators.Multiplication(),
                phone_numbers.DialledNumber(), phone_numbers.GroupedDigits(), times.HoursOfService(), times.Duration(), times.PointedTime(), times.RaceTime(), times.TimeOfDay(),
                times.HourOfDay(), dates.DayBeforeMonth(), numbers.Ordinal(), numbers.Decade(), money.SignAfter(),
                units.ArcMinutes(), units.FeetWithInches(), units.FeetByFeet(), units.FeetAndInches(), units.Inches(), dates.MonthAndYear(), dates.DayAndMonth(), measure, units.Rate(), fractions.MixedFraction(),
                fractions.Rating(), fractions.Fraction(), fractions.Ratio(), numbers.Scientific(), numbers.Quotient(), numbers.Magnitude(), numbers.GroupedThousands(), numbers.Version(),
                numbers.NumberAndLetters(), numbers.Decimal(), numbers.Plain(),
            ),
            "word": (
                mail, roman.SmallNumeral(), verses.ShortBook(), initials.Processor(), addresses.WebAddress(), addresses.DrivePath(), addresses.RelativePath(), addresses.FileName(), abbreviations.Direction(), abbreviations.Versus(), abbreviations.PerAnnum(), initials.Initials(),
                initials.LettersAndSign(), operators.FunctionOf(), operators.By(), abbreviations.Shorthand(), abbreviations.State(), abbreviations.TitleOrStreet(),
                dates.MonthAndDay(), dates.ListedDays(), dates.ShortDay(), dates.ShortMonth(), 
                roman.RomanNumeral(), money.SignBefore(), money.CodeBefore(), abbreviations.Abbreviation(), abbreviations.Keys(), abbreviations.SpokenAs(),
                games.ChessMove(), initials.LettersAndDigits(), initials.Formula(), initials.Acronym(), operators.Sign(),
            ),
            "sign": (
                addresses.AbsolutePath(), addresses.Hashtag(), addresses.Handle(),
                phone_numbers.InternationalNumber(), phone_numbers.DialledNumber(), money.SignBefore(), numbers.Decade(), numbers.ShortYear(), measure,
                numbers.Decimal(), numbers.Stage(), abbreviations.MissingSpace(), operators.Comparison(), operators.Asterisk(), operators.Slash(),
                units.RateOfWords(), abbreviations.SlashedWords(), operators.Dash(), operators.GradeMinus(), operators.Power(), operators.About(),
                operators.Hash(), operators.Sharp(), operators.Sign(),
            ),
        },
        _is_plain,
    )  # fmt: skip


def _is_plain(word: str, following: str) -> bool:
    """Whether no rule can know a word: no stop or sign after it, few capitals, in no table."""
    return (
        following not in _TELLING
        and len(word) > 1
        and word[0] < FIRST_FOREIGN  # else it may begin with a Greek letter
        and (word.islower() or word[1:].islower())
        and word not in _triggers()
    )


@lru_cache(maxsize=1)
def _triggers() -> frozenset[str]:
    """Words in small letters, or with one capital, that a rule knows without a stop after them."""
    words = {
        *table("spoken_as"),
        *dates.MONTHS,
        *dates.SHORT_NAMES,
        *table("keys"),
        "Alt",
        "Option",
        "Shift",
        "Dr",
        "St",
        "Rs",
    }
    words |= set(roman.SMALL_NUMERALS) | {"Gen", *table("bible")}
    words |= {name.capitalize() for name, row in table("abbreviations").items() if row[1] == "bare"}
    return frozenset(words)
