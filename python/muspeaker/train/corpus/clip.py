"""One recording to the samples and the F0 of a clip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import parselmouth
import soundfile

from muspeaker.train.corpus.leveling import Variant, level_samples

if TYPE_CHECKING:
    from pathlib import Path

    from muspeaker.config import AudioConfig

F0_FLOOR_HZ = 60.0
F0_CEILING_HZ = 550.0


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
        leveled = level_samples(samples, rate_hz, variant, audio)
        return PreparedClip(leveled, track_f0(leveled, audio))
    except (OSError, ValueError, soundfile.LibsndfileError, parselmouth.PraatError) as error:
        return str(error)
