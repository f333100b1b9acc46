"""A recording's samples as a corpus has them: at the model's rate, trimmed, at one loudness."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from muspeaker.sound.loudness import FRAME_SAMPLES, active_rms, normalize_loudness
from muspeaker.train.corpus.augment import warp_voice

if TYPE_CHECKING:
    from muspeaker.config import AudioConfig

MIN_SECONDS = 0.8
TRIM_SHARE = 0.01  # share of the active level below which an edge is silence
TRIM_SECONDS = 0.15  # silence that stays


@dataclass(frozen=True)
class Variant:
    """How copies differ from the recordings."""

    speed: float = 1.0
    warp: str = ""
    trim: bool = True

    @property
    def suffix(self) -> str:
        """What is added to the names of clips and speakers."""
        speed = "" if self.speed == 1.0 else f"@{self.speed}"
        return speed + (f"@{self.warp}" if self.warp else "")


def level_samples(
    samples: npt.NDArray[np.float32], rate_hz: int, variant: Variant, audio: AudioConfig
) -> npt.NDArray[np.float32]:
    """Samples of a clip.

    Args:
        samples: (samples, channels) float32.
        rate_hz: Their sample rate.
        variant: How the copy differs from the recording.
        audio: The model's rate and frame clock.

    Returns:
        (frames * hop,) float32.

    Raises:
        ValueError: If it cannot be used; the text is the reason.
    """
    import soxr  # noqa: PLC0415  (a borrowed machine lacks it unless recordings are sent there)

    if not np.isfinite(samples).all():
        raise ValueError("not finite")
    mono = soxr.resample(samples.mean(axis=1), rate_hz * variant.speed, audio.sample_rate, "VHQ")
    if len(mono) < MIN_SECONDS * audio.sample_rate:
        raise ValueError(f"shorter than {MIN_SECONDS} s")
    if active_rms(mono) < 1e-4:
        raise ValueError("silent")
    if variant.trim:
        mono = trim_silence(mono, audio.sample_rate)
    if variant.warp:
        mono = warp_voice(mono, audio.sample_rate, variant.warp)
    mono = mono[: len(mono) // audio.hop_samples * audio.hop_samples].astype(np.float32)
    if len(mono) < MIN_SECONDS * audio.sample_rate:
        raise ValueError(f"less than {MIN_SECONDS} s of speech")
    return normalize_loudness(mono)


def trim_silence(samples: npt.NDArray[np.float32], rate_hz: int) -> npt.NDArray[np.float32]:
    """Cut what is 40 dB below the speech at both ends; a seventh of a second of it stays.

    Args:
        samples: (samples,) float32.
        rate_hz: Sample rate.

    Returns:
        (fewer samples,) float32.
    """
    count = len(samples) // FRAME_SAMPLES
    frames = samples[: count * FRAME_SAMPLES].reshape(count, FRAME_SAMPLES)
    rms = np.sqrt(np.square(frames, dtype=np.float64).mean(1))
    heard = np.flatnonzero(rms > TRIM_SHARE * active_rms(samples))
    if len(heard) == 0:
        return samples
    kept = int(TRIM_SECONDS * rate_hz)
    first = max(0, int(heard[0]) * FRAME_SAMPLES - kept)
    return samples[first : (int(heard[-1]) + 1) * FRAME_SAMPLES + kept]
