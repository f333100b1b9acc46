"""A lossy codec for speech in NumPy and the standard library alone: what a bare machine can decode.

A lapped transform of one mel hop, a level for each band, coefficients rounded to a step that follows the
level, bzip2. The error lies about 20 dB below each band, less far where hearing is coarse.
"""

from __future__ import annotations

import bz2
import functools
import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from muspeaker.config import AudioConfig

AUDIO = AudioConfig()
HOP = AUDIO.hop_samples
EDGES = (*range(0, 32, 4), *range(32, 64, 8), *range(64, HOP + 1, 16))  # of the bands, in bins
LEVELS_PER_OCTAVE = 2
LOWEST_LEVEL_OCTAVES = 20  # below full scale
NOISE_DB = ((1000.0, 22.0), (8000.0, 12.0))  # (Hz, distance from the band's level)
INT16_MAX = 32767


class Coded(NamedTuple):
    """Clips of one bandwidth behind each other, one row a frame and one more a clip.

    Attributes:
        levels: (rows, bands) uint8, 0 where a band is silent.
        coefficients: (rows, bins) int8, in steps.
    """

    levels: npt.NDArray[np.uint8]
    coefficients: npt.NDArray[np.int8]


def num_bands(band_hz: float) -> int:
    """Bands that a clip with nothing above `band_hz` needs."""
    top = min(HOP, math.ceil(band_hz / (AUDIO.sample_rate / 2) * HOP))
    return int(np.searchsorted(EDGES, top))


@functools.cache
def _basis() -> npt.NDArray[np.float32]:
    """The lapped transform, (bins, 2 hops), orthonormal. Source: Princen et al. 1987, with a sine window."""
    time = np.arange(2 * HOP) + 0.5
    bins = np.arange(HOP)[:, None] + 0.5
    window = np.sin(math.pi / (2 * HOP) * time)
    basis = window * np.cos(math.pi / HOP * (time + HOP / 2) * bins) * math.sqrt(2 / HOP)
    result: npt.NDArray[np.float32] = basis.astype(np.float32)
    return result


def _widths(bands: int) -> npt.NDArray[np.int64]:
    return np.diff(EDGES[: bands + 1])


def _steps(levels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """(rows, bins) distance of neighbouring values, from (rows, bands) levels."""
    bands = levels.shape[1]
    hz = (np.array(EDGES[:bands]) + _widths(bands) / 2) * AUDIO.sample_rate / 2 / HOP
    below_db = np.interp(hz, [at for at, _ in NOISE_DB], [db for _, db in NOISE_DB])
    ratio = math.sqrt(12) * 10 ** (-below_db / 20)  # a step has a twelfth of its square as error
    rms = np.exp2(levels / LEVELS_PER_OCTAVE - LOWEST_LEVEL_OCTAVES)
    return np.repeat((rms * ratio).astype(np.float32), _widths(bands), axis=1)


def encode(samples: npt.NDArray[np.float32], band_hz: float) -> Coded:
    """Code one clip.

    Args:
        samples: (frames * hop,) float32, full scale 1.
        band_hz: Nothing above it is kept.
    """
    bands = num_bands(band_hz)
    padded = np.pad(samples, HOP).reshape(-1, HOP)
    blocks = np.concatenate([padded[:-1], padded[1:]], axis=1)  # (rows, 2 hops)
    spectrum = blocks @ _basis()[: EDGES[bands]].T
    power = np.add.reduceat(np.square(spectrum), EDGES[:bands], axis=1) / _widths(bands)
    octaves = 0.5 * np.log2(power + 1e-30) + LOWEST_LEVEL_OCTAVES
    levels = np.rint(LEVELS_PER_OCTAVE * octaves).clip(0, 255).astype(np.uint8)
    silent = np.repeat(levels == 0, _widths(bands), axis=1)
    steps = np.rint(spectrum / _steps(levels)).clip(-127, 127)
    return Coded(levels, np.where(silent, 0.0, steps).astype(np.int8))


def decode(coded: Coded) -> npt.NDArray[np.float32]:
    """The samples of one clip, (frames * hop,) float32."""
    spectrum = coded.coefficients * _steps(coded.levels)
    blocks = spectrum @ _basis()[: spectrum.shape[1]]
    samples = (blocks[1:, :HOP] + blocks[:-1, HOP:]).reshape(-1)
    return samples.astype(np.float32, copy=False)


def compress(clips: list[Coded]) -> tuple[bytes, bytes]:
    """Levels and coefficients of clips of one bandwidth, each band's values side by side."""
    levels = np.concatenate([clip.levels for clip in clips])
    change = np.diff(levels, axis=0, prepend=np.zeros_like(levels[:1]))  # wraps around, and back
    values = np.concatenate([clip.coefficients for clip in clips])
    bands = np.split(values, EDGES[1 : levels.shape[1]], axis=1)
    packed = b"".join(band.tobytes() for band in bands)
    return bz2.compress(change.T.tobytes()), bz2.compress(packed)


def decompress(levels: bytes, coefficients: bytes, bands: int) -> Coded:
    """All clips of what `compress` gave, behind each other."""
    change = np.frombuffer(bz2.decompress(levels), np.uint8).reshape(bands, -1)
    flat = np.frombuffer(bz2.decompress(coefficients), np.int8)
    rows = change.shape[1]
    starts = np.array(EDGES[1:bands]) * rows
    parts = [part.reshape(rows, -1) for part in np.split(flat, starts)]
    return Coded(np.cumsum(change, axis=1, dtype=np.uint8).T, np.concatenate(parts, axis=1))


def resample(samples: npt.NDArray[np.float32], count: int) -> npt.NDArray[np.float32]:
    """Stretch (samples,) to (count,) by its spectrum; right for clips that begin and end in silence."""
    spectrum = np.fft.rfft(samples)[: count // 2 + 1] * (count / len(samples))
    stretched: npt.NDArray[np.float32] = np.fft.irfft(spectrum, count).astype(np.float32)
    return stretched
