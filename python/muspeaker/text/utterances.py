"""A sentence to tokens, in parts that the engine and a reader's breath are enough for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from muspeaker.text.phonemize import tokens
from muspeaker.text.sentences import Sentence, breath_index, split_sentences
from muspeaker.text.symbols import PAUSE
from muspeaker.text.tokens import Tokens, Word, cut_before

if TYPE_CHECKING:
    from collections.abc import Iterator

    from muspeaker.text.passages import Reading
    from muspeaker.text.respelling import GivenPhones, Pronounced
    from muspeaker.text.traced import TracedText

MAX_TOKENS = 400
MAX_BREATH_PHONES = 120  # phones without a pause between them; about 9 s


@dataclass(frozen=True)
class Part:
    """Tokens for one pass, the pause after them, and whether it is but a breath."""

    tokens: Tokens
    pause_seconds: float
    is_breath: bool


def bounded(
    sentence: Sentence, text: TracedText, given: GivenPhones | None, reading: Reading
) -> Iterator[Part]:
    """The tokens of a sentence, in parts where it is too long; nothing if it has no phones.

    Args:
        sentence: Sentence of the text.
        text: What it was split from.
        given: Phones for places of the original text.
        reading: Settings.
    """
    read = _tokens(sentence, text, given, reading)
    if len(read.phones) <= MAX_TOKENS or len(sentence.text) < 2:
        if read.has_speech:
            parts = _breaths(read)
            for part in parts[:-1]:
                yield Part(part, 0.0, True)
            yield Part(parts[-1], sentence.pause_seconds, sentence.is_breath)
        return
    pieces = split_sentences(sentence.text, (len(sentence.text) + 1) // 2)
    pieces[-1] = replace(
        pieces[-1], pause_seconds=sentence.pause_seconds, is_breath=sentence.is_breath
    )
    for piece in pieces:
        moved = replace(piece, start=sentence.start + piece.start)
        yield from bounded(moved, text, given, reading)


def _tokens(
    sentence: Sentence, text: TracedText, given: GivenPhones | None, reading: Reading
) -> Tokens:
    """Tokens of a sentence; the places of its words are those in the original text."""
    start = sentence.start

    def phones_at(first: int, last: int) -> Pronounced | None:
        place = text.place(start + first, start + last)
        return given.at(*place, sentence.text[first:last]) if given else None

    read = tokens(
        sentence.text,
        reading.language,
        reading.symbols,
        phonemes=reading.phonemes,
        given=phones_at if given else None,
    )
    return replace(read, words=[_with_place(word, start, text) for word in read.words])


def _with_place(word: Word, start: int, text: TracedText) -> Word:
    """A word of a sentence that begins at `start`, with its place in the original text."""
    first, last = word.place
    if first == last:
        return word
    place = text.place(start + first, start + last)
    written = word.written or text.original[place[0] : place[1]]
    return Word(word.text, word.start, word.end, word.mark, place, written)


def _breaths(read: Tokens) -> list[Tokens]:
    """An utterance in parts, each with no more phones between two pauses than a breath is enough for."""
    run = _longest_run(read)
    if run is None:
        return [read]
    first, last = run
    words = read.words[first:last]
    cut = first + breath_index([word.text for word in words], [w.end - w.start for w in words])
    before, after = cut_before(read, cut)
    return [*_breaths(before), *_breaths(after)]


def _longest_run(read: Tokens) -> tuple[int, int] | None:
    """The first and the last word, exclusive, of a stretch of words that is too long for a breath."""
    pauses = np.flatnonzero(read.boundaries == PAUSE)
    if len(read.phones) <= MAX_BREATH_PHONES or not len(pauses):
        return None
    gaps = np.diff(pauses) - 1
    longest = int(gaps.argmax())
    if gaps[longest] <= MAX_BREATH_PHONES:
        return None
    begin, end = int(pauses[longest]), int(pauses[longest + 1])
    inside = [
        i
        for i, word in enumerate(read.words)
        if begin < word.start and word.end <= end and word.end > word.start
    ]
    return (inside[0], inside[-1] + 1) if len(inside) > 1 else None
