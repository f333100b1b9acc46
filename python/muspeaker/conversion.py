"""What converting a recording takes beside what speaking takes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypedDict

import numpy as np

from muspeaker.options import SynthesisOptions
from muspeaker.text.phonemize import Tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from muspeaker.text.utterances import Utterance


class ConversionFields(TypedDict, total=False):
    """Keywords of `Synthesizer.convert`; the meanings stand in `SynthesisOptions`."""

    pitch: float
    energy: float
    seed: int | None
    language: str | None
    phonemes: bool


def conversion_options(given: ConversionFields) -> SynthesisOptions:
    """Check the keywords of `Synthesizer.convert`.

    Raises:
        TypeError: If one is unknown, or of another type.
        ValueError: If a number is out of its range.
    """
    known = ConversionFields.__annotations__
    for name in given:
        if name not in known:
            raise TypeError(f"unknown option {name!r}: expected one of {', '.join(known)}")
    return SynthesisOptions(**given)


def join_utterances(utterances: Sequence[Utterance]) -> Tokens:
    """One utterance from several, with one silence where two of them meet."""
    parts = [utterance.tokens for utterance in utterances]
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
