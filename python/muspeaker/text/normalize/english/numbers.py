"""Numbers by themselves: cardinals, ordinals, decimals, years, decades, codes."""

from __future__ import annotations

import re
from functools import lru_cache

from muspeaker.text.normalize.english import number_words
from muspeaker.text.normalize.english.amounts import AMOUNT, INTEGER, MAGNITUDES, amount
from muspeaker.text.normalize.english.source import PatternRule, Source
from muspeaker.text.normalize.english.tables import members, words_of

_LETTER_SIZES = frozenset(
    ("tv", "tvs", "video", "videos", "display", "displays", "monitor", "screen", "resolution", "uhd", "run", "race")
)  # fmt: skip
_BEFORE_AMOUNTS = frozenset(
    ("about", "over", "under", "nearly", "almost", "than", "to", "of", "around", "some", "roughly", "up", "least", "most",
     "raised", "sold", "has", "have", "had", "reached", "got", "worth", "another", "extra", "spent", "lost")
)  # fmt: skip
_VERBS = frozenset(("is", "has", "was", "makes", "sells", "says", "does", "tapes", "plans"))
_COUNTED = frozenset(
    ("loan", "bonus", "raise", "salary", "deal", "budget", "grant", "prize", "fine")
)
_FIRST_YEAR, _LAST_YEAR = 1100, 2099
_FIRST_BARE_YEAR = 1500  # a smaller number is one only where a word such as `in` says so
_MAX_CARDINAL_RUN = 9  # digits without commas; more of them are to be dialled or copied


class Phrase(PatternRule):
    """Numbers with a reading of their own, such as `24/7`."""

    pattern = r"\d{1,4}(?:[/-]\d{1,2}|[A-Za-z]|\(k\))?(?![\w/-]|[.,]\d)"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        if source.character(match.start() - 1) in {"$", "€", "£", ".", "-", "/"}:
            return None
        return words_of("phrases").get(match[0])


class NetworkStandard(PatternRule):
    """`802.11ac`, `802.1X`, `IEEE 802.3`: a standard, not a number with a unit as `802.11 km` is."""

    pattern = r"802\.(11|15|[13])((?![kcm][mg])[A-Za-z]{1,2})?(?!\w|\.\d)"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        if not (match[2] or source.word_before(match.start()) == "IEEE"):
            return None
        spoken = f"eight oh two dot {number_words.cardinal(match[1])}"
        return " ".join([spoken, *(match[2] or "").upper()])


class Ordinal(PatternRule):
    """`21st`."""

    pattern = rf"({INTEGER})(?:st|nd|rd|th|ST|ND|RD|TH)(s?)\b"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        return number_words.ordinal(match[1], british=source.british) + match[2]


class Decade(PatternRule):
    """`1990s`, `'90s` and `90s`."""

    pattern = r"'?(\d{1,3})?(\d0)'?s\b"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        century, tens = match[1], match[2]
        if century and len(century) == 2:
            return number_words.decade(int(century + tens))
        if century or int(tens) < 20:
            return None
        is_named = source.word_before(match.start()).lower() in members("contexts", "decade")
        if match[0][0] == "'" or is_named or source.character(match.start() - 1) == "-":
            return number_words.plural(number_words.cardinal(tens))
        return None


class Quotient(PatternRule):
    """Times as much: `2x`, `10x faster`."""

    pattern = rf"({AMOUNT})[x×](?![\w×^])(?! ?[-+=*/\d])"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        return f"{amount(match[1], british=source.british)} times"


class Magnitude(PatternRule):
    """`10k`, `5M users`, `2bn`."""

    pattern = rf"({AMOUNT})(k|K|M|mn|bn|Bn|B|tn)\b(?!')"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        spoken = amount(match[1], british=source.british)
        letter = self._letter(match, source)
        return f"{spoken} {letter or MAGNITUDES[match[2]]}"

    def _letter(self, match: re.Match[str], source: Source) -> str | None:
        """What is said for a letter that is no magnitude after all."""
        letter, after = match[2], source.next_word(match.end()).lower().split("'")[0]
        if letter == "k" and after == "gold":
            return "karat"
        is_size = letter in {"k", "K"} and after in _LETTER_SIZES
        is_size |= letter == "K" and match[1] in {"4", "5", "8"}
        is_name = match[0] == "3M" and self._is_company(match, source)
        is_name |= letter == "k" and self._is_race(match, source)
        is_name |= letter == "B" and self._is_label(match, source)
        return letter.upper() if is_size or is_name else None

    @staticmethod
    def _is_company(match: re.Match[str], source: Source) -> bool:
        """Whether `3M` is the company: nothing before it tells of an amount, and nothing after it is counted."""
        before, after = source.word_before(match.start()).lower(), source.next_word(match.end())
        sign = source.character(match.start() - 1)
        is_amount = before in _BEFORE_AMOUNTS or not (
            sign == "" or sign.isspace() or sign in "(\"'"
        )
        return not (is_amount or (after.islower() and after.endswith("s") and after not in _VERBS))

    @staticmethod
    def _is_race(match: re.Match[str], source: Source) -> bool:
        """Whether `10k` is a run: `a 10k`."""
        after = source.next_word(match.end())
        return (
            match[1] in {"5", "10"}
            and source.word_before(match.start()).lower() in {"a", "my", "first"}
            and not (after.islower() and source.character(match.end()) == " " and after in _COUNTED)
        )

    @staticmethod
    def _is_label(match: re.Match[str], source: Source) -> bool:
        """Whether `4B` is a flat or a house, as in `Apt. 4B` and `221B Baker Street`."""
        before = source.word_before(match.start()).lower()
        return before in members("contexts", "pairs") or source.next_word(match.end())[:1].isupper()


class NumberAndLetters(PatternRule):
    """A number with letters right after it: `5G`, `1080p`, `3D`, `2nite`."""

    pattern = r"(\d{1,4})([A-Z]{1,3}s?|[a-z])(?![\w'])"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        letters = match[2]
        if letters == "s" and source.character(match.start() - 1) in {"-", "x", "×"}:
            return None  # F-16s and 2x4s are several of them
        is_plural = len(letters) > 1 and letters.endswith("s")
        spelled = " ".join(letters[:-1] if is_plural else letters).upper()
        return f"{number_words.in_pairs(match[1])} {spelled}{'s' * is_plural}"


class Scientific(PatternRule):
    """`6.02e23`: times ten to the power of."""

    pattern = r"(\d+)(?:\.(\d+))?[eE]([+-]?)(\d{1,3})(?![\w.])"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        mantissa = number_words.decimal(match[1], match[2] or "", british=source.british)
        exponent = number_words.cardinal(str(int(match[4])))
        sign = "minus " if match[3] == "-" else ""
        return f"{mantissa} times ten to the power of {sign}{exponent}"


class Decimal(PatternRule):
    """`3.14`, `.5`; after the name of a software `3.11` is three point eleven."""

    pattern = rf"({INTEGER})?\.(\d+)(?!\.\d)"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        whole, fraction = match[1], match[2]
        before = source.character(match.start() - 1)
        if not whole and (before.isalnum() or before in {".", ")"}):
            return None
        if whole and source.word_before(match.start()).lower() in members("contexts", "version"):
            return f"{number_words.cardinal(whole)} point {version_part(fraction)}"
        return number_words.decimal(whole or "", fraction, british=source.british)


def version_part(digits: str) -> str:
    """One part of a version: a number, with `oh` for a zero in front."""
    if len(digits) == 2 and digits[0] == "0":
        return f"oh {number_words.cardinal(digits[1])}"
    return number_words.cardinal(digits) if len(digits) < 4 else number_words.by_digits(digits)


class GroupedThousands(PatternRule):
    """`1 000 000`, `1.234.567`: thousands apart as in other countries."""

    pattern = r"\d{1,3}(?:( |\.)\d{3})(?:\1\d{3}){1,5}(?![ .]?\d)"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        if match[0].startswith("0") or source.character(match.start() - 1) in {".", "-"}:
            return None
        return number_words.cardinal(re.sub(r"\D", "", match[0]), british=source.british)


class ShortYear(PatternRule):
    """`the '08 crash`, `class of '99`."""

    pattern = r"'(\d)(\d)(?![\w'])"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        before = source.before(match.start())
        if before[-1:] not in {"", " ", "("} and not _PERIOD.search(before):
            return None
        if match[1] == "0":
            return f"oh {number_words.cardinal(match[2])}"
        return number_words.cardinal(match[1] + match[2])


_PERIOD = re.compile(r"\b(?:Q[1-4]|FY|H[12])$")


class Version(PatternRule):
    """`2.3.1` and Internet addresses such as `192.168.0.1:80`."""

    pattern = r"\d+(?:\.\d+){2,15}(?!\.?\d)(?::\d{1,5}\b)?"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        del source
        dotted, colon, port = match[0].partition(":")
        parts = dotted.split(".")
        if len(parts) == 4 and all(len(part) <= 3 for part in parts):
            address = " dot ".join(number_words.by_digits(part) for part in parts)
            return f"{address} colon {number_words.by_digits(port)}" if colon else address
        if colon:
            return None
        return " point ".join(version_part(part) for part in parts)


class Stage(PatternRule):
    """`-beta.2` after a version."""

    pattern = r"-(alpha|beta|rc|dev|pre)\.?(\d{1,3})?(?!\w)"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        if not source.character(match.start() - 1).isdigit():
            return None
        name = "R C" if match[1] == "rc" else match[1]
        return f" {name} {number_words.cardinal(match[2])}" if match[2] else f" {name}"


class Plain(PatternRule):
    """Every other number: a year, a code or a cardinal, by what stands around it."""

    pattern = rf"({INTEGER})('?s\b)?"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        spoken = self._number(match[1], source, match.start(), match.end())
        return number_words.plural(spoken) if match[2] else spoken

    def _number(self, written: str, source: Source, start: int, end: int) -> str:
        if "," in written:
            return number_words.cardinal(written, british=source.british)
        context = source.word_before(start).lower()
        if self._is_code(written, source, start):
            return number_words.by_digits(written)
        if len(written) in {3, 4} and self._is_model(written, context, source, start):
            return number_words.in_pairs(written)
        if len(written) == 4 and source.character(start - 1) == "#":
            return number_words.cardinal(written, british=source.british)
        if len(written) == 4 and self._is_year(int(written), context, source, end):
            return number_words.year(int(written), british=source.british)
        return number_words.cardinal(written, british=source.british)

    @staticmethod
    def _is_model(written: str, context: str, source: Source, start: int) -> bool:
        """The number of a room, a flight, a model: `Room 1204`, `RTX 4090`, `F-150`."""
        if context in members("contexts", "pairs"):
            return True
        before = source.before(start)
        if _AIRLINER.match(source.text, start):
            return True
        if len(written) == 3:
            return _NAME_AND_HYPHEN.search(before) is not None
        return written[1:3] != "00" and _MODEL_NAME.search(before) is not None

    def _is_code(self, written: str, source: Source, start: int) -> bool:
        if len(written) > _MAX_CARDINAL_RUN or (len(written) > 1 and written[0] == "0"):
            return True
        if len(written) < 3:
            return False
        if len(written) == 5 and _STATE.search(source.before(start)):
            return True
        code, order = _code_before()
        before = source.before(start)
        return code.search(before) is not None or (
            len(written) > 3 and order.search(before) is not None
        )

    def _is_year(self, number: int, context: str, source: Source, end: int) -> bool:
        if not _FIRST_YEAR <= number <= _LAST_YEAR:
            return 1000 < number < _FIRST_YEAR and context == "in"
        if source.character(end) == "%":
            return False
        if context in members("contexts", "year"):
            return True
        counted = source.next_word(end)
        if number < _FIRST_BARE_YEAR or counted == "of":
            return False
        is_plural = counted.islower() and counted.endswith("s")
        if not is_plural or counted.endswith(("ss", "us", "is")):
            return True
        is_named = context == "the" and number % 100 != 0
        return is_named or counted in members("contexts", "uncounted")


_AIRLINER = re.compile(r"7[0-8]7-\d{1,4}(?![\w-])")
_NAME_AND_HYPHEN = re.compile(r"(?<![A-Za-z])[A-Z][A-Za-z]*-$")
_MODEL_NAME = re.compile(
    r"(?<![A-Za-z-])[A-Z]{2,3}-$|(?<![A-Za-z])[RGM]TX $|(?<![A-Za-z])R[XT] $|\b[Ff]light [A-Z]{2} $"
)
_STATE = re.compile(r"(?:\b[A-Z]{2}|D\.C\.),? $")


@lru_cache(maxsize=1)
def _code_before() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What stands before digits that are read one by one, and before numbers of orders and the like."""
    codes = "|".join(members("contexts", "digits"))
    orders = "|".join(members("contexts", "orders"))
    return (
        re.compile(
            rf"\b(?:{codes}|ending in|ending with)(?:\.| (?:number|code|no\.?))?(?: (?:is|was)|:| =)? ?#?$",
            re.IGNORECASE,
        ),
        re.compile(rf"\b(?:{orders})(?: number|:)? ?(?:#|number |no\. ?)$", re.IGNORECASE),
    )
