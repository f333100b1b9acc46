"""Fit, and apply, the per-band correction from the model's rendering of a prompt to the prompt."""

from __future__ import annotations

import math

import torch

from muspeaker.twin.dsp.mel_moments import speech_frames

RIDGE = 0.09  # for each frame, added to squared cepstra against overfitting
RIDGE_FRAMES = 1000  # twelve seconds, added to the number of frames
HALF_TRUSTED_FRAMES = 22  # a prompt of this length moves levels and deviations half of the way
MOST_STRETCHED = 2.0  # factor of a band's deviation, either way
EPSILON = 1e-6


def fit_spectral_map(prompt: torch.Tensor, spoken: torch.Tensor, num_cepstra: int) -> torch.Tensor:
    """Compare a prompt with the model's own rendering of it, frame by frame.

    The decoder differs from the prompt in the level of each band, and in ways that depend on the sound.
    A ridge regression predicts the latter from the cepstra of the rendering. Regression shrinks what it
    cannot predict, so each band is then stretched to the prompt's deviation.

    Source: the transform of maximum-likelihood linear regression (Leggetter and Woodland 1995,
    doi 10.1006/csla.1995.0010), on spectra, by least squares.

    Args:
        prompt: (1, mels, frames), natural-log mel.
        spoken: The shape of prompt: the model's rendering, with the prompt's durations, F0 and energy.
        num_cepstra: Number of cepstra in the regression, the level included; at most mels.

    Returns:
        (1, mels * (2 + cepstra)) float32: offset and stretch of each band, and the regression's weights
        (cepstra, mels).
    """
    frames = speech_frames(prompt)[0]
    real, own = (
        prompt[0, :, frames].double(),
        spoken[0, :, frames].double(),
    )  # (mels, speech frames)
    offset = (real - own).mean(1)
    centred = own - own.mean(1, keepdim=True)
    cepstra = _cosines(len(own), num_cepstra, own.device) @ centred  # (cepstra, speech frames)
    left = real - own - offset.unsqueeze(1)
    ridge = RIDGE * (real.shape[1] + RIDGE_FRAMES)
    scatter = cepstra @ cepstra.T + ridge * torch.eye(
        num_cepstra, dtype=own.dtype, device=own.device
    )
    weights = torch.linalg.solve(scatter, cepstra @ left.T)  # (cepstra, mels)
    moved = centred + weights.T @ cepstra
    deviations = [torch.sqrt(x.var(1, correction=0) + EPSILON) for x in (real, moved)]
    stretch = (deviations[0] / deviations[1]).clamp(1 / MOST_STRETCHED, MOST_STRETCHED)
    trust = real.shape[1] / (real.shape[1] + HALF_TRUSTED_FRAMES)
    values = torch.cat([trust * offset, stretch**trust, weights.flatten()])
    return values.float().unsqueeze(0)


def apply_spectral_map(mel: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """Move a spoken mel towards the prompt's voice.

    Args:
        mel: (1, mels, frames), natural-log mel.
        values: (1, mels * (2 + cepstra)) from `fit_spectral_map`, or a mean of several.

    Returns:
        The shape of mel.
    """
    num_mels = mel.shape[1]
    offset, stretch = values[0, : 2 * num_mels].view(2, num_mels, 1)
    weights = values[0, 2 * num_mels :].view(-1, num_mels)  # (cepstra, mels)
    frames = speech_frames(mel)[0]
    mean = mel[0, :, frames].mean(1, keepdim=True)
    centred = mel[0] - mean
    cepstra = _cosines(num_mels, len(weights), mel.device).float() @ centred
    return (mean + offset + stretch * (centred + weights.T @ cepstra)).unsqueeze(0)


def _cosines(num_mels: int, num_cepstra: int, device: torch.device) -> torch.Tensor:
    """(cepstra, mels) float64, the orthonormal cosine transform (DCT-II)."""
    order = torch.arange(num_cepstra, dtype=torch.float64, device=device).unsqueeze(1)
    band = torch.arange(num_mels, dtype=torch.float64, device=device).unsqueeze(0)
    cosines = torch.cos(math.pi / num_mels * (band + 0.5) * order) * math.sqrt(2 / num_mels)
    cosines[0] /= math.sqrt(2)
    return cosines
