"""The learned aligner: a hidden Markov model whose phones say what they sound like.

An attention trained through a CTC loss with a blank, as in Badlani et al. 2021, was tried first and fell
into the blank on this little data; here every frame belongs to a phone and the sound itself is explained,
which has no such way out. Neighbours are looked at only once phones are found without them: from a flat
start with them, a vowel after a comma learned to sound like the pause.
"""

from __future__ import annotations

import math

import numba
import numpy as np
import numpy.typing as npt
import torch
from scipy.special import betaln, gammaln
from torch import nn
from torch.autograd.function import FunctionCtx, once_differentiable

from muspeaker.model.convolution import Conv1d

NUM_CEPSTRA = 16
NUM_FEATURES = 2 * NUM_CEPSTRA
EMISSION_SCALE = 0.3
LOG_STD_RANGE = (-1.5, 1.0)
NUM_PAUSES = 5  # silence and the four marks, the first symbols; all sound the same


class Aligner(nn.Module):
    """Mean and deviation of the cepstra of each phone, shifted by its neighbours.

    Source: hidden Markov models for speech, Rabiner 1989 (doi 10.1109/5.18626), Section III.

    Args:
        num_phones: Size of the phone table; the first five are pauses.
        hidden: Width of the network that looks at the neighbours.
    """

    def __init__(self, num_phones: int, hidden: int = 128) -> None:
        super().__init__()
        self.mean = nn.Embedding(num_phones, NUM_FEATURES)
        self.log_std = nn.Embedding(num_phones, NUM_FEATURES)
        nn.init.normal_(self.mean.weight, std=0.1)
        nn.init.zeros_(self.log_std.weight)
        self.phone = nn.Embedding(num_phones, hidden)
        self.context = nn.Sequential(
            Conv1d(hidden, hidden, 3, padding=1), nn.ReLU(), Conv1d(hidden, NUM_FEATURES, 1)
        )

    def forward(self, features: torch.Tensor, phones: torch.Tensor, context: float) -> torch.Tensor:
        """Score.

        Args:
            features: (batch, NUM_FEATURES, frames) from `cepstral_features`.
            phones: (batch, tokens) int64.
            context: How much the neighbours count, 0 to 1.

        Returns:
            (batch, frames, tokens), scaled log-likelihood of each frame under each phone.
        """
        phones = torch.where(phones < NUM_PAUSES, 0, phones)
        shift = self.context(self.phone(phones).transpose(1, 2)).transpose(1, 2)
        shift = context * torch.tanh(shift) * (phones > 0).unsqueeze(-1)
        mean = self.mean(phones) + shift  # (batch, tokens, features)
        log_std = self.log_std(phones).clamp(*LOG_STD_RANGE)
        weight = torch.exp(-2 * log_std)
        x = features.transpose(1, 2)  # (batch, frames, features)
        distance = (
            torch.bmm(x.square(), weight.transpose(1, 2))
            - 2 * torch.bmm(x, (weight * mean).transpose(1, 2))
            + (weight * mean.square() + 2 * log_std).sum(2).unsqueeze(1)
        )
        return -0.5 * EMISSION_SCALE * distance


def states_of(phones: npt.NDArray[np.int32], frames: int) -> npt.NDArray[np.int64]:
    """Token number of each state: two states a phone, one a pause; one each in a very short clip.

    Args:
        phones: (tokens,) int32.
        frames: Number of mel frames.

    Returns:
        (states,) int64, states <= frames.
    """
    states = np.repeat(np.arange(len(phones)), np.where(phones < NUM_PAUSES, 1, 2))
    return states if len(states) <= frames else np.arange(len(phones))


def cepstral_features(mel: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Cepstra and their slopes, normalised over the clip.

    Args:
        mel: (mels, frames), natural-log mel.

    Returns:
        (NUM_FEATURES, frames) float32.
    """
    bands = len(mel)
    order = np.arange(NUM_CEPSTRA)[:, None]
    basis = np.cos(math.pi / bands * (np.arange(bands)[None, :] + 0.5) * order)
    cepstra = basis @ mel
    padded = np.pad(cepstra, ((0, 0), (2, 2)), "edge")
    slope = 2 * (padded[:, 4:] - padded[:, :-4]) + padded[:, 3:-1] - padded[:, 1:-3]
    features = np.concatenate([cepstra, slope])
    features = features - features.mean(1, keepdims=True)
    return (features / (features.std(1, keepdims=True) + 1e-3)).astype(np.float32)


def beta_binomial_prior(tokens: int, frames: int, width: float = 1.0) -> npt.NDArray[np.float32]:
    """Log-probabilities near the diagonal, for the first steps from a flat start.

    Source: Shih et al. 2021 (RAD-TTS), Appendix; frame t expects token about t * tokens / frames.

    Args:
        tokens: Number of phones.
        frames: Number of mel frames.
        width: Smaller is wider.

    Returns:
        (frames, tokens) float32.
    """
    k = np.arange(tokens)[None, :]
    t = np.arange(1, frames + 1)[:, None]
    a, b, n = width * t, width * (frames + 1 - t), tokens - 1
    choose = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return (choose + betaln(k + a, n - k + b) - betaln(a, b)).astype(np.float32)


@numba.njit(cache=True)
def _log_add(a: float, b: float) -> float:  # pragma: no cover
    high, low = max(a, b), min(a, b)
    if low == -np.inf:
        return high
    return high + np.log1p(np.exp(low - high))


@numba.njit(cache=True)
def _forward_backward(
    scores: npt.NDArray[np.float32], posterior: npt.NDArray[np.float32]
) -> float:  # pragma: no cover
    frames, tokens = scores.shape
    forward = np.full((frames, tokens), -np.inf)
    backward = np.full((frames, tokens), -np.inf)
    forward[0, 0] = scores[0, 0]
    for t in range(1, frames):
        for n in range(max(0, tokens - frames + t), min(tokens, t + 1)):
            move = forward[t - 1, n - 1] if n > 0 else -np.inf
            forward[t, n] = scores[t, n] + _log_add(forward[t - 1, n], move)
    backward[frames - 1, tokens - 1] = 0.0
    for t in range(frames - 2, -1, -1):
        for n in range(max(0, tokens - frames + t), min(tokens, t + 1)):
            stay = backward[t + 1, n] + scores[t + 1, n]
            move = -np.inf
            if n + 1 < tokens:
                move = backward[t + 1, n + 1] + scores[t + 1, n + 1]
            backward[t, n] = _log_add(stay, move)
    total = forward[frames - 1, tokens - 1]
    for t in range(frames):
        for n in range(tokens):
            posterior[t, n] = np.exp(forward[t, n] + backward[t, n] - total)
    return total


class _ForwardSum(torch.autograd.Function):
    """Negative log-sum over all monotonic paths; its gradient is the posterior of each state."""

    @staticmethod
    def forward(
        ctx: FunctionCtx, scores: torch.Tensor, tokens: torch.Tensor, frames: torch.Tensor
    ) -> torch.Tensor:
        gradient = torch.zeros_like(scores)
        losses = []
        for row in range(len(scores)):
            n, t = int(tokens[row]), int(frames[row])
            posterior = np.empty((t, n), np.float32)
            cut = np.ascontiguousarray(scores[row, :t, :n].detach().cpu().numpy())
            losses.append(-_forward_backward(cut, posterior) / t)
            gradient[row, :t, :n] = torch.from_numpy(-posterior / t)
        ctx.save_for_backward(gradient / len(scores))
        return scores.new_tensor(losses).mean()

    @staticmethod
    @once_differentiable
    def backward(ctx: FunctionCtx, upstream: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        (gradient,) = ctx.saved_tensors  # type: ignore[attr-defined]
        return gradient * upstream, None, None


def forward_sum_loss(
    scores: torch.Tensor, tokens: torch.Tensor, frames: torch.Tensor
) -> torch.Tensor:
    """Negative log-likelihood of all monotonic paths, each phone at least one frame long.

    Args:
        scores: (batch, frames, tokens) float32.
        tokens: (batch,) int64, numbers of tokens.
        frames: (batch,) int64, numbers of frames, at least as many.

    Returns:
        Scalar, per frame.
    """
    loss: torch.Tensor = _ForwardSum.apply(scores, tokens, frames)  # type: ignore[no-untyped-call]
    return loss


@numba.njit(cache=True)
def best_path(scores: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:  # pragma: no cover
    """The monotonic path of highest score that gives each token at least one frame.

    Args:
        scores: (frames, tokens) float32, frames >= tokens.

    Returns:
        Durations, (tokens,) int64, frames.
    """
    frames, tokens = scores.shape
    best = np.full((frames, tokens), -np.inf, np.float64)
    best[0, 0] = scores[0, 0]
    for t in range(1, frames):
        for n in range(max(0, tokens - frames + t), min(tokens, t + 1)):
            move = best[t - 1, n - 1] if n > 0 else -np.inf
            best[t, n] = scores[t, n] + max(best[t - 1, n], move)
    durations = np.zeros(tokens, np.int64)
    n = tokens - 1
    for t in range(frames - 1, -1, -1):
        durations[n] += 1
        if t > 0 and n > 0 and best[t - 1, n - 1] >= best[t - 1, n]:
            n -= 1
    return durations
