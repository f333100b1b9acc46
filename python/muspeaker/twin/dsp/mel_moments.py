"""Mean and deviation of a mel's bands, and matching a mel to those of a prompt."""

from __future__ import annotations

import math

import torch

MEL_MEAN, MEL_DEVIATION, DEVIATION_SCALE = -6.0, 1.7, 0.5  # typical of speech
SPEECH_FLOOR = 1e-3  # amplitude, relative to the loudest frame
MOMENT_EPSILON = 1e-6
HALF_MATCHED_FRAMES = 43  # half a second of speech is moved half of the way
MOST_STRETCHED = 2.0  # factor of a band's deviation, either way


def speech_frames(mel: torch.Tensor) -> torch.Tensor:
    """Find the frames of speech, those within 60 dB of the loudest.

    Args:
        mel: (batch, mels, frames), natural-log mel.

    Returns:
        (batch, frames) bool.
    """
    loudness = mel.exp().mean(1)
    return loudness > SPEECH_FLOOR * loudness.amax(1, keepdim=True)


def mel_moments(mel: torch.Tensor, frames: torch.Tensor) -> torch.Tensor:
    """Mean and standard deviation over time of every mel band, scaled to be of order one.

    Args:
        mel: (batch, mels, frames), natural-log mel.
        frames: (batch, frames) bool, true for the frames to use.

    Returns:
        (batch, 2 * mels) float32.
    """
    keep = frames.unsqueeze(1).float()
    count = keep.sum(2).clamp(min=1)
    mean = (mel * keep).sum(2) / count
    variance = ((mel - mean.unsqueeze(2)).square() * keep).sum(2) / count
    deviation = torch.sqrt(variance + MOMENT_EPSILON)
    return torch.cat([mean - MEL_MEAN, (deviation - MEL_DEVIATION) / DEVIATION_SCALE], 1)


def match_moments(
    mel: torch.Tensor, moments: torch.Tensor, energy_gain: float = 1.0
) -> torch.Tensor:
    """Move every band of a spoken mel to the prompt's mean and deviation.

    The decoder predicts the mean of many renderings, which is smoother than any one of them. A short
    utterance holds too few phones to have the prompt's moments, so it is moved less.

    Source: Huang and Belongie 2017 (arXiv:1703.06868), Eq. 8, with the style's own statistics.

    Args:
        mel: (1, mels, frames), natural-log mel.
        moments: (1, 2 * mels) of the prompt, from `mel_moments`.
        energy_gain: Factor of the level that was asked for.

    Returns:
        The shape of mel.
    """
    frames = speech_frames(mel)
    strength = frames.sum() / (frames.sum() + HALF_MATCHED_FRAMES)
    mean, deviation = _moments_of(mel_moments(mel, frames))
    wanted_mean, wanted_deviation = _moments_of(moments)
    wanted_mean = wanted_mean + math.log(energy_gain)
    ratio = (wanted_deviation / deviation).clamp(1 / MOST_STRETCHED, MOST_STRETCHED)
    centre = mean + strength * (wanted_mean - mean)
    return (mel - mean) * ratio**strength + centre


def _moments_of(scaled: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and deviation, each (batch, mels, 1), with the scaling of `mel_moments` undone."""
    mean, deviation = scaled.unsqueeze(2).chunk(2, dim=1)
    return mean + MEL_MEAN, deviation * DEVIATION_SCALE + MEL_DEVIATION
