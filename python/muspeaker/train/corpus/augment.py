"""Augmentation of recordings: rooms, noise, narrow microphones, and other pitches and vocal tracts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.signal import butter, fftconvolve, sosfilt

if TYPE_CHECKING:
    from collections.abc import Sequence

Samples = npt.NDArray[np.float32]
FRAME_MS = 5.0  # frames of WORLD
NOISE_DB = (5.0, 25.0)  # speech over noise
NOISE_TILT = (-1.0, 0.5)  # exponent of the noise's spectrum: from brown towards blue
DECAY_SECONDS = (0.15, 0.7)  # until a room's echo is 60 dB down
DIRECT_SHARE = (0.3, 0.8)  # share of the power that comes without echo
BAND_HZ = ((60.0, 400.0), (3200.0, 7000.0))  # where a narrow microphone begins and ends


@dataclass(frozen=True)
class Augmentation:
    """Shares of the crops to which each is done, 0 to 1."""

    noise: float = 0.5
    reverberation: float = 0.3
    band: float = 0.25

    def __call__(self, samples: Samples, rate_hz: int, random: np.random.Generator) -> Samples:
        """Change (samples,) float32 as the generator decides; the level of speech stays."""
        room, noisy, narrow = random.random(3) < (self.reverberation, self.noise, self.band)
        if room:
            samples = reverberate(samples, rate_hz, random)
        if noisy:
            samples = add_noise(samples, random)
        if narrow:
            samples = limit(samples, rate_hz, random)
        return samples


def add_noise(samples: Samples, random: np.random.Generator) -> Samples:
    """Stationary noise of a random colour, 5 to 25 dB below the speech.

    Args:
        samples: (samples,) float32.
        random: Decides.

    Returns:
        The shape of samples.
    """
    spectrum = np.fft.rfft(random.standard_normal(len(samples)))
    spectrum *= np.arange(1, len(spectrum) + 1) ** random.uniform(*NOISE_TILT)
    noise = np.fft.irfft(spectrum, len(samples))
    ratio = 10 ** (-random.uniform(*NOISE_DB) / 20)
    gain = ratio * np.sqrt(np.mean(np.square(samples)) / max(float(np.mean(noise**2)), 1e-20))
    return (samples + gain * noise).astype(np.float32)


def reverberate(samples: Samples, rate_hz: int, random: np.random.Generator) -> Samples:
    """A room: the direct sound, then noise that decays.

    Source: Polack 1988, the statistical model of a room's response, with equal decay in all bands.

    Args:
        samples: (samples,) float32.
        rate_hz: Sample rate.
        random: Decides.

    Returns:
        The shape of samples, of the same power.
    """
    decay, direct = random.uniform(*DECAY_SECONDS), random.uniform(*DIRECT_SHARE)
    times = np.arange(int(decay * rate_hz)) / rate_hz
    tail = random.standard_normal(len(times)) * 10 ** (-3 * times / decay)
    response = np.sqrt(1 - direct) * tail / np.sqrt(np.sum(tail**2))
    response[0] = np.sqrt(direct)
    wet = fftconvolve(samples, response)[: len(samples)]
    power = np.sqrt(np.mean(np.square(samples)) / max(float(np.mean(wet**2)), 1e-20))
    return (power * wet).astype(np.float32)


def limit(samples: Samples, rate_hz: int, random: np.random.Generator) -> Samples:
    """A narrow microphone or line: a band-pass with random edges.

    Args:
        samples: (samples,) float32.
        rate_hz: Sample rate, more than twice the highest edge.
        random: Decides.

    Returns:
        The shape of samples.
    """
    edges = [random.uniform(*edge) for edge in BAND_HZ]
    filtered: Samples = sosfilt(butter(4, edges, "bandpass", fs=rate_hz, output="sos"), samples)
    return filtered.astype(np.float32)


def parse_warp(warp: str) -> tuple[float, float]:
    """The factors of pitch and formants in `PITCH:FORMANTS`.

    Raises:
        ValueError: If the text is not two factors from 0.4 to 2.5.
    """
    pitch, _, formants = warp.partition(":")
    try:
        factors = float(pitch), float(formants)
    except ValueError:
        factors = 0.0, 0.0
    if not all(0.4 <= factor <= 2.5 for factor in factors):
        raise ValueError(f"warp {warp!r}: expected PITCH:FORMANTS, each from 0.4 to 2.5")
    return factors


def warp_voice(samples: Samples, rate_hz: int, warp: str) -> Samples:
    """Speak a recording again with another pitch and another length of the vocal tract.

    Source: Morise et al. 2016 (WORLD, doi 10.1587/transinf.2015EDP7457); the spectral envelope is
    stretched along frequency.

    Args:
        samples: (samples,) float32.
        rate_hz: Sample rate.
        warp: `PITCH:FORMANTS`, factors.

    Returns:
        (samples,) float32, as many as came.

    Raises:
        ValueError: If the warp is malformed.
        ModuleNotFoundError: If pyworld is not installed.
    """
    import pyworld  # noqa: PLC0415  (needed for this alone)

    pitch, formants = parse_warp(warp)
    x = samples.astype(np.float64)
    f0, times = pyworld.dio(x, rate_hz, frame_period=FRAME_MS)
    f0 = pyworld.stonemask(x, f0, times, rate_hz)
    envelope = pyworld.cheaptrick(x, f0, times, rate_hz)  # (frames, bins)
    noise = pyworld.d4c(x, f0, times, rate_hz)
    bins = np.arange(envelope.shape[1])
    stretched = np.exp(_interpolate(np.log(envelope), bins / formants))
    spoken = pyworld.synthesize(
        f0 * pitch, stretched, _interpolate(noise, bins / formants), rate_hz, FRAME_MS
    )
    count = len(samples)
    return np.pad(spoken[:count], (0, max(0, count - len(spoken)))).astype(np.float32)


def _interpolate(
    rows: npt.NDArray[np.float64], places: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    bins = np.arange(rows.shape[1])
    result: Sequence[npt.NDArray[np.float64]] = [np.interp(places, bins, row) for row in rows]
    return np.ascontiguousarray(result)
