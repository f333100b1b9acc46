"""Long text to sentences, with the pauses between them."""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_CHARACTERS = 200  # about as many tokens
SENTENCE_PAUSE_SECONDS = 0.20
PARAGRAPH_PAUSE_SECONDS = 0.50
CLAUSE_PAUSE_SECONDS = 0.05

# One letter before a full stop, unless it is the last of several, as in `the U S.`
_INITIAL = re.compile(r"(?<![A-Z] )(?:^|(?<=[\s.]))[B-HJ-Z]\.$")
_END = re.compile(r"[.?!。؟।]+[\"')\]]*(?=\s|$)|[。؟।]")
_CLAUSE = re.compile(r"(?<=[,;:.?!])\s+")


@dataclass(frozen=True)
class Sentence:
    """Text for one pass of the model, and the silence after it in seconds."""

    text: str
    pause_seconds: float


def split_sentences(text: str, max_characters: int = MAX_CHARACTERS) -> list[Sentence]:
    """Cut a normalised text into pieces that the model speaks in one pass.

    Cuts fall at full stops, question and exclamation marks and between paragraphs; a longer sentence
    is cut at commas, then between words, then anywhere. The last piece has no pause.

    Args:
        text: Text from `normalize`, paragraphs apart by a blank line.
        max_characters: Limit on the characters of a piece.

    Raises:
        ValueError: If max_characters is not positive.
    """
    if max_characters < 1:
        raise ValueError(f"max_characters must be positive, got {max_characters}")
    sentences: list[Sentence] = []
    for paragraph in re.split(r"\n\s*\n", text):
        pieces = _paragraph(paragraph.strip(), max_characters)
        if pieces:
            pieces[-1] = Sentence(pieces[-1].text, PARAGRAPH_PAUSE_SECONDS)
            sentences += pieces
    if sentences:
        sentences[-1] = Sentence(sentences[-1].text, 0.0)
    return sentences


def _paragraph(text: str, max_characters: int) -> list[Sentence]:
    pieces: list[Sentence] = []
    position = 0
    has_capitals = text != text.lower()
    for match in _END.finditer(text):
        if match[0][0] == "." and has_capitals and _continues(text, match.end()):
            continue
        pieces += _bounded(text[position : match.end()].strip(), max_characters)
        position = match.end()
    pieces += _bounded(text[position:].strip(), max_characters)
    return pieces


def _continues(text: str, end: int) -> bool:
    """Whether the full stop before `end` belongs to an initial or an unknown abbreviation."""
    following = text[end : end + 8].lstrip()
    return following[:1].islower() or _INITIAL.search(text, max(0, end - 4), end) is not None


def _bounded(sentence: str, max_characters: int) -> list[Sentence]:
    """The sentence whole, or packed from its clauses and words."""
    if not any(letter.isalnum() for letter in sentence):
        return []
    if len(sentence) <= max_characters:
        return [Sentence(sentence, SENTENCE_PAUSE_SECONDS)]
    atoms: list[str] = []
    for clause in _CLAUSE.split(sentence):
        atoms += [clause] if len(clause) <= max_characters else _words(clause, max_characters)
    packed = _packed(atoms, max_characters)
    pauses = [_pause_seconds(piece) for piece in packed]
    pauses[-1] = SENTENCE_PAUSE_SECONDS
    return [Sentence(piece, pause) for piece, pause in zip(packed, pauses, strict=True)]


def _pause_seconds(piece: str) -> float:
    if piece[-1] in ".?!":
        return SENTENCE_PAUSE_SECONDS
    return CLAUSE_PAUSE_SECONDS if piece[-1] in ",;:" else 0.0


def _words(clause: str, max_characters: int) -> list[str]:
    atoms: list[str] = []
    for word in clause.split():
        atoms += [word[at : at + max_characters] for at in range(0, len(word), max_characters)]
    return _packed(atoms, max_characters)


def _packed(atoms: list[str], max_characters: int) -> list[str]:
    packed: list[str] = []
    for atom in atoms:
        if packed and len(packed[-1]) + 1 + len(atom) <= max_characters:
            packed[-1] += f" {atom}"
        else:
            packed.append(atom)
    return packed
