"""Phones and durations that a corpus gives, as the alignment that the acoustic stages read.

Speech of a teacher comes with exact phones and durations, so nothing needs to be aligned. How phones become
token ids depends on their inventory; a `PhoneReader` for it is the caller's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from muspeaker.text.misaki_tokens import tokens_of_misaki
from muspeaker.text.phone_sets import MISAKI_SYMBOLS
from muspeaker.train.corpus.manifest import GIVEN_FRAME_SECONDS

if TYPE_CHECKING:
    from muspeaker.config import AudioConfig
    from muspeaker.train.corpus.alignment import Alignment
    from muspeaker.train.corpus.cache import Cache

SCORE = 0.0  # log-probability of a given alignment: nothing is surer


class PhoneReader(Protocol):
    """Turns phones as a corpus writes them into tokens."""

    def __call__(
        self, phones: str, durations: tuple[int, ...]
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float64]]:
        """Read the phones of one clip.

        Args:
            phones: One character a phone or mark.
            durations: Frames of the silence before, of each character and of the silence after.

        Returns:
            Phone, stress and boundary ids (3, tokens), and the frames of each token (tokens,), whose sum is
            that of the durations.

        Raises:
            ValueError: If the phones are not of the reader's inventory.
        """


def reader_for(symbols: tuple[str, ...]) -> PhoneReader | None:
    """The reader of given phones for a model with these symbols; None where no corpus has its phones."""
    return read_misaki if symbols == MISAKI_SYMBOLS else None


def read_misaki(
    phones: str, durations: tuple[int, ...]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float64]]:
    """A `PhoneReader` of the phones that Kokoro and hibari-tts say."""
    tokens, lengths = tokens_of_misaki(phones, durations)
    assert lengths is not None, "durations were given"
    return tokens.ids, lengths


def given_alignment(cache: Cache, read: PhoneReader) -> tuple[Alignment, dict[str, str]]:
    """The alignment of every clip that has phones and durations.

    Args:
        cache: The prepared corpus.
        read: Knows the inventory of its phones.

    Returns:
        Token ids, durations in frames of the model and a score by clip number; and the reasons, by clip id,
        for clips whose phones cannot be read or that are too short for them.
    """
    found: Alignment = {}
    left_out = {}
    for i, clip in enumerate(cache.clips):
        if not (clip.phones and clip.durations):
            continue
        try:
            ids, lengths = read(clip.phones, clip.durations)
            durations = model_frames(lengths / clip.speed, clip.frames, cache.sizes)
        except ValueError as error:
            left_out[clip.id] = str(error)
            continue
        found[i] = (ids, durations, SCORE)
    return found, left_out


def model_frames(
    given: npt.NDArray[np.float64], frames: int, audio: AudioConfig
) -> npt.NDArray[np.int64]:
    """Durations on the model's frame clock; each edge moves by at most half a frame.

    Args:
        given: (tokens,) durations in frames of `GIVEN_FRAME_SECONDS`.
        frames: Length of the clip on the model's clock; the last token absorbs any difference in the sum.
        audio: The model's clock.

    Returns:
        (tokens,) whole frames whose sum is `frames`.

    Raises:
        ValueError: If the last token would begin after the clip's end.
    """
    per_frame = GIVEN_FRAME_SECONDS * audio.sample_rate / audio.hop_samples
    edges = np.rint(np.cumsum(given) * per_frame).astype(np.int64)
    if len(edges) > 1 and edges[-2] > frames:
        raise ValueError(f"its durations take {edges[-1]} frames, it has {frames}")
    edges[-1] = frames
    return np.diff(edges, prepend=0)
