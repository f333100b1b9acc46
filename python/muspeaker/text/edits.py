"""What an edited text keeps of the one that was recorded, token by token."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from muspeaker.text import symbols as sym
from muspeaker.text.tokens import Tokens, Word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

NEW = -1  # origin of a token that the recording does not hold


class EditedSpan(NamedTuple):
    """Tokens of the recording [old_start, old_end) that become [new_start, new_end); either may be none."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int


@dataclass(frozen=True)
class TextEdit:
    """An edited text.

    Attributes:
        tokens: What is to be heard; what is kept has the phones of the recorded text, even where its
            new neighbours would change them.
        origins: (tokens,) int32, the token of the recorded text that each one is, or `NEW`.
        spans: Where the two differ, in order.
    """

    tokens: Tokens
    origins: NDArray[np.int32]
    spans: list[EditedSpan]


class _Unit(NamedTuple):
    """A word, or all pauses in a row; `pause` is the strongest of these, or empty."""

    start: int
    end: int
    key: str
    pause: str
    word: Word | None


def plan_edit(old: Tokens, new: Tokens, symbols: Sequence[str]) -> TextEdit:
    """Compare two texts word by word.

    A word that loses or gains the pause after it, or gets another one, is spoken anew: it would have the
    wrong melody.

    Args:
        old: What was recorded.
        new: What is to be heard.
        symbols: Symbols of the model.

    Raises:
        ValueError: If the two texts say the same.
    """
    old_units, new_units = _units(old, symbols), _units(new, symbols)
    kept = _kept(old_units, new_units)
    if len(kept) == len(old_units) == len(new_units):
        raise ValueError("the new text says the same as the transcript: there is nothing to edit")
    tokens = _Assembly()
    origins: list[int] = []
    spans: list[EditedSpan] = []
    old_end = new_end = 0  # units that are dealt with
    for i, j in [*kept, (len(old_units), len(new_units))]:
        if i > old_end or j > new_end:
            begin = len(origins)
            for unit in new_units[new_end:j]:
                tokens.add(new, unit)
                origins += [NEW] * (unit.end - unit.start)
            spans.append(
                EditedSpan(
                    _first_token(old_units, old_end, len(old.phones)),
                    _first_token(old_units, i, len(old.phones)),
                    begin,
                    len(origins),
                )
            )
        if i < len(old_units):
            unit = old_units[i]
            tokens.add(old, unit, new_units[j].word)
            origins += range(unit.start, unit.end)
        old_end, new_end = i + 1, j + 1
    return TextEdit(tokens.finish(), np.array(origins, np.int32), spans)


def _units(tokens: Tokens, symbols: Sequence[str]) -> list[_Unit]:
    """All tokens in order, as words and runs of pauses."""
    words = {word.start: word for word in tokens.words if word.end > word.start}
    units: list[_Unit] = []
    at = 0
    while at < len(tokens.phones):
        word, end = words.get(at), at + 1
        if word is not None:
            units.append(_Unit(at, word.end, word.text.casefold(), "", word))
            at = word.end
            continue
        is_pause = tokens.boundaries[at] == sym.PAUSE
        while end < len(tokens.phones) and (tokens.boundaries[end] == sym.PAUSE) == is_pause:
            if end in words:
                break
            end += 1
        heard = [symbols[phone] for phone in tokens.phones[at:end]]
        pause = next((mark for mark in "?!.," if mark in heard), ".") if is_pause else ""
        units.append(_Unit(at, end, pause or " ".join(heard), pause, None))
        at = end
    return units


def _kept(old: list[_Unit], new: list[_Unit]) -> list[tuple[int, int]]:
    """Indices of the units that the recording keeps, in both texts."""
    matcher = difflib.SequenceMatcher(
        None, [unit.key for unit in old], [unit.key for unit in new], autojunk=False
    )
    pairs = [
        (block.a + step, block.b + step)
        for block in matcher.get_matching_blocks()
        for step in range(block.size)
    ]
    return [(i, j) for i, j in pairs if old[i].pause or _after(old, i) == _after(new, j)]


def _after(units: list[_Unit], index: int) -> str:
    """The pause after a unit, or nothing."""
    return units[index + 1].pause if index + 1 < len(units) else ""


def _first_token(units: list[_Unit], index: int, num_tokens: int) -> int:
    return units[index].start if index < len(units) else num_tokens


class _Assembly:
    """Tokens put together from two texts."""

    def __init__(self) -> None:
        self._rows: list[NDArray[np.int32]] = []
        self._words: list[Word] = []
        self._count = 0

    def add(self, source: Tokens, unit: _Unit, written: Word | None = None) -> None:
        """Append a unit of a text; the word may be written in another way."""
        word = unit.word
        if word is not None:
            shown = written or word
            end = self._count + unit.end - unit.start
            self._words.append(shown._replace(start=self._count, end=end))
        self._rows.append(source.ids[:, unit.start : unit.end])
        self._count += unit.end - unit.start

    def finish(self) -> Tokens:
        """All of them."""
        phones, stresses, boundaries = np.concatenate(self._rows, axis=1)
        return Tokens(phones, stresses, boundaries, self._words)
