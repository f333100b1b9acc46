"""A text that is rewritten step by step, and knows where in the original each of its characters came from."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterable, Mapping

MAX_COMPARED = 2000  # characters of a stretch that is compared with what it becomes


class TracedText:
    """A text, and the way back from each of its characters to the text it was made of.

    Attributes:
        text: The text as it is now.
        original: The text as it was.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.original = text
        self._steps: list[_Step] = []

    def sub(self, pattern: re.Pattern[str], new: str | Callable[[re.Match[str]], str]) -> None:
        """`re.sub`, with a text (without references to groups) or a function of the match."""
        if isinstance(new, str):
            edits = [(match.start(), match.end(), new) for match in pattern.finditer(self.text)]
        else:
            edits = [
                (match.start(), match.end(), new(match)) for match in pattern.finditer(self.text)
            ]
        self.edit(edits)

    def translate(self, pattern: re.Pattern[str], table: Mapping[str, str]) -> None:
        """Put the table's text in place of what the pattern finds."""
        if not self.text.isascii() or pattern.search(self.text):
            self.sub(pattern, lambda match: table[match[0]])

    def edit(self, edits: Iterable[tuple[int, int, str]], *, whole: bool = False) -> None:
        """Put other text in the place of some stretches.

        Args:
            edits: Start, end and new text of each, in the order of their places, without overlap.
            whole: Whether all of a new text came from all of the old one. Otherwise what both have in common
                at their ends, or all of the new text where the old one contains it, came from itself.
        """
        pieces: list[tuple[int, int, str | None]] = []
        done = 0
        for start, end, new in edits:
            if whole or end - start > MAX_COMPARED:
                changed = [(start, end, new)]
            else:
                changed = _differing(self.text, start, end, new)
            for first, last, text in changed:
                pieces += [(done, first, None), (first, last, text)]
                done = last
        if pieces:
            self.compose([*pieces, (done, len(self.text), None)])

    def compose(self, pieces: Iterable[tuple[int, int, str | None]]) -> None:
        """Build the text anew.

        Args:
            pieces: Start and end of a stretch, and the text that it becomes; None leaves it as it is. What
                stands between them is dropped.
        """
        step = _Step()
        old, parts, length = self.text, [], 0
        for start, end, new in pieces:
            text = old[start:end] if new is None else new
            if text:
                step.add(length, start, end, is_same=new is None)
                parts.append(text)
                length += len(text)
        step.close(length)
        self.text = "".join(parts)
        self._steps.append(step)

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Where in the original the text from `start` to before `end` came from; the range is not empty."""
        if len(self._steps) > 1:
            whole = self._steps[0]
            for step in self._steps[1:]:
                whole = step.after(whole)
            self._steps = [whole]
        first, last = start, end - 1
        if self._steps:
            first, last = self._steps[0].back(first, last)
        first = min(first, len(self.original))
        return first, min(max(first, last) + 1, len(self.original))


class _Step:
    """One rewriting, or several as one: the stretches of the new text in order, and their places in the old."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        # The first and the last character of the old text that each came from, and whether it is the same text.
        self._old: list[tuple[int, int, bool]] = []

    def add(self, at: int, start: int, end: int, *, is_same: bool) -> None:
        self._starts.append(at)
        self._old.append((start, max(start, end - 1), is_same))

    def close(self, length: int) -> None:
        """Say where the end of the new text is, where a later step may put something."""
        if self._starts:
            self._old.append((*self.back(length, length), False))
            self._starts.append(length)

    def back(self, first: int, last: int) -> tuple[int, int]:
        """The first old character that a new one came from, and the last one that another came from."""
        starts = self._starts
        index = bisect_right(starts, first) - 1
        start, end, is_same = self._old[index]
        old_first = start + first - starts[index] if is_same else start
        if first != last:
            index = bisect_right(starts, last) - 1
            start, end, is_same = self._old[index]
        return old_first, start + last - starts[index] if is_same else end

    def after(self, before: _Step) -> _Step:
        """This step and the one that made the text which it rewrites, as one."""
        both = _Step()
        starts, old = both._starts, both._old
        for number, (first, last, is_same) in enumerate(self._old):
            at = self._starts[number]
            if not is_same:
                starts.append(at)
                old.append((*before.back(first, last), False))
                continue
            stop = first + self._starts[number + 1] - at
            index = bisect_right(before._starts, first) - 1
            for position in [first, *before._starts[index + 1 : bisect_left(before._starts, stop)]]:
                start, older_last, is_older = before._old[index]
                moved = start + position - before._starts[index] if is_older else start
                starts.append(at + position - first)
                old.append((moved, older_last, is_older))
                index += 1
        return both


def _differing(text: str, start: int, end: int, new: str) -> list[tuple[int, int, str]]:
    """The edits that are left of one where the old and the new text have something in common."""
    size = len(new)
    if size < end - start:
        at = text.find(new, start, end)
        if size and at >= 0:
            return [(start, at, ""), (at + size, end, "")]
    most = min(size, end - start)
    head = next((i for i in range(most) if text[start + i] != new[i]), most)
    most -= head
    tail = next((i for i in range(most) if text[end - 1 - i] != new[size - 1 - i]), most)
    left = (start + head, end - tail, new[head : size - tail])
    return [left] if left[0] < left[1] or left[2] else []
