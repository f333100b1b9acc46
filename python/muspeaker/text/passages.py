"""A whole text to passages: what the engine speaks in one pass each, and the silences around them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from muspeaker.callers import warn_caller
from muspeaker.text.manner import PLAIN, Manner
from muspeaker.text.normalize import normalized
from muspeaker.text.normalize.script import named_letters, unreadable_letters
from muspeaker.text.phonemize import canonical_language
from muspeaker.text.pieces import JOINT_SECONDS, Piece, split_at_marks
from muspeaker.text.respelling import GivenPhones, UserLexicon, read_marked_phones
from muspeaker.text.sentences import SENTENCE_PAUSE_SECONDS, split_sentences
from muspeaker.text.tokens import Tokens
from muspeaker.text.utterances import bounded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from muspeaker.text.traced import TracedText


MAX_TEXT_CHARACTERS = 50_000
BREATH_SECONDS = 0.15  # silence where more of them are parted
MAX_GROWTH = 8  # of the characters of a text when it is written out
FREE_GROWTH = 1000  # characters that a short text may grow by besides
MAX_PAUSES_SECONDS = 600.0  # silence of all marks together


class NothingToSpeakError(ValueError):
    """A text without anything that can be said.

    Attributes:
        has_pictures: Whether there are pictures, such as emoji, in it: it is a reply, if not in words.
    """

    def __init__(self, text: str) -> None:
        shown = text if len(text) <= 40 else f"{text[:40]}…"
        super().__init__(f"nothing to speak in {shown!r}: expected words, or phones of the model")
        self.has_pictures = any(unicodedata.category(letter) == "So" for letter in text)


class ReadingWarning(UserWarning):
    """Something of a text is not spoken."""


@dataclass(frozen=True)
class Passage:
    """What the engine speaks in one pass, with the silence before and after it in seconds.

    Where a silence is exact, it is all that is between the sounds: what the engine gives besides is cut off.
    """

    tokens: Tokens
    silence_before: float = 0.0
    silence_after: float = 0.0
    manner: Manner = PLAIN
    is_exact_before: bool = False
    is_exact_after: bool = False


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
        lexicon: Words that the user has respelled.
        ssml: Whether the text is SSML.
        skip_unreadable: Whether letters that cannot be read are passed over, with a warning.
        emoji: Whether emoji are read by their names.
    """

    symbols: tuple[str, ...]
    language: str
    phonemes: bool = False
    speed: float = 1.0
    pause: float | None = None
    lexicon: UserLexicon | None = None
    ssml: bool = False
    skip_unreadable: bool = False
    emoji: bool = False

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
        ValueError: If it is empty, too long, also as written out, or has nothing to speak, or a mark, a tag
            or a letter cannot be read.

    Warns:
        ReadingWarning: If letters that cannot be read are passed over.
    """
    written = _checked(text, reading)
    passages: list[Passage] = []
    before = 0.0
    room = MAX_GROWTH * len(written) + FREE_GROWTH
    for piece in _pieces(written, reading):
        given = _write_out(piece.text, reading)
        room -= len(piece.text.text)
        if room < 0:
            raise ValueError(
                f"text is too long when it is written out: expected at most {MAX_GROWTH} times its "
                f"{len(written)} characters and {FREE_GROWTH} more"
            )
        spoken = _read_piece(piece, given, reading)
        if spoken:
            is_exact = before > 0 or (bool(passages) and passages[-1].is_exact_after)
            spoken[0] = replace(spoken[0], silence_before=before, is_exact_before=is_exact)
            spoken[-1] = _with_joint(spoken[-1], piece, reading)
            passages += spoken
            before = 0.0
        if piece.seconds is not None and passages:
            passages[-1] = _with_silence(passages[-1], piece.seconds, begins=bool(spoken))
        elif piece.seconds is not None:
            before += piece.seconds
    if not passages:
        raise NothingToSpeakError(written)
    last = passages[-1]
    if not last.is_exact_after or last.silence_after == JOINT_SECONDS:
        passages[-1] = replace(last, silence_after=0.0, is_exact_after=False)
    return passages


def _checked(text: object, reading: Reading) -> str:
    """The text, if it is one of a length that can be read."""
    if not isinstance(text, str):
        raise TypeError(f"text must be a str, got {type(text).__name__}")
    if not text.strip():
        raise ValueError("text is empty")
    if len(text) > MAX_TEXT_CHARACTERS:
        raise ValueError(
            f"text is too long: expected at most {MAX_TEXT_CHARACTERS} characters, got {len(text)}"
        )
    if reading.skip_unreadable:
        _warn_of_unreadable(text, reading)
    return text


def _with_joint(passage: Passage, piece: Piece, reading: Reading) -> Passage:
    """The last passage of a piece, with the pause that is there without a mark."""
    if piece.joint == JOINT_SECONDS:
        return replace(passage, silence_after=JOINT_SECONDS, is_exact_after=True)
    return replace(passage, silence_after=piece.joint * reading.pause_factor)


def _with_silence(passage: Passage, seconds: float, *, begins: bool) -> Passage:
    """The passage before a mark; its silences add up, unless this is the first after words."""
    seconds += passage.silence_after if passage.is_exact_after and not begins else 0.0
    return replace(passage, silence_after=seconds, is_exact_after=True)


def _pieces(text: str, reading: Reading) -> list[Piece]:
    if reading.ssml:
        from muspeaker.text.ssml import read_ssml  # noqa: PLC0415 (rare)

        pieces = read_ssml(text)
    else:
        pieces = split_at_marks(text)
    total = sum(piece.seconds or 0.0 for piece in pieces)
    if total > MAX_PAUSES_SECONDS:
        raise ValueError(
            f"pauses add up to {total:g} s: expected at most {MAX_PAUSES_SECONDS:g} s in one text"
        )
    return pieces


def _warn_of_unreadable(text: str, reading: Reading) -> None:
    if reading.language.split("-")[0] != "en" or reading.phonemes:
        return
    letters = unreadable_letters(unicodedata.normalize("NFKC", text))
    if letters:
        message = f"passed over {named_letters(letters)}, which cannot be read in English"
        warn_caller(message, ReadingWarning)


def _write_out(text: TracedText, reading: Reading) -> GivenPhones | None:
    """Write out a text without marks, in place; returns the phones that are given in it."""
    if reading.phonemes:
        return None
    found = read_marked_phones(text)
    found += reading.lexicon.apply(text) if reading.lexicon else []
    normalized(text, reading.language, skip_unreadable=reading.skip_unreadable, emoji=reading.emoji)
    return GivenPhones(found) if found else None


def _read_piece(piece: Piece, given: GivenPhones | None, reading: Reading) -> list[Passage]:
    """Passages of a text that is written out; there is no silence after the last."""
    text = piece.text
    factor = reading.pause_factor
    spoken: list[Passage] = []
    is_exact = False
    for sentence in split_sentences(text.text):
        for part in bounded(sentence, text, given, reading):
            seconds = part.pause_seconds * factor
            if part.is_breath:
                seconds = BREATH_SECONDS * min(factor, 2.0)
            spoken.append(
                Passage(part.tokens, 0.0, seconds, piece.manner, is_exact, part.is_breath)
            )
            is_exact = part.is_breath
    if spoken:
        spoken[-1] = replace(spoken[-1], silence_after=0.0, is_exact_after=False)
    return spoken


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
    known = {tag.split("-")[0] for tag in languages}
    refused = ValueError(
        f"language {language!r} is not one of this model's: expected {', '.join(languages)}"
    )
    try:
        tag = canonical_language(language)
    except RuntimeError as error:  # no espeak-ng, which knows the others
        if re.split("[-_]", language.strip().lower())[0] in known:
            raise
        raise refused from error
    if tag.split("-")[0] not in known:
        raise refused
    return tag


def join_passages(passages: Sequence[Passage]) -> Tokens:
    """The tokens of several passages as one sequence, with one silence where two of them meet."""
    parts = [passage.tokens for passage in passages]
    words, first = [], 0
    for part in parts:
        words += [
            word._replace(start=first + word.start, end=first + word.end) for word in part.words
        ]
        first += len(part.phones) - 1  # the next begins with the silence that this one ends with

    def joined(name: str) -> np.ndarray:
        rows = [getattr(part, name) for part in parts]
        return np.concatenate([rows[0], *(row[1:] for row in rows[1:])])

    return Tokens(joined("phones"), joined("stresses"), joined("boundaries"), words)
