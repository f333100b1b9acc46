"""A walk through a text: at each number, sign and word the rules of that kind are asked in order."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from muspeaker.text.normalize.english.source import Rule, Source

# No rule knows a stop that nothing follows at once, and there is one for each sentence.
_TOKEN = re.compile(
    r"(?P<number>\d+)|(?P<word>[^\W\d_]+(?:'[^\W\d_]+)*)"
    r"|(?P<sign>(?!\.(?:\s|\Z))[^\w\s,;:?!()\"—…\u2029]|!(?==)|\((?=\d{3}\)))"
)


class Scanner:
    """Writes out what the rules know.

    Args:
        rules: Rules for `number`, `word` and `sign`, each in the order in which they are asked. The first
            that answers decides, and the walk goes on after what it has read.
        is_plain: Says of a word and the character after it that no rule can know them. Most words are plain.
    """

    def __init__(
        self, rules: Mapping[str, Sequence[Rule]], is_plain: Callable[[str, str], bool]
    ) -> None:
        self._rules = rules
        self._is_plain = is_plain

    def edits(self, source: Source) -> list[tuple[int, int, str]]:
        """Start, end and words of everything in a text that a rule knows."""
        text = source.text
        found: list[tuple[int, int, str]] = []
        position = 0
        while match := _TOKEN.search(text, position):
            kind, start, position = str(match.lastgroup), match.start(), match.end()
            if kind == "word" and self._is_plain(match[0], text[position : position + 1]):
                continue
            for rule in self._rules[kind]:
                spoken = rule.read(source, start)
                if spoken is not None:
                    words = _apart(spoken.words, text, start, spoken.end)
                    found.append((start, spoken.end, words))
                    position = spoken.end
                    break
        return found


def _apart(words: str, text: str, start: int, end: int) -> str:
    """The words, with spaces where they would touch others."""
    if start and words[:1].isalnum() and text[start - 1].isalnum():
        words = f" {words}"
    if end < len(text) and words[-1:].isalnum() and text[end].isalnum():
        words = f"{words} "
    return words
