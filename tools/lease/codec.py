"""A lossy codec for speech in NumPy and the standard library alone: what a bare machine can decode.

A lapped transform of one mel hop, a level for each band, coefficients rounded to a step that follows the
level, bzip2. The error lies about 20 dB below each band, less far where hearing is coarse.
"""

from __future__ import annotations

import bz2
import functools
import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from muspeaker.config import AudioConfig

LEVELS_PER_OCTAVE = 2
LOWEST_LEVEL_OCTAVES = 20  # below full scale
NOISE_DB = ((1000.0, 22.0), (8000.0, 12.0))  # (Hz, distance from the band's level)


class Coded(NamedTuple):
    """Clips of one bandwidth, concatenated; a row a frame, and one more a clip.

    Attributes:
        levels: (rows, bands) uint8, 0 where a band is silent.
        coefficients: (rows, bins) int8, in steps.
    """

    levels: npt.NDArray[np.uint8]
    coefficients: npt.NDArray[np.int8]


class Codec:
    """The codec at one sample rate and hop.

    Args:
        audio: The frame clock; a row of coefficients is a hop.
    """

    def __init__(self, audio: AudioConfig) -> None:
        self._hop = audio.hop_samples
        self._nyquist_hz = audio.sample_rate / 2
        widest = range(64, self._hop + 1, 16)
        self._edges = (*range(0, 32, 4), *range(32, 64, 8), *widest)  # edges of the bands, in bins
        self._basis = _basis(self._hop)

    def num_bands(self, band_hz: float) -> int:
        """Bands that a clip with nothing above `band_hz` needs."""
        top = min(self._edges[-1], math.ceil(band_hz / self._nyquist_hz * self._hop))
        return int(np.searchsorted(self._edges, top))

    def _widths(self, bands: int) -> npt.NDArray[np.int64]:
        return np.diff(self._edges[: bands + 1])

    def _steps(self, levels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """(rows, bins) distance of neighbouring values, from (rows, bands) levels."""
        bands = levels.shape[1]
        widths = self._widths(bands)
        hz = (np.array(self._edges[:bands]) + widths / 2) * self._nyquist_hz / self._hop
        below_db = np.interp(hz, [at for at, _ in NOISE_DB], [db for _, db in NOISE_DB])
        ratio = math.sqrt(12) * 10 ** (
            -below_db / 20
        )  # a step has a twelfth of its square as error
        rms = np.exp2(levels / LEVELS_PER_OCTAVE - LOWEST_LEVEL_OCTAVES)
        return np.repeat((rms * ratio).astype(np.float32), widths, axis=1)

    def encode(self, samples: npt.NDArray[np.float32], band_hz: float) -> Coded:
        """Code one clip.

        Args:
            samples: (frames * hop,) float32, full scale 1.
            band_hz: Nothing above it is kept.
        """
        hop, edges = self._hop, self._edges
        bands = self.num_bands(band_hz)
        padded = np.pad(samples, hop).reshape(-1, hop)
        blocks = np.concatenate([padded[:-1], padded[1:]], axis=1)  # (rows, 2 hops)
        spectrum = blocks @ self._basis[: edges[bands]].T
        widths = self._widths(bands)
        power = np.add.reduceat(np.square(spectrum), edges[:bands], axis=1) / widths
        octaves = 0.5 * np.log2(power + 1e-30) + LOWEST_LEVEL_OCTAVES
        levels = np.rint(LEVELS_PER_OCTAVE * octaves).clip(0, 255).astype(np.uint8)
        silent = np.repeat(levels == 0, widths, axis=1)
        steps = np.rint(spectrum / self._steps(levels)).clip(-127, 127)
        return Coded(levels, np.where(silent, 0.0, steps).astype(np.int8))

    def decode(self, coded: Coded) -> npt.NDArray[np.float32]:
        """The samples of one clip, (frames * hop,) float32."""
        spectrum = coded.coefficients * self._steps(coded.levels)
        blocks = spectrum @ self._basis[: spectrum.shape[1]]
        samples = (blocks[1:, : self._hop] + blocks[:-1, self._hop :]).reshape(-1)
        return samples.astype(np.float32, copy=False)

    def compress(self, clips: list[Coded]) -> tuple[bytes, bytes]:
        """Levels and coefficients of clips of one bandwidth, each band's values together."""
        levels = np.concatenate([clip.levels for clip in clips])
        change = np.diff(
            levels, axis=0, prepend=np.zeros_like(levels[:1])
        )  # wraps around, and back
        values = np.concatenate([clip.coefficients for clip in clips])
        bands = np.split(values, self._edges[1 : levels.shape[1]], axis=1)
        packed = b"".join(band.tobytes() for band in bands)
        return bz2.compress(change.T.tobytes()), bz2.compress(packed)

    def decompress(self, levels: bytes, coefficients: bytes, bands: int) -> Coded:
        """All clips of what `compress` gave, concatenated."""
        change = np.frombuffer(bz2.decompress(levels), np.uint8).reshape(bands, -1)
        flat = np.frombuffer(bz2.decompress(coefficients), np.int8)
        rows = change.shape[1]
        starts = np.array(self._edges[1:bands]) * rows
        parts = [part.reshape(rows, -1) for part in np.split(flat, starts)]
        return Coded(np.cumsum(change, axis=1, dtype=np.uint8).T, np.concatenate(parts, axis=1))


@functools.cache
def _basis(hop: int) -> npt.NDArray[np.float32]:
    """The lapped transform, (bins, 2 hops), orthonormal. Source: Princen et al. 1987, with a sine window."""
    time = np.arange(2 * hop) + 0.5
    bins = np.arange(hop)[:, None] + 0.5
    window = np.sin(math.pi / (2 * hop) * time)
    basis = window * np.cos(math.pi / hop * (time + hop / 2) * bins) * math.sqrt(2 / hop)
    result: npt.NDArray[np.float32] = basis.astype(np.float32)
    return result


def resample(samples: npt.NDArray[np.float32], count: int) -> npt.NDArray[np.float32]:
    """Stretch (samples,) to (count,) by its spectrum; right for clips that begin and end in silence."""
    spectrum = np.fft.rfft(samples)[: count // 2 + 1] * (count / len(samples))
    stretched: npt.NDArray[np.float32] = np.fft.irfft(spectrum, count).astype(np.float32)
    return stretched
