"""One utterance as the linguistic encoder takes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from muspeaker.text import symbols as sym

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class Word(NamedTuple):
    """One spoken word and the tokens that speak it: `start` inclusive, `end` exclusive.

    `mark` is the punctuation after it, one of `,.?!`, or empty. `place` is where it stands: first character and
    the one after the last, in the sentence, or in the text that the sentence was made of; `written` is what stands there
    in that text.
    """

    text: str
    start: int
    end: int
    mark: str = ""
    place: tuple[int, int] = (0, 0)
    written: str = ""


@dataclass(frozen=True)
class Tokens:
    """One utterance as the linguistic encoder takes it.

    Attributes:
        phones: (tokens,) int32, indices into the model's symbols; first and last are silence.
        stresses: (tokens,) int32, 0 none, 1 primary, 2 secondary, on vowels.
        boundaries: (tokens,) int32, 0 inside a word, 1 first phone of one, 2 pause.
        words: Written words with their token ranges, in order. A word that espeak-ng did not speak
            has an empty range.
    """

    phones: NDArray[np.int32]
    stresses: NDArray[np.int32]
    boundaries: NDArray[np.int32]
    words: list[Word]

    @property
    def ids(self) -> NDArray[np.int32]:
        """(3, tokens) int32: phones, stresses and boundaries, as the engine takes them."""
        return np.stack([self.phones, self.stresses, self.boundaries])

    @property
    def pauses_after(self) -> int:
        """Number of tokens after the last that is spoken."""
        spoken = np.flatnonzero(self.boundaries != sym.PAUSE)
        return len(self.boundaries) - (int(spoken[-1]) + 1 if len(spoken) else 0)

    @property
    def has_speech(self) -> bool:
        """Whether any token is more than a pause."""
        return bool((self.boundaries != sym.PAUSE).any())


def cut_before(tokens: Tokens, index: int) -> tuple[Tokens, Tokens]:
    """Two utterances of one, the second beginning with the word of an index."""
    cut = tokens.words[index].start
    rows = [tokens.phones, tokens.stresses, tokens.boundaries]
    silence = [row[:1] for row in rows]
    before, after = (
        [np.concatenate(parts) for parts in zip(*pair, strict=True)]
        for pair in (([r[:cut] for r in rows], silence), (silence, [r[cut:] for r in rows]))
    )
    moved = [
        Word(
            word.text, word.start - cut + 1, word.end - cut + 1, word.mark, word.place, word.written
        )
        for word in tokens.words[index:]
    ]
    first = Tokens(before[0], before[1], before[2], tokens.words[:index])
    return first, Tokens(after[0], after[1], after[2], moved)


@dataclass
class TokenBuilder:
    """Tokens under construction, begun with silence."""

    symbols: tuple[str, ...]

    def __post_init__(self) -> None:
        self.phones: list[str] = [sym.SILENCE]
        self.stresses: list[int] = [sym.NO_STRESS]
        self.boundaries: list[int] = [sym.PAUSE]
        self.words: list[Word] = []

    def pause(self, mark: str) -> None:
        """Add one pause; two in a row become the stronger."""
        if mark not in self.symbols:
            return
        if self.boundaries[-1] == sym.PAUSE:
            if len(self.phones) > 1 and self.phones[-1] == ",":
                self.phones[-1] = mark
            return
        self.phones.append(mark)
        self.stresses.append(sym.NO_STRESS)
        self.boundaries.append(sym.PAUSE)

    def mark(self, mark: str) -> None:
        """End a clause: a pause, and the mark on the word before it."""
        if self.words:
            word = self.words[-1]
            self.words[-1] = Word(word.text, word.start, word.end, mark, word.place, word.written)
        self.pause(mark)

    def word(self, pairs: Sequence[tuple[str, int]]) -> None:
        """Add the phones of one spoken word."""
        for index, (phone, stress) in enumerate(pairs):
            self.phones.append(phone)
            self.stresses.append(stress)
            self.boundaries.append(sym.INSIDE_WORD if index else sym.WORD_START)

    def finish(self) -> Tokens:
        """The tokens, ended with silence."""
        self.phones.append(sym.SILENCE)
        self.stresses.append(sym.NO_STRESS)
        self.boundaries.append(sym.PAUSE)
        return Tokens(
            phones=np.array(sym.symbol_ids(self.phones, self.symbols), dtype=np.int32),
            stresses=np.array(self.stresses, dtype=np.int32),
            boundaries=np.array(self.boundaries, dtype=np.int32),
            words=self.words,
        )
