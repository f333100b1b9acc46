"""Roman numerals, after what they follow."""

from __future__ import annotations

import re

from muspeaker.text.normalize.english import number_words
from muspeaker.text.normalize.english.source import PatternRule, Source
from muspeaker.text.normalize.english.tables import members

_WORDS_BEFORE = re.compile(r"(?:([^\W\d_]+) )?([^\W\d_]+)(?:\.? |-)$")
_LARGEST_SEQUEL = 39
_NUMBERED = frozenset(("page", "pages", "p", "pp", "vol", "fig", "sec", "chapters", "section", "sections", "part", "parts", "item", "footnote",
    "note", "figure", "table", "step", "scene", "act", "verse", "stanza", "appendix"))  # fmt: skip
SMALL_NUMERALS = tuple(number_words.roman(value).lower() for value in range(1, _LARGEST_SEQUEL + 1))
_FIRST_YEAR, _LAST_YEAR = 1500, 2099


class SmallNumeral(PatternRule):
    """`chapter iv`, `page xii`, `pp. ii-iv`: in small letters, after what they follow."""

    pattern = r"([ivxl]{1,7})(?:([-–])([ivxl]{1,7}))?(?![\w'&]|\.\w|-\w)"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        values = [number_words.roman_value(part.upper()) for part in match.group(1, 3) if part]
        before = _WORDS_BEFORE.search(source.before(match.start()))
        noun = before[2].lower() if before else ""
        is_named = noun in members("contexts", "numeral") or noun in _NUMBERED
        if before is None or not is_named or None in values:
            return None
        return " to ".join(number_words.cardinal(value) for value in values if value is not None)


class RomanNumeral(PatternRule):
    """`World War II` two, `Henry VIII` the eighth, `Chapter IV` four, `XIX century` nineteenth."""

    pattern = r"([IVXLCDM]{1,12})('s)?(?![\w'&]|\.\w|-\w)"

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """See `PatternRule`."""
        value = number_words.roman_value(match[1])
        if value is None:
            return None
        if len(match[1]) > 3 and _FIRST_YEAR <= value <= _LAST_YEAR:
            return number_words.year(value, british=source.british)
        if source.next_word(match.end()).lower() in {"century", "centuries"}:
            return number_words.ordinal(value)
        before = _WORDS_BEFORE.search(source.before(match.start()))
        if before is None:
            return self._alone(match, source, value)
        name = before[2]
        if name.lower() in members("contexts", "regnal") and name[0].isupper():
            return self._regnal(match, source, value, before[1] or "")
        return self._after_noun(match, source, value, name)

    @staticmethod
    def _alone(match: re.Match[str], source: Source, value: int) -> str | None:
        """At the head of a list or in brackets."""
        is_head = source.character(match.end()) in {".", ")"} and len(match[1]) > 1
        return number_words.cardinal(value) if is_head and value <= _LARGEST_SEQUEL else None

    @staticmethod
    def _regnal(match: re.Match[str], source: Source, value: int, title: str) -> str | None:
        if match[1] == "I":
            follows = source.next_word(match.end())
            named = title.lower() in members("contexts", "ruler")
            if not named and follows not in {"of", "was", "and", "ruled", "reigned"}:
                return None
        return f"the {number_words.ordinal(value)}{match[2] or ''}"

    @staticmethod
    def _after_noun(match: re.Match[str], source: Source, value: int, noun: str) -> str | None:
        is_heading = noun.lower() in members("contexts", "numeral")
        if match[1] == "I":
            is_numeral = is_heading and (noun[0].isupper() or not source.next_word(match.end()))
        elif is_heading:
            is_numeral = True
        else:
            is_small = len(match[1]) > 1 and value <= _LARGEST_SEQUEL
            is_numeral = noun[0].isupper() and is_small and match[1] not in {"XL", "IV", "XX"}
            is_numeral |= noun[0].isupper() and match[1] == "IV" and noun not in {"An", "The"}
        return f"{number_words.cardinal(value)}{match[2] or ''}" if is_numeral else None
