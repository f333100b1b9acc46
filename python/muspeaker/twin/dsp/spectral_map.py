"""Fit, and apply, the per-band correction from the model's rendering of a prompt to the prompt."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from muspeaker.twin.dsp.mel_moments import speech_frames

if TYPE_CHECKING:
    from collections.abc import Callable

PRIOR_FRAMES = 44  # what the guess counts that cepstra do not vary together
HALF_TRUSTED_FRAMES = 22  # a prompt of this length moves levels and deviations half of the way
MOST_STRETCHED = 2.0  # factor of a band's deviation, either way
MOST_TURNED = 4.0  # factor of any mixture of cepstra, either way
LEAST_VARIANCE = 1e-4  # of a cepstrum
EPSILON = 1e-6


def fit_spectral_map(
    prompt: torch.Tensor, spoken: torch.Tensor, num_cepstra: int, *, plain: bool = False
) -> torch.Tensor:
    """Compare how the spectra of a prompt vary with how those of the model's own rendering of it do.

    The decoder differs from the prompt in the level of each band, and in which shapes of the spectrum come
    together and how far they go. Of all linear maps that give the rendering's cepstra the prompt's covariance, the
    one that moves them least is taken: the optimal transport between two normal distributions. Each band is then
    stretched to the prompt's deviation. Nothing is compared frame by frame, so noise in single frames teaches
    nothing; a regression on the prompt's frames, which was here before, was heard as roughness.

    Source: Olkin and Pukelsheim 1982 (doi 10.1016/0024-3795(82)90112-4), Theorem 4; covariances shrunk to their
    diagonals as Ledoit and Wolf 2004 (doi 10.1016/S0047-259X(03)00096-4) do to a multiple of one.

    Args:
        prompt: (1, mels, frames), natural-log mel.
        spoken: The shape of prompt: the model's rendering, with the prompt's durations, F0 and energy.
        num_cepstra: Number of cepstra that are mapped, the level included; at most mels.
        plain: Fit levels and deviations of bands alone: cepstra add nothing.

    Returns:
        (1, mels * (2 + cepstra)) float32: offset and stretch of each band, and what each cepstrum adds to each band
        (cepstra, mels).
    """
    frames = speech_frames(prompt)[0]
    real, own = (
        prompt[0, :, frames].double(),
        spoken[0, :, frames].double(),
    )  # (mels, speech frames)
    offset = (real - own).mean(1)
    real, own = (x - x.mean(1, keepdim=True) for x in (real, own))
    rows = cosines(len(own), num_cepstra, own.device)  # (cepstra, mels)
    count = real.shape[1]
    trust = count / (count + HALF_TRUSTED_FRAMES)
    still = torch.eye(num_cepstra).to(own)
    moving = (
        still
        if plain
        else transport(cepstral_covariance(rows @ own), cepstral_covariance(rows @ real))
    )
    weights = trust * (moving - still) @ rows
    moved = own + weights.T @ (rows @ own)
    deviations = [torch.sqrt(x.var(1, correction=0) + EPSILON) for x in (real, moved)]
    stretch = (deviations[0] / deviations[1]).clamp(1 / MOST_STRETCHED, MOST_STRETCHED)
    values = torch.cat([trust * offset, stretch**trust, weights.flatten()])
    return values.float().unsqueeze(0)


def cepstral_covariance(cepstra: torch.Tensor) -> torch.Tensor:
    """(cepstra, cepstra) of centred (cepstra, frames), drawn to its diagonal where there are few frames."""
    count = cepstra.shape[1]
    together = count / (count + PRIOR_FRAMES)
    covariance = cepstra @ cepstra.T / count
    apart = covariance.diagonal()
    return together * covariance + torch.diag((1 - together) * apart + LEAST_VARIANCE)


def transport(source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """The symmetric map from one covariance to another, stretching nothing by more than MOST_TURNED."""
    root = _of_eigenvalues(source, torch.sqrt)
    inverse = _of_eigenvalues(source, torch.rsqrt)
    between = _of_eigenvalues(root @ target @ root, torch.sqrt)
    moving = inverse @ between @ inverse
    return _of_eigenvalues(moving, lambda x: x.clamp(1 / MOST_TURNED, MOST_TURNED))


def _of_eigenvalues(
    matrix: torch.Tensor, function: Callable[[torch.Tensor], torch.Tensor]
) -> torch.Tensor:
    """A function of a symmetric positive matrix."""
    values, vectors = torch.linalg.eigh(matrix)
    return (vectors * function(values.clamp(min=EPSILON**2))) @ vectors.T


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
    cepstra = cosines(num_mels, len(weights), mel.device).float() @ centred
    return (mean + offset + stretch * (centred + weights.T @ cepstra)).unsqueeze(0)


def cosines(num_mels: int, num_cepstra: int, device: torch.device) -> torch.Tensor:
    """(cepstra, mels) float64, the orthonormal cosine transform (DCT-II)."""
    order = torch.arange(num_cepstra, dtype=torch.float64, device=device).unsqueeze(1)
    band = torch.arange(num_mels, dtype=torch.float64, device=device).unsqueeze(0)
    cosines = torch.cos(math.pi / num_mels * (band + 0.5) * order) * math.sqrt(2 / num_mels)
    cosines[0] /= math.sqrt(2)
    return cosines
