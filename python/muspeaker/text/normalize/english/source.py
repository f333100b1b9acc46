"""The text that rules read, and what a rule is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, NamedTuple

if TYPE_CHECKING:
    from typing import Protocol

    class Rule(Protocol):
        """One kind of thing that is written otherwise than it is said."""

        def read(self, source: Source, at: int) -> Spoken | None:
            """What is said for the text at a position, or None if it is of another kind."""


_REACH = 40  # characters that a rule may look back
_WORD_BEFORE = re.compile(r"([^\W\d_]+(?:'[^\W\d_]+)*)\.?[ \"'(]*$")
_SENTENCE_STARTS = frozenset((
    "A", "After", "All", "Although", "An", "And", "Are", "As", "At", "Because", "Before", "But", "By", "Can",
    "Could", "Did", "Do", "Does", "During", "Each", "Every", "For", "From", "Has", "Have", "He", "Her", "Here",
    "His", "How", "However", "I", "If", "In", "Is", "It", "Its", "Later", "Many", "Most", "My", "No", "Not", "Now",
    "Of", "On", "One", "Or", "Our", "She", "So", "Some", "Such", "That", "The", "Their", "Then", "There", "These",
    "They", "This", "Those", "To", "Today", "Was", "We", "Were", "What", "When", "Where", "Which", "While", "Who",
    "Why", "Will", "With", "Would", "Yes", "You", "Your", "You're", "It's", "I'm", "We're", "They're", "That's",
))  # fmt: skip
_AND_AHEAD = re.compile(r"[^.,;!?]{0,30}\band\b")
_NEXT_WORD = re.compile(r"[\"')]*\s+[\"'(]*([^\W\d_]+(?:'[^\W\d_]+)*)")
_TEXT_END = re.compile(r"[\"')\]]*\s*(?:$|\u2029)")


class Spoken(NamedTuple):
    """What is said for a stretch of text, and where that ends."""

    words: str
    end: int


@dataclass(frozen=True)
class Source:
    """A cleaned text, with what rules ask about it.

    Attributes:
        text: One form of each quote, dash and space; paragraphs stand apart by U+2029.
        british: Whether dates, fractions and hundreds are read as in Britain.
    """

    text: str
    british: bool = False

    def word_before(self, at: int) -> str:
        """The word that ends before a position, or nothing if another mark than a bracket stands between."""
        match = _WORD_BEFORE.search(self.text[max(0, at - _REACH) : at])
        return match[1] if match else ""

    def before(self, at: int) -> str:
        """Some text before a position."""
        return self.text[max(0, at - _REACH) : at]

    def character(self, at: int) -> str:
        """The character at a position, or nothing beyond the text."""
        return self.text[at : at + 1] if at >= 0 else ""

    def next_word(self, at: int) -> str:
        """The word after a space at a position, or nothing if there is none."""
        match = _NEXT_WORD.match(self.text, at)
        return match[1] if match else ""

    def joint_of_range(self, at: int) -> str:
        """What is said between the ends of a range that begins at a position: `to`, and `and` after `between`.

        `Between 1914-18 and 1939-45` are two ranges, of which each goes from one year to another.
        """
        is_between = self.word_before(at).lower() == "between"
        return "and" if is_between and not _AND_AHEAD.match(self.text, at) else "to"

    def ends_text(self, at: int) -> bool:
        """Whether the text or its paragraph ends at a position."""
        return _TEXT_END.match(self.text, at) is not None

    def sentence_follows(self, at: int) -> bool:
        """Whether a new sentence seems to begin at a position: with a word that names nothing, or nothing."""
        if self.ends_text(at):
            return True
        match = _NEXT_WORD.match(self.text, at)
        # The last word of a text that still arrives may be the beginning of another.
        return match is not None and match[1] in _SENTENCE_STARTS and match.end() < len(self.text)

    def capital_follows(self, at: int) -> bool:
        """Whether the text ends at a position, or goes on with a capital."""
        return self.ends_text(at) or self.next_word(at)[:1].isupper()

    def has_article(self, start: int) -> bool:
        """Whether `a` or `an` stands before a position, as in `a 9mm`."""
        return self.word_before(start) in {"a", "an"}

    def is_attribute(self, start: int, end: int) -> bool:
        """Whether an amount stands before the noun that it describes, as in `a 5 km run`."""
        return self.word_before(start).lower() in {"a", "an"} and self.next_word(end)[:1].islower()


class PatternRule:
    """A rule that is asked for what its pattern matches.

    The pattern is compiled when a text first asks for it: most texts need few of them.
    """

    pattern: ClassVar[str]

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self.pattern)

    def read(self, source: Source, at: int) -> Spoken | None:
        """See `Rule`."""
        match = self._compiled.match(source.text, at)
        words = self.words(match, source) if match else None
        return None if match is None or words is None else Spoken(words, match.end())

    def words(self, match: re.Match[str], source: Source) -> str | None:
        """What is said for a match, or None if it is of another kind after all."""
        raise NotImplementedError
