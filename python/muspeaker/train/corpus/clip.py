"""One recording to the samples and the F0 of a clip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import parselmouth
import soundfile
import soxr

from muspeaker.sound.loudness import FRAME_SAMPLES, active_rms, normalize_loudness
from muspeaker.train.corpus.augment import warp_voice

if TYPE_CHECKING:
    from pathlib import Path

    from muspeaker.config import AudioConfig

F0_FLOOR_HZ = 60.0
F0_CEILING_HZ = 550.0
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


@dataclass(frozen=True)
class PreparedClip:
    """One leveled clip: (samples,) float32 and its F0 (frames,) in Hz."""

    samples: npt.NDArray[np.float32]
    f0: npt.NDArray[np.float32]


def track_f0(samples: npt.NDArray[np.float32], audio: AudioConfig) -> npt.NDArray[np.float32]:
    """F0 at the middle of each mel frame, by Praat's autocorrelation method.

    Args:
        samples: (samples,) float32 at the model's rate, a whole number of frames.
        audio: The frame clock.

    Returns:
        (frames,) float32 in Hz, 0 where unvoiced.
    """
    step = audio.hop_samples / audio.sample_rate
    sound = parselmouth.Sound(samples.astype(np.float64), audio.sample_rate)
    pitch = sound.to_pitch_ac(time_step=step, pitch_floor=F0_FLOOR_HZ, pitch_ceiling=F0_CEILING_HZ)
    values = pitch.selected_array["frequency"]
    times = (np.arange(len(samples) // audio.hop_samples) + 0.5) * step
    nearest = np.rint((times - pitch.x1) / step).astype(int)
    inside = (nearest >= 0) & (nearest < len(values))
    return np.where(inside, values[nearest.clip(0, len(values) - 1)], 0.0).astype(np.float32)


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


def prepare_clip(path: Path, variant: Variant, audio: AudioConfig) -> PreparedClip | str:
    """Decode one recording.

    Args:
        path: Sound file that libsndfile reads, of any rate and number of channels.
        variant: How the copy differs from the recording.
        audio: The model's rate and frame clock.

    Returns:
        The clip, or the reason in words if it cannot be used.
    """
    try:
        samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
        return _prepare_samples(samples, rate_hz, variant, audio)
    except (OSError, ValueError, soundfile.LibsndfileError, parselmouth.PraatError) as error:
        return str(error)


def _prepare_samples(
    samples: npt.NDArray[np.float32], rate_hz: int, variant: Variant, audio: AudioConfig
) -> PreparedClip:
    """The same of (samples, channels); raises ValueError with the reason."""
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
    mono = normalize_loudness(mono)
    return PreparedClip(mono, track_f0(mono, audio))
