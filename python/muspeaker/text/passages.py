"""A whole text to passages: what the engine speaks in one pass each, and the silences around them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from muspeaker.text.normalize import normalize
from muspeaker.text.phonemize import canonical_language, tokens
from muspeaker.text.sentences import SENTENCE_PAUSE_SECONDS, Sentence, split_sentences
from muspeaker.text.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


MAX_TEXT_CHARACTERS = 50_000
MAX_TOKENS = 400
MAX_PAUSE_SECONDS = 60.0  # silence of one mark
MAX_PAUSES_SECONDS = 600.0  # silence of all marks together

DEFAULT_PAUSE_SECONDS = 0.5  # of a mark without a length

_MARK = re.compile(
    r"\[\s*pause(?:(?:\s*:\s*|\s+)(?P<length>[-+.\d][^\]\n]{0,40}))?\s*\]"
    r"|<break(?:\s+time\s*=\s*([\"'])(?P<time>[^\"'<>\n]{0,40})\2)?\s*/?>(?:</break>)?",
    re.IGNORECASE,
)
_LENGTH = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*(ms|s)\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Passage:
    """What the engine speaks in one pass, with the silence before and after it in seconds."""

    tokens: Tokens
    silence_before: float = 0.0
    silence_after: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Settings for reading a text.

    Attributes:
        symbols: Symbols of the model.
        language: Language tag of espeak-ng.
        phonemes: Whether the text is IPA already.
        speed: Rate of speech; pauses at punctuation are divided by it.
        pause: Seconds between sentences, whatever the speed; the other pauses keep their proportion to
            it. None is 0.2 s divided by the speed.
    """

    symbols: tuple[str, ...]
    language: str
    phonemes: bool = False
    speed: float = 1.0
    pause: float | None = None

    @property
    def pause_factor(self) -> float:
        """Factor on every pause at punctuation."""
        return 1 / self.speed if self.pause is None else self.pause / SENTENCE_PAUSE_SECONDS


def read_text(text: object, reading: Reading) -> list[Passage]:
    """Cut a text into passages.

    A mark such as `[pause 0.5s]`, `[pause:300ms]`, `[pause]` or `<break time="500ms"/>` is a silence of
    that length, whatever the speed, in place of the pause that would be there.

    Raises:
        TypeError: If the text is no string.
        ValueError: If it is empty, too long or has nothing to speak, or a mark cannot be read.
    """
    if not isinstance(text, str):
        raise TypeError(f"text must be a str, got {type(text).__name__}")
    if not text.strip():
        raise ValueError("text is empty")
    if len(text) > MAX_TEXT_CHARACTERS:
        raise ValueError(
            f"text is too long: expected at most {MAX_TEXT_CHARACTERS} characters, got {len(text)}"
        )
    passages: list[Passage] = []
    before = 0.0
    for piece, mark_seconds in split_at_marks(text):
        spoken = _read_piece(piece, reading)
        if spoken:
            spoken[0] = replace(spoken[0], silence_before=before)
            before = 0.0
            passages += spoken
        if passages:
            last = passages[-1]
            passages[-1] = replace(last, silence_after=last.silence_after + mark_seconds)
        else:
            before += mark_seconds
    if not passages:
        shown = text if len(text) <= 40 else f"{text[:40]}…"
        raise ValueError(f"nothing to speak in {shown!r}: expected words, or phones of the model")
    return passages


def split_at_marks(text: str) -> list[tuple[str, float]]:
    """Pieces of a text, each with the silence in seconds that the mark after it asks for.

    Raises:
        ValueError: If a mark has no readable length or is too long.
    """
    pieces: list[tuple[str, float]] = []
    position, total = 0, 0.0
    for mark in _MARK.finditer(text):
        seconds = _mark_seconds(mark)
        total += seconds
        pieces.append((text[position : mark.start()], seconds))
        position = mark.end()
    if total > MAX_PAUSES_SECONDS:
        raise ValueError(
            f"pauses add up to {total:g} s: expected at most {MAX_PAUSES_SECONDS:g} s in one text"
        )
    return [*pieces, (text[position:], 0.0)]


def _mark_seconds(mark: re.Match[str]) -> float:
    written = mark["length"] or mark["time"]
    if written is None:
        return DEFAULT_PAUSE_SECONDS
    length = _LENGTH.fullmatch(written)
    if length is None:
        raise ValueError(
            f"cannot read {mark[0]!r}: expected a length such as [pause 0.5s] or [pause 300ms]"
        )
    seconds = float(length[1]) * (0.001 if length[2].lower() == "ms" else 1.0)
    if seconds > MAX_PAUSE_SECONDS:
        raise ValueError(f"{mark[0]!r} is too long: expected at most {MAX_PAUSE_SECONDS:g} s")
    return seconds


def _read_piece(text: str, reading: Reading) -> list[Passage]:
    """Passages of a text without marks; there is no silence after the last."""
    written = text if reading.phonemes else normalize(text, reading.language)
    pairs = [pair for sentence in split_sentences(written) for pair in _bounded(sentence, reading)]
    factor = reading.pause_factor
    spoken = [Passage(read, 0.0, seconds * factor) for read, seconds in pairs]
    if spoken:
        spoken[-1] = replace(spoken[-1], silence_after=0.0)
    return spoken


def _bounded(sentence: Sentence, reading: Reading) -> Iterator[tuple[Tokens, float]]:
    """The sentence, halved where its numbers made it too long; nothing if it has no phones."""
    read = tokens(sentence.text, reading.language, reading.symbols, phonemes=reading.phonemes)
    if len(read.phones) <= MAX_TOKENS or len(sentence.text) < 2:
        if read.has_speech:
            yield read, sentence.pause_seconds
        return
    pieces = split_sentences(sentence.text, (len(sentence.text) + 1) // 2)
    pauses = [piece.pause_seconds for piece in pieces[:-1]] + [sentence.pause_seconds]
    for piece, pause in zip(pieces, pauses, strict=False):
        yield from _bounded(Sentence(piece.text, pause), reading)


def model_language(language: str | None, languages: Sequence[str]) -> str:
    """The espeak-ng tag of a language that a model was trained for.

    Args:
        language: Tag as the user wrote it; None is the model's first language.
        languages: Languages of the model.

    Raises:
        TypeError: If it is no string.
        ValueError: If espeak-ng or the model does not know it.
    """
    if language is None:
        return languages[0]
    tag = canonical_language(language)
    if tag.split("-")[0] not in {known.split("-")[0] for known in languages}:
        raise ValueError(
            f"language {language!r} is not one of this model's: expected {', '.join(languages)}"
        )
    return tag


def join_passages(passages: Sequence[Passage]) -> Tokens:
    """The tokens of several passages as one sequence, with one silence where two of them meet."""
    parts = [passage.tokens for passage in passages]
    words, first = [], 0
    for part in parts:
        words += [
            replace(word, start=first + word.start, end=first + word.end) for word in part.words
        ]
        first += len(part.phones) - 1  # the next begins with the silence that this one ends with

    def joined(name: str) -> np.ndarray:
        rows = [getattr(part, name) for part in parts]
        return np.concatenate([rows[0], *(row[1:] for row in rows[1:])])

    return Tokens(joined("phones"), joined("stresses"), joined("boundaries"), words)
