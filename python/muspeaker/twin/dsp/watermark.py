"""What marks speech as made by this program: a pattern of gains over time and frequency."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from muspeaker.config import AudioConfig

SLOTS, CELLS = 64, 180
SLOTS_A_SECOND, LOW_HZ, CELL_HZ = 20, 300, 40
SYMBOLS, CODES = 5, 256
DECIBELS = 1.4
KEY = (0x6D757370, 0x65616B72)
LAYOUT_STREAM = 1000  # the codes' streams are their values
CHECK_FACTOR = 0x9E3779B1


class Watermark:
    """The mark of 32 bits, for the frames of a model.

    Source: Kirovski and Malvar 2003, "Spread-spectrum watermarking of audio signals" (IEEE Trans. Signal
    Processing 51(4)), sections III and IV, for gains on magnitudes as a spread spectrum.

    Args:
        audio: The frame clock.
        payload: 32 bits.

    Attributes:
        signs: (slots, cells) int8, 1 where a cell becomes louder, -1 where it becomes softer.
    """

    def __init__(self, audio: AudioConfig, payload: int) -> None:
        self._audio = audio
        values = [(payload >> shift) & 0xFF for shift in (0, 8, 16, 24)]
        values.append((payload * CHECK_FACTOR % 2**32) >> 24)
        self.signs = code(CODES)
        for symbol, value in enumerate(values, 1):
            self.signs = np.where(symbols() == symbol, code(value), self.signs)

    def gains(self, frames: int, device: torch.device | str = "cpu") -> torch.Tensor:
        """(frames, bins) float32, what the spectrum of each frame is multiplied by."""
        audio = self._audio
        slots = np.arange(frames) * audio.hop_samples * SLOTS_A_SECOND // audio.sample_rate % SLOTS
        above = (
            np.arange(audio.fft_samples // 2 + 1) * audio.sample_rate - LOW_HZ * audio.fft_samples
        )
        cells = above // (CELL_HZ * audio.fft_samples)
        inside = (above >= 0) & (cells < CELLS)
        signs = self.signs[slots][:, np.where(inside, cells, 0)] * inside
        power = 10 ** (torch.from_numpy(DECIBELS * signs.astype(np.float64)) / 10)
        mean = math.cosh(
            math.log(10 ** (DECIBELS / 10))
        )  # of louder and softer: both are as loud as none
        power = torch.where(torch.from_numpy(signs != 0), power / mean, power)
        return torch.sqrt(power).float().to(device)


@lru_cache(maxsize=1)
def symbols() -> NDArray[np.int8]:
    """(slots, cells), the symbol that each cell belongs to, from 1; 0 where it belongs to none."""
    random = _words(LAYOUT_STREAM, SLOTS * CELLS)
    carried = np.where(random & 3 == 0, 1 + (random >> 2) % SYMBOLS, 0)
    return carried.astype(np.int8).reshape(SLOTS, CELLS)


def code(value: int) -> NDArray[np.int8]:
    """(slots, cells), 1 or -1: the code of a value of a symbol; CODES is for the cells of no symbol."""
    random = _words(value, SLOTS * CELLS // 32)
    bits = random[:, None] >> np.arange(32, dtype=np.uint32) & 1
    return (2 * bits.astype(np.int8) - 1).reshape(SLOTS, CELLS)


def _words(stream: int, count: int) -> NDArray[np.uint32]:
    """The first random words of a stream.

    Source: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3" (SC11), section 3.3.
    """
    low = np.uint64(0xFFFFFFFF)
    x = np.zeros((4, -(-count // 4)), np.uint64)
    x[0], x[1] = np.arange(x.shape[1]), stream
    keys = list(KEY)
    for _ in range(10):
        first, second = x[0] * np.uint64(0xD2511F53), x[2] * np.uint64(0xCD9E8D57)
        x = np.stack(
            [
                second >> np.uint64(32) ^ x[1] ^ np.uint64(keys[0]),
                second & low,
                first >> np.uint64(32) ^ x[3] ^ np.uint64(keys[1]),
                first & low,
            ]
        )
        keys = [
            (key + step) % 2**32 for key, step in zip(keys, (0x9E3779B9, 0xBB67AE85), strict=True)
        ]
    return x.T.ravel()[:count].astype(np.uint32)
