"""Tokens of a phone string as misaki writes it, and how long each lasts in Kokoro's speech.

Kokoro gives every character a duration: phones, stress marks, length marks, spaces, punctuation. The constants
below were measured in its speech, by the edges of fricatives, stops and silences; docs/phones.md has the figures.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from muspeaker.text.phone_sets import (
    MISAKI_SYMBOLS,
    PAUSE_MARKS,
    SILENT_MARKS,
    VOWELS,
    parse_phones,
)
from muspeaker.text.tokens import TokenBuilder, Tokens, Word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from muspeaker.text.phone_sets import Phone

LEAD_FRAMES = 2.0  # a sound begins this long before its character's place in the durations
SPACE_SHARE = 1 / 3  # share of a space that the phone before it sounds for
# At most, of the phone before a pause: a vowel or a fricative, and any other. The rest of its duration is silence.
LAST_PHONE_FRAMES = 4.5
LAST_SHORT_PHONE_FRAMES = 3.0
_LONG_LAST = VOWELS | frozenset("fvθðszʃʒ")

_PAUSES = "".join(PAUSE_MARKS)
_SILENT = "".join(SILENT_MARKS)
_PIECE = re.compile(
    rf"(?P<mark>[{re.escape(_PAUSES)}])|(?P<word>[^\s{re.escape(_PAUSES + _SILENT)}]+)"
)


@dataclass(frozen=True)
class _Place:
    """Characters of one token: its mark's, its own first, and the one after its last; its frames before a pause."""

    start: int
    base: int
    end: int
    is_pause: bool = True
    last_frames: float = 0.0


def tokens_of_misaki(
    phones: str, durations: Sequence[float] | None = None
) -> tuple[Tokens, NDArray[np.float64] | None]:
    """Tokens of one utterance in misaki's phones.

    A stress mark goes onto its vowel, a length mark into it, a space into the boundary. The frames of both
    marks go to the vowel, those of a space to the phones around it. All sounds move forward by
    `LEAD_FRAMES`, and of a phone before a pause only its first frames are speech.

    Args:
        phones: Such as `həlˈO wˈɜɹld.`, one character a phone, `ː` and stress marks apart.
        durations: One a character, with the silence before the first and after the last; any unit in which
            Kokoro's frame of 600 samples at 24 kHz is 1.

    Returns:
        The tokens, their indices those of `MISAKI_SYMBOLS`, and (tokens,) float64 durations in the same unit;
        their sum is that of the input. None without durations.

    Raises:
        ValueError: If a character is no phone of misaki, or the number of durations is not that of the
            characters plus two.
    """
    builder = TokenBuilder(MISAKI_SYMBOLS)
    places: list[_Place] = []
    for piece in _PIECE.finditer(phones):
        if piece["mark"]:
            builder.mark(PAUSE_MARKS[piece["mark"]])
            if len(builder.phones) > len(places) + 1:
                places.append(_Place(piece.start(), piece.start(), piece.end()))
            continue
        word = parse_phones(piece["word"])
        start = len(builder.phones)
        builder.word([(phone.symbol, phone.stress) for phone in word])
        builder.words.append(Word(piece["word"], start, len(builder.phones)))
        places += [_moved(phone, piece.start()) for phone in word]
    tokens = builder.finish()
    if durations is None:
        return tokens, None
    if len(durations) != len(phones) + 2:
        raise ValueError(
            f"expected {len(phones) + 2} durations, one for each of {len(phones)} characters and the"
            f" silences around them, got {len(durations)}"
        )
    return tokens, _merged(places, np.asarray(durations, dtype=np.float64))


def _moved(phone: Phone, by: int) -> _Place:
    last = LAST_PHONE_FRAMES if phone.symbol in _LONG_LAST else LAST_SHORT_PHONE_FRAMES
    return _Place(phone.start + by, phone.base + by, phone.end + by, False, last)


def _merged(places: list[_Place], durations: NDArray[np.float64]) -> NDArray[np.float64]:
    """Durations of the silence before, of every token, and of the silence after."""
    edges = np.cumsum(durations)  # edges[k]: where character k begins
    total = edges[-1]
    cuts = [0.0]
    for index, place in enumerate(places):
        before = places[index - 1] if index else None
        begin = edges[place.start]
        if before is None or before.is_pause:
            cut = begin
        elif place.is_pause:
            own = edges[place.end] - edges[before.base]
            cut = edges[before.base] + min(own, before.last_frames)
        else:
            gap = begin - edges[before.end]
            cut = edges[before.end] + SPACE_SHARE * gap
        cuts.append(cut - LEAD_FRAMES)
    last = edges[-2]
    if places and not places[-1].is_pause:
        own = last - edges[places[-1].base]
        last = edges[places[-1].base] + min(own, places[-1].last_frames)
    cuts += [last - LEAD_FRAMES, total]
    ordered = np.maximum.accumulate(np.clip(cuts, 0.0, total))
    return np.diff(ordered)
