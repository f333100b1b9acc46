"""A text in pieces: words, hyphens, digits and marks, each with its place."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from muspeaker.text.english.accents import without_silent_accents
from muspeaker.text.english.dictionary import more_words
from muspeaker.text.letter_runs import num_initials

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_PIECE = re.compile(r"(?:[^\W\d_]\.){2,}|'?[^\W\d_]+(?:'[^\W\d_]+)*'?|\d+|[^\w\s]|_")
_APOSTROPHES = str.maketrans("’‘ʼ`", "''''")
_CASE_CHANGE = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WITH_MC = re.compile("Mc[A-Z][a-z]+(?:'s?)?")

DRAWN_OUT = re.compile(r"([a-z])\1{2,}", re.IGNORECASE)  # a letter three times or more
_INITIALS = re.compile("[bcdfghjklmnpqrstvwxz]{3,4}s?|[bcdfghjklmnpqrstvwxz]{2}s")

# Marks that end a phrase: what stands before them is read as before silence.
PHRASE_ENDS = frozenset(",.?!;:—–…()")
# What may join the parts of one written word.
_JOINTS = frozenset("-‐‑/_'&")


class Piece(NamedTuple):
    """A run of letters or digits, or one mark.

    Attributes:
        text: The word, with plain apostrophes, and without the accents that do not tell how it is said.
        start: Position of its first character in the text.
        end: Position after its last character.
        is_glued: Whether nothing stands between it and the piece before.
        is_spoken: Whether it has a letter or a digit.
    """

    text: str
    start: int
    end: int
    is_glued: bool
    is_spoken: bool

    @property
    def is_word(self) -> bool:
        """Whether it has a letter."""
        return any(letter.isalpha() for letter in self.text)

    @property
    def is_capital(self) -> bool:
        """Whether it is one capital letter."""
        return len(self.text) == 1 and self.text.isupper()

    @property
    def is_possessive(self) -> bool:
        """Whether it is one capital letter with 's."""
        return len(self.text) == 3 and self.text[0].isupper() and self.text.endswith("'s")

    def follows(self, other: Piece) -> bool:
        """Whether one character, a space, stands between another piece and this."""
        return self.start == other.end + 1


def tagged_pieces(text: str) -> list[Piece]:
    """All pieces of a text, in order."""
    pieces: list[Piece] = []
    end_before = -1
    for match in _PIECE.finditer(text.translate(_APOSTROPHES)):
        word, (start, end) = match[0], match.span()
        if not word.isascii():
            word = without_silent_accents(word, _accented_words())
        is_spoken = word.isalnum() or any(map(str.isalnum, word))
        pieces.append(Piece(word, start, end, start == end_before, is_spoken))
        end_before = end
    return pieces


@lru_cache(maxsize=1)
def _accented_words() -> frozenset[str]:
    return frozenset(word for word in more_words("us") if not word.isascii())


def groups(pieces: Sequence[Piece]) -> Iterator[list[int]]:
    """Indices of the pieces of each written word, such as three for `well-known`; a mark is alone.

    Capitals one space apart, such as `F A Q`, are one word of letters.
    """
    group: list[int] = []
    after_letters = 0
    last = len(pieces) - 1
    for index, piece in enumerate(pieces):
        if index < after_letters:
            continue
        if group and not piece.is_glued:
            yield from _settled(group, pieces)
            group = []
        if piece.is_capital and not piece.is_glued:
            after_letters = _end_of_letters(pieces, index)
            if after_letters:
                yield list(range(index, after_letters))
                continue
        if not group and (index == last or not pieces[index + 1].is_glued):
            yield [index]  # as most are
            continue
        joins = piece.is_spoken or piece.text in _JOINTS
        if group and not joins:
            yield from _settled(group, pieces)
            group = []
        if joins:
            group.append(index)
        else:
            yield [index]
    yield from _settled(group, pieces)


def are_letters(group: Sequence[int], pieces: Sequence[Piece]) -> bool:
    """Whether a written word is letters one space apart."""
    return len(group) > 1 and not pieces[group[1]].is_glued


def _end_of_letters(pieces: Sequence[Piece], start: int) -> int:
    """The index after a run of capitals one space apart; 0 if there is none."""
    end = start + 1
    while end < len(pieces) and pieces[end].is_capital and pieces[end].follows(pieces[end - 1]):
        end += 1
    if end < len(pieces) and pieces[end].is_possessive and pieces[end].follows(pieces[end - 1]):
        return end + 1
    if end < len(pieces) and pieces[end].is_glued and pieces[end].is_spoken:
        end -= 1
    count = num_initials("".join(piece.text for piece in pieces[start:end]))
    return start + count if count else 0


def _settled(group: list[int], pieces: Sequence[Piece]) -> Iterator[list[int]]:
    """A group from its first to its last spoken piece; what stands around it is alone."""
    if len(group) == 1:
        yield group
        return
    spoken = [index for index in group if pieces[index].is_spoken]
    if not spoken:
        yield from ([index] for index in group)
        return
    yield from ([index] for index in group if index < spoken[0])
    yield [index for index in group if spoken[0] <= index <= spoken[-1]]
    yield from ([index] for index in group if index > spoken[-1])


def split_case(word: str) -> list[str]:
    """The parts of a word that capitals begin, such as `i` and `Phone`; `McBride` is whole."""
    return [word] if _WITH_MC.fullmatch(word) else _CASE_CHANGE.split(word)


def is_initials(word: str) -> bool:
    """Whether a word in small letters can only be initials, such as `html` and `dvds`: it has no vowel."""
    return _INITIALS.fullmatch(word) is not None and DRAWN_OUT.search(word) is None
