"""Long text to sentences, with the pauses between them."""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import dataclass, replace

MAX_CHARACTERS = 200  # about as many tokens
SENTENCE_PAUSE_SECONDS = 0.20
PARAGRAPH_PAUSE_SECONDS = 0.50
CLAUSE_PAUSE_SECONDS = 0.05

# One letter before a full stop, unless it is the last of several, as in `the U S.`
_INITIAL = re.compile(r"(?<![A-Z] )(?:^|(?<=[\s.]))[B-HJ-Z]\.$")
# Numbers are written out in small letters, also where they begin a sentence.
_NUMBER = re.compile(
    r"(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen"
    r"|(?:twen|thir|for|fif|six|seven|eigh|nine)ty|first|second|third|fifth|eighth|ninth|twelfth"
    r"|(?:four|six|seven|ten|eleven)th)\b"
)
_END = re.compile(r"[.?!。؟।]+[\"')\]]*(?=\s|$)|[。؟।]")
_CLAUSE = re.compile(r"(?<=[,;:.?!])\s+")
_PARAGRAPH_GAP = re.compile(r"\n\s*\n")
_WORD = re.compile(r"\S+")

_CONJUNCTIONS = frozenset(
    ("and", "but", "or", "because", "so", "that", "which", "who", "when", "while", "if", "although", "though", "since",
     "unless", "until", "whereas", "where", "before", "after", "than", "whether", "nor", "yet")
)  # fmt: skip
_PREPOSITIONS = frozenset(
    ("in", "on", "at", "by", "for", "from", "with", "without", "about", "into", "through", "over", "under", "between",
     "among", "against", "during", "across", "along", "around", "behind", "beyond", "near", "toward", "towards", "upon",
     "within", "despite", "except", "like", "as", "to")
)  # fmt: skip
# After these a reader does not stop.
_LEANING = frozenset(
    ("the", "a", "an", "my", "your", "his", "her", "its", "our", "their", "this", "these", "those", "of", "very", "is",
     "are", "was", "were", "be", "been", "has", "have", "had", "will", "would", "can", "could", "not", "no", "i", "he",
     "she", "it", "we", "they")
) | _PREPOSITIONS | _CONJUNCTIONS  # fmt: skip


@dataclass(frozen=True)
class Sentence:
    """Text for one pass of the model, and the silence after it in seconds.

    `start` is its place in the text that was split. A text is cut off within a clause where `is_breath` says so.
    """

    text: str
    pause_seconds: float
    start: int = 0
    is_breath: bool = False


def split_sentences(text: str, max_characters: int = MAX_CHARACTERS) -> list[Sentence]:
    """Cut a normalised text into pieces that the model speaks in one pass.

    Cuts fall at full stops, question and exclamation marks and between paragraphs; a longer sentence
    is cut at commas, then where a reader breathes, then anywhere. The last piece has no pause.

    Args:
        text: Text from `normalize`, paragraphs apart by a blank line.
        max_characters: Limit on the characters of a piece.

    Raises:
        ValueError: If max_characters is not positive.
    """
    if max_characters < 1:
        raise ValueError(f"max_characters must be positive, got {max_characters}")
    sentences: list[Sentence] = []
    start = 0
    for gap in [*_PARAGRAPH_GAP.finditer(text), None]:
        end = gap.start() if gap else len(text)
        pieces = _paragraph(text, start, end, max_characters)
        if pieces:
            pieces[-1] = replace(pieces[-1], pause_seconds=PARAGRAPH_PAUSE_SECONDS)
            sentences += pieces
        start = gap.end() if gap else end
    if sentences:
        sentences[-1] = replace(sentences[-1], pause_seconds=0.0)
    return sentences


def _paragraph(text: str, start: int, end: int, max_characters: int) -> list[Sentence]:
    paragraph = text[start:end]
    pieces: list[Sentence] = []
    position = 0
    has_capitals = paragraph != paragraph.lower()
    for match in _END.finditer(paragraph):
        if match[0][0] == "." and has_capitals and _continues(paragraph, match.end()):
            continue
        pieces += _bounded(paragraph, position, match.end(), max_characters)
        position = match.end()
    pieces += _bounded(paragraph, position, len(paragraph), max_characters)
    return [replace(piece, start=start + piece.start) for piece in pieces]


def _continues(text: str, end: int) -> bool:
    """Whether the full stop before `end` belongs to an initial or an unknown abbreviation."""
    following = text[end : end + 16].lstrip()
    if following[:1].islower():
        return _NUMBER.match(following) is None
    return _INITIAL.search(text, max(0, end - 4), end) is not None


def _bounded(text: str, start: int, end: int, max_characters: int) -> list[Sentence]:
    """The sentence whole, or packed from its clauses."""
    start, end = _stripped(text, start, end)
    if not any(letter.isalnum() for letter in text[start:end]):
        return []
    if end - start <= max_characters:
        return [Sentence(text[start:end], SENTENCE_PAUSE_SECONDS, start)]
    atoms: list[tuple[int, int, bool]] = []
    position = start
    for gap in [*_CLAUSE.finditer(text, start, end), None]:
        last = gap.start() if gap else end
        if last - position <= max_characters:
            atoms.append((position, last, False))
        else:
            atoms += _breaths(text, position, last, max_characters)
        position = gap.end() if gap else end
    packed = _packed(atoms, max_characters)
    pieces = [
        Sentence(text[a:b], _pause_seconds(text[a:b], is_breath=is_breath), a, is_breath)
        for a, b, is_breath in packed
    ]
    pieces[-1] = replace(pieces[-1], pause_seconds=SENTENCE_PAUSE_SECONDS, is_breath=False)
    return pieces


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    return start, max(start, start + len(piece.strip()))


def _pause_seconds(piece: str, *, is_breath: bool) -> float:
    if is_breath:
        return 0.0
    if piece[-1] in ".?!":
        return SENTENCE_PAUSE_SECONDS
    return CLAUSE_PAUSE_SECONDS if piece[-1] in ",;:" else 0.0


def _breaths(text: str, start: int, end: int, max_characters: int) -> list[tuple[int, int, bool]]:
    """A clause in pieces, cut where a reader breathes, and through a word that is too long."""
    words: list[tuple[int, int]] = []
    for word in _WORD.finditer(text, start, end):
        cuts = [*range(word.start(), word.end(), max_characters), word.end()]
        words += itertools.pairwise(cuts)
    pieces: list[tuple[int, int, bool]] = []
    waiting = [(0, len(words))]
    while waiting:
        first, last = waiting.pop()
        begin, finish = words[first][0], words[last - 1][1]
        if last - first == 1 or finish - begin <= max_characters:
            pieces.append((begin, finish, True))
            continue
        part = words[first:last]
        cut = first + breath_index([text[a:b] for a, b in part], [b - a for a, b in part])
        waiting += [(cut, last), (first, cut)]
    pieces[-1] = (*pieces[-1][:2], False)
    return pieces


def breath_index(words: list[str], sizes: list[int]) -> int:
    """The word before which a reader would breathe: a conjunction or a preposition near the middle.

    Args:
        words: At least two words without marks between them.
        sizes: How long it takes to say each, in any unit.
    """
    total = sum(sizes) or 1
    best, least = 1, math.inf
    said = 0
    for index in range(1, len(words)):
        said += sizes[index - 1]
        from_middle = abs(said / total - 0.5)
        # In the first and in the last quarter only where there is no other place.
        cost = (12.0 if from_middle > 0.25 else 2.0) * from_middle
        if cost < least:  # else no word can make it the best
            cost += _cost(words[index - 1], words[index])
            if cost < least:
                best, least = index, cost
        elif said > total / 2:
            break  # further from the middle it costs only more
    return best


def _cost(before: str, word: str) -> float:
    low = word.lower()
    cost = 0.0 if low in _CONJUNCTIONS else 0.15 if low in _PREPOSITIONS else 0.6
    return cost + 0.6 * (before.lower() in _LEANING)


def _packed(atoms: list[tuple[int, int, bool]], max_characters: int) -> list[tuple[int, int, bool]]:
    """Neighbours joined as long as they fit; what a breath parts stays apart."""
    packed: list[tuple[int, int, bool]] = []
    for start, end, is_breath in atoms:
        if packed and not packed[-1][2] and end - packed[-1][0] <= max_characters:
            packed[-1] = (packed[-1][0], end, is_breath)
        else:
            packed.append((start, end, is_breath))
    return packed
