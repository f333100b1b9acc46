"""Words cut short: with a stop, with a slash, titles and streets."""

from __future__ import annotations

import re

from muspeaker.text.normalize.english import number_words
from muspeaker.text.normalize.english.source import PatternRule, Source
from muspeaker.text.normalize.english.tables import table, words_of

_PLACE_NAME = re.compile(r"(?:^|[^\w'])([A-Z][\w']*|\d+(?:st|nd|rd|th)) $")


class TitleOrStreet(PatternRule):
    """`Dr. King lives on King Dr.`: a title before a name, a street after one; `St.` likewise."""

    pattern = r"(Dr|St)(\.?)(?![\w'])"
    _NAMES = {"Dr": ("Doctor", "Drive"), "St": ("Saint", "Street")}  # noqa: RUF012

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        title, street = self._NAMES[match[1]]
        end = match.end()
        named = source.next_word(end)[:1].isupper() and not source.ends_text(end)
        after_name = _PLACE_NAME.search(source.before(match.start()))
        if after_name and (not named or source.sentence_follows(end)):
            is_end = match[2] and source.sentence_follows(end)
            return street + "." * bool(is_end)
        if not named:
            return None
        is_street = after_name and match[0] == "St." and after_name[1] not in _BEFORE_SAINTS
        if is_street:
            return street
        return title


_BEFORE_SAINTS = frozenset((
    "The", "In", "At", "On", "By", "Of", "To", "From", "For", "And", "But", "When", "Saint", "Since", "After",
    "Before", "Near", "Old", "Mount", "Port", "Lake", "Church", "Fort", "East", "West", "North", "South",
))  # fmt: skip


class Abbreviation(PatternRule):
    """A word of the table; where its stop may end a sentence, it does before a capital and at the end."""

    pattern = r"([^\W\d_]{1,6})(?:(\.)(?![^\W\d])|()(?!\w))"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        row = table("abbreviations").get(match[1].lower())
        if row is None:
            return None
        spoken, where, stop = row
        end = match.end()
        if not match[2]:
            is_title = where == "bare" and match[1][0].isupper() and match[1] != match[1].upper()
            return spoken if is_title and source.next_word(end)[:1].isupper() else None
        if not self._is_place(where, match, source):
            return None
        is_end = stop == "maybe" and source.capital_follows(end)
        is_end = is_end and (match[1].islower() or source.sentence_follows(end) or where != "any")
        is_end |= source.ends_text(end)
        return spoken + "." * is_end

    @classmethod
    def _is_place(cls, where: str, match: re.Match[str], source: Source) -> bool:
        end, is_capital = match.end(), match[1][0].isupper()
        if where == "number":
            return cls._is_before_number(match, source)
        if where == "name":
            return is_capital and source.next_word(end)[:1].isupper()
        if where == "bare":
            return is_capital and not source.ends_text(end)
        return not (match[1].lower() in _WORDS and source.capital_follows(end))

    @staticmethod
    def _is_before_number(match: re.Match[str], source: Source) -> bool:
        end = match.end()
        if len(match[1]) == 1 and match[1] not in {"p", "P"}:
            return match[1].islower() and _YEAR_AHEAD.match(source.text, end) is not None
        before = source.word_before(match.start()).lower()
        if match[1] == "no" and before in _OWNERS | _BEFORE_NO:
            return before in _OWNERS
        return _NUMBER_AHEAD.match(source.text, end) is not None


_NUMBER_AHEAD = re.compile(
    r" ?(?:\(?#?[A-Z]?\d|[IVXL]{2,6}\b|[ivxl]{1,7}(?:[-–][ivxl]+)?\b|[IVX](?=[.,;)]))"
)
_BEFORE_NO = frozenset(
    ("said", "say", "says", "answered", "answer", "replied", "voted", "is", "was", "means")
)
_OWNERS = frozenset(
    ("my", "your", "his", "her", "our", "their", "phone", "account", "ticket", "order")
)
_YEAR_AHEAD = re.compile(r" ?\d{3,4}\b")
# Abbreviations that are also words, and so rather words where a sentence ends.
_WORDS = frozenset(("al", "max", "min", "temp", "misc", "sq", "tel"))


class Versus(PatternRule):
    """`Roe v. Wade`."""

    pattern = r"v\.?(?= [A-Z])"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        return "versus" if source.word_before(match.start())[:1].isupper() else None


class PerAnnum(PatternRule):
    """`8% p.a.`, after an amount; `P.A.` are letters."""

    pattern = r"p\.a(\.?)(?![\w.])"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        if not _AMOUNT_BEFORE.search(source.before(match.start())):
            return None
        is_end = match[1] and source.sentence_follows(match.end())
        return "per annum" + "." * bool(is_end)


_AMOUNT_BEFORE = re.compile(r"(?:\d(?:[kKmM]|bn)?|%|\bper ?cent)\)? ?$")


class Shorthand(PatternRule):
    """`w/o`, `b/c`, `and/or`."""

    pattern = r"([A-Za-z]{1,2}/[A-Za-z]{0,2})(?![\w/])"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        if source.character(match.start() - 1) in {"/", ".", "-"}:
            return None
        spoken = words_of("shorthand").get(match[1].lower())
        return f"{spoken} " if spoken else None


class SlashedWords(PatternRule):
    """`and/or`, `TCP/IP`: the slash is not said between words."""

    pattern = r"/ ?(?=[^\W_])"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        before = source.character(match.start() - 1)
        return " " if before == match[0][1:] or before.isalnum() else None


class Direction(PatternRule):
    """`100 N. Main St.`: a side of a street."""

    pattern = r"([NSEW])\.(?= (?:[A-Z][a-z]|\d))"
    _NAMES = {"N": "North", "S": "South", "E": "East", "W": "West"}  # noqa: RUF012

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        before = source.before(match.start())
        is_numbered = before[-1:] == " " and before[-2:-1].isdigit()
        return self._NAMES[match[1]] if is_numbered else None


class State(PatternRule):
    """The post's letters for a state: `Springfield, IL 62704`, `Boston, MA`."""

    pattern = r"([A-Z]{2})(?=,? \d{5}(?!\d)|(,)|[.;]?(?:\s|$))"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        name = words_of("states").get(match[1])
        has_code = source.text[match.end() : match.end() + 3].strip(", ")[:1].isdigit()
        is_after_place = _PLACE_AND_COMMA.search(source.before(match.start())) is not None
        return name if has_code or is_after_place else None


_PLACE_AND_COMMA = re.compile(r"(?:^|[^\w,])(?:[A-Z][a-z]+ )?[A-Z][a-z]+, $")


class MissingSpace(PatternRule):
    """`end.Next`: a sentence without a space after it."""

    pattern = r"\.(?=[A-Z][a-z]+[ ,])"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        return ". " if source.character(match.start() - 1).islower() else None


_MODIFIERS = "Ctrl|AltGr|Alt|Cmd|Option|Opt|Shift|Win|Fn"
_KEY = (
    rf"(?:[A-Za-z0-9]|F(?:1[0-2]|[1-9])|{_MODIFIERS}|Tab|Enter|Return|Space|Esc|Delete|Del|Insert|Ins|Home|End"
    r"|Up|Down|Left|Right|PgUp|PgDn|Backspace|PrtSc)(?![^\W_])"
)


class Keys(PatternRule):
    """Keys that are pressed together: `Ctrl+Alt+Del`, `Ctrl-V`, `Alt + F4`; and `PgUp`.

    A hyphen joins keys only after the two names that are nothing else: `Alt-rock` and `Win-3` are words.
    """

    pattern = (
        rf"(?:(?:Ctrl|Cmd)(?:-{_KEY})+(?!-\w)|(?:{_MODIFIERS})(?: ?\+ ?{_KEY})+|Ctrl|PgUp|PgDn)"
        r"(?!\w)"
    )

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        del source
        return " ".join(map(_spoken_key, re.findall(r"[A-Za-z0-9]+", match[0])))


def _spoken_key(written: str) -> str:
    if written.isdecimal():
        return number_words.cardinal(written)
    function = re.fullmatch(r"F(\d{1,2})", written)
    if function:
        return f"F {number_words.cardinal(function[1])}"
    return words_of("keys").get(written, written)


class SpokenAs(PatternRule):
    """Sounds and slips that letters do not tell: see `tables/spoken_as.tsv`."""

    pattern = r"[^\W_]+(?:['-][^\W_]+)?(?![\w'])"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        del source
        return words_of("spoken_as").get(match[0])
