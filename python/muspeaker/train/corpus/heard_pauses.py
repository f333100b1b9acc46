"""Pauses that a reader makes where the text has no mark.

Without a token for it, the sound of a pause goes to the phones around it, and a model learns phones that last
half a second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from muspeaker.text.symbols import NO_STRESS, PAUSE, WORD_START

if TYPE_CHECKING:
    from collections.abc import Callable

MARK = ","  # the pause that a heard one becomes
LEAST_SECONDS = 0.1  # shortest pause; the closure of a stop is shorter

Tokens = npt.NDArray[np.int32]


def hear_pauses(
    tokens: Tokens,
    durations_of: Callable[[Tokens], npt.NDArray[np.int64]],
    mark: int,
    least_frames: int,
) -> Tokens:
    """Tokens with a pause wherever one is heard between two words.

    Args:
        tokens: Phone, stress and boundary ids (3, tokens).
        durations_of: Aligns tokens with the recording: (tokens,) frames, at least one each.
        mark: Phone id of the pause that is put in.
        least_frames: How long a pause must be.

    Returns:
        The tokens, or a copy with more.
    """
    everywhere, added = between_words(tokens, mark)
    if not added.any():
        return tokens
    wanted = ~added | (durations_of(everywhere) >= least_frames)
    return everywhere[:, wanted] if wanted[added].any() else tokens


def between_words(tokens: Tokens, mark: int) -> tuple[Tokens, npt.NDArray[np.bool_]]:
    """Tokens with a pause between any two words that have none, and which of them were added."""
    boundaries = tokens[2]
    starts = 1 + np.flatnonzero((boundaries[1:] == WORD_START) & (boundaries[:-1] != PAUSE))
    pause = np.array([mark, NO_STRESS, PAUSE], tokens.dtype)[:, None]
    added = np.insert(np.zeros(tokens.shape[1], bool), starts, values=True)
    return np.insert(tokens, starts, pause, axis=1), added
