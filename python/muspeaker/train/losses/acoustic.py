"""Losses of the acoustic stage, pure functions, with one table of their weights."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from muspeaker.train.loop.distributed import joint_mean
from muspeaker.twin.dsp.mel_moments import mel_moments, speech_frames

WEIGHTS = {
    "mel": 1.0,
    "loud": 0.5,
    "moments": 0.2,
    "duration": 0.2,
    "pitch": 0.1,
    "range": 0.1,
    "voicing": 0.1,
    "energy": 0.1,
    "kl": 0.01,
    "adversarial": 0.05,
    "features": 0.1,
    "perceptual": 0.2,
    "contrastive": 0.05,
    "voice": 0.0,
}


AUDIBLE = -9.0  # natural-log mel, some 80 dB below loud speech
SILENCE = -20.0  # natural-log mel, below any recording
LEAST_VARIANCE = 1e-4  # so that the deviation of a single frame has a gradient
LONGEST_EXCESS = (
    4.0  # natural log of a duration over what was predicted; beyond it no gradient grows
)
LOUDEST = 3.0  # natural-log mel; beyond it the exponential would only do harm


def masked_mean(values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Mean of values where the mask, of the same shape, is true; over the batch of all processes."""
    return (values * mask).sum() / joint_mean(mask.sum().float()).clamp(min=1)


def mel_loss(predicted: torch.Tensor, target: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Mean absolute error of natural-log mel, where anything is heard.

    Below AUDIBLE all levels count as one: digital silence at the mel's floor and the quiet of a recording differ
    by more than any two vowels, and nobody hears it.

    Args:
        predicted: (batch, mels, frames).
        target: The shape of predicted.
        mask: (batch, frames) bool.

    Returns:
        Scalar.
    """
    heard = predicted.float().clamp(min=AUDIBLE) - target.clamp(min=AUDIBLE)
    return masked_mean(heard.abs().mean(1), mask)


def loud_loss(predicted: torch.Tensor, target: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Mean absolute error of linear mel relative to the target's mean: the formants weigh most.

    Args:
        predicted: (batch, mels, frames), natural-log mel.
        target: The shape of predicted.
        mask: (batch, frames) bool.

    Returns:
        Scalar.
    """
    error = (predicted.float().clamp(max=LOUDEST).exp() - target.exp()).abs().mean(1)
    return masked_mean(error, mask) / joint_mean(masked_mean(target.exp().mean(1), mask))


def moments_loss(predicted: torch.Tensor, target: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Mean absolute error of each band's mean and deviation over the speech of an utterance.

    An L1 loss alone gives the median of what could be said, which is smoother than speech. Source: the
    global variance of Toda and Tokuda 2007, as a loss.

    Args:
        predicted: (batch, mels, frames), natural-log mel.
        target: The shape of predicted.
        mask: (batch, frames) bool.

    Returns:
        Scalar.
    """
    frames = speech_frames(target.masked_fill(~mask.unsqueeze(1), SILENCE)) & mask
    return (mel_moments(predicted.float(), frames) - mel_moments(target, frames)).abs().mean()


def kl_loss(noise: torch.Tensor, log_std: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """KL divergence of the posterior of e_mel from the prior, through the volume-preserving flow.

    Source: Kim et al. 2021 (arXiv:2106.06103), Eq. 4, with a standard normal prior and no Jacobian.

    Args:
        noise: (batch, tokens, latent), the flow's image of a sample of the posterior.
        log_std: (batch, tokens, latent) of the posterior.
        mask: (batch, tokens) bool.

    Returns:
        Scalar, nats a phone.
    """
    nats = (0.5 * noise.float().square() - log_std.float() - 0.5).sum(-1)
    return masked_mean(nats, mask)


def duration_loss(
    log_predicted: torch.Tensor, durations: torch.Tensor, mask: torch.Tensor
) -> torch.Tensor:
    """Unit deviance of the gamma distribution: relative errors count, and the best answer is the mean.

    The best answer to a squared error of logarithms is a geometric mean, which is shorter: speech was hurried by
    a tenth. Phones without a frame do not count.

    Source: McCullagh and Nelder 1989, Generalized Linear Models, Chapter 8.

    Args:
        log_predicted: (batch, tokens).
        durations: (batch, tokens) int64, frames.
        mask: (batch, tokens) bool.

    Returns:
        Scalar.
    """
    excess = durations.clamp(min=1).float().log() - log_predicted.float()
    deviance = 2 * (excess.clamp(max=LONGEST_EXCESS).exp() - excess - 1)
    return masked_mean(deviance, mask & (durations > 0))


def pitch_losses(
    predicted: torch.Tensor, level: torch.Tensor, voiced: torch.Tensor, mask: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Absolute error of normalised log-F0 where voiced, and cross-entropy of voicing.

    Args:
        predicted: (batch, frames, 2), level and logit.
        level: (batch, frames), normalised log-F0.
        voiced: (batch, frames) bool.
        mask: (batch, frames) bool.

    Returns:
        Two scalars.
    """
    predicted = predicted.float()
    level_loss = masked_mean((predicted[..., 0] - level).abs(), mask & voiced)
    entropy = F.binary_cross_entropy_with_logits(
        predicted[..., 1], voiced.float(), reduction="none"
    )
    return level_loss, masked_mean(entropy, mask)


def range_loss(
    predicted: torch.Tensor, level: torch.Tensor, voiced: torch.Tensor, mask: torch.Tensor
) -> torch.Tensor:
    """Absolute error of each utterance's deviation of log-F0, which an absolute error of levels flattens.

    Args:
        predicted: (batch, frames), normalised log-F0.
        level: The shape of predicted.
        voiced: (batch, frames) bool.
        mask: (batch, frames) bool.

    Returns:
        Scalar.
    """
    heard = (mask & voiced).float()
    count = heard.sum(1).clamp(min=1)

    def deviation(x: torch.Tensor) -> torch.Tensor:
        mean = (x * heard).sum(1) / count
        variance = ((x - mean.unsqueeze(1)).square() * heard).sum(1) / count
        return (variance + LEAST_VARIANCE).sqrt()

    wrong = (deviation(predicted.float()) - deviation(level)).abs()
    return masked_mean(wrong, heard.sum(1) > 1)


def energy_loss(predicted: torch.Tensor, target: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Squared error of normalised log-energy, each (batch, frames)."""
    return masked_mean((predicted.float() - target).square(), mask)
