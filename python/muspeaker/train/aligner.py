"""The learned aligner: mel frames attend to phones, monotonically."""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import nn

from muspeaker.model.convolution import Conv1d

BLANK_LOG_PROB = -1.0


class Aligner(nn.Module):
    """Distances between encoded phones and encoded mel frames, as log-probabilities of phones.

    Source: Badlani et al. 2021 (arXiv:2108.10447), Section 2.1; prior after Shih et al. 2021.

    Args:
        num_phones: Size of the phone table.
        num_mels: Mel bands.
        hidden: Width inside.
        shared: Width of the space in which distances are taken.
    """

    def __init__(
        self, num_phones: int, num_mels: int = 80, hidden: int = 192, shared: int = 80
    ) -> None:
        super().__init__()
        self.phone = nn.Embedding(num_phones, hidden)
        self.key = nn.Sequential(
            Conv1d(hidden, 2 * hidden, 3, padding=1), nn.ReLU(), Conv1d(2 * hidden, shared, 1)
        )
        self.query = nn.Sequential(
            Conv1d(num_mels, 2 * hidden, 3, padding=1),
            nn.ReLU(),
            Conv1d(2 * hidden, hidden, 3, padding=1),
            nn.ReLU(),
            Conv1d(hidden, shared, 1),
        )

    def forward(self, mel: torch.Tensor, phones: torch.Tensor, prior: torch.Tensor) -> torch.Tensor:
        """Score.

        Args:
            mel: (batch, mels, frames), each clip normalised to zero mean and unit deviation by band.
            phones: (batch, tokens) int64.
            prior: (batch, frames, tokens) log-probabilities; very low at padded tokens.

        Returns:
            (batch, frames, tokens) log-probabilities of the tokens in each frame.
        """
        key = self.key(self.phone(phones).transpose(1, 2)).float()  # (batch, shared, tokens)
        query = self.query(mel).float()  # (batch, shared, frames)
        dots = torch.bmm(query.transpose(1, 2), key)  # (batch, frames, tokens)
        distance = key.square().sum(1).unsqueeze(1) - 2 * dots + query.square().sum(1).unsqueeze(2)
        scores = torch.log_softmax(-0.05 * distance + (prior < -1e4) * -1e9, dim=2)
        return torch.log_softmax(scores + prior, dim=2)


def beta_binomial_prior(tokens: int, frames: int, width: float = 1.0) -> npt.NDArray[np.float32]:
    """Log-probabilities near the diagonal.

    Source: Shih et al. 2021 (RAD-TTS), Appendix; frame t expects token about t * tokens / frames.

    Args:
        tokens: Number of phones.
        frames: Number of mel frames.
        width: Smaller is wider.

    Returns:
        (frames, tokens) float32.
    """
    from scipy.special import betaln, gammaln

    k = np.arange(tokens)[None, :]
    t = np.arange(1, frames + 1)[:, None]
    a, b, n = width * t, width * (frames + 1 - t), tokens - 1
    choose = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return (choose + betaln(k + a, n - k + b) - betaln(a, b)).astype(np.float32)


def forward_sum_loss(
    log_probs: torch.Tensor, tokens: torch.Tensor, frames: torch.Tensor
) -> torch.Tensor:
    """Negative log-likelihood of all monotonic paths, as a CTC loss over token positions.

    Args:
        log_probs: (batch, frames, tokens).
        tokens: (batch,) int64, numbers of tokens.
        frames: (batch,) int64, numbers of frames.

    Returns:
        Scalar, per frame.
    """
    with_blank = F.pad(log_probs, (1, 0), value=BLANK_LOG_PROB)
    targets = torch.arange(1, log_probs.shape[2] + 1).expand(len(tokens), -1)
    outside = targets > tokens.unsqueeze(1)
    with_blank = with_blank.masked_fill(
        F.pad(outside, (1, 0)).unsqueeze(1).to(with_blank.device), -1e9
    )
    normalized = torch.log_softmax(with_blank, dim=2).transpose(0, 1)
    losses = F.ctc_loss(
        normalized, targets, frames, tokens, reduction="none", zero_infinity=True
    )
    return (losses / frames.to(losses.device)).mean()


@numba.njit(cache=True)
def best_path(log_probs: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:  # pragma: no cover
    """The monotonic path of highest score that gives each token at least one frame.

    Args:
        log_probs: (frames, tokens) float32, frames >= tokens.

    Returns:
        Durations, (tokens,) int64, frames.
    """
    frames, tokens = log_probs.shape
    score = np.full((frames, tokens), -np.inf, np.float64)
    score[0, 0] = log_probs[0, 0]
    for t in range(1, frames):
        for n in range(max(0, tokens - frames + t), min(tokens, t + 1)):
            stay = score[t - 1, n]
            move = score[t - 1, n - 1] if n > 0 else -np.inf
            score[t, n] = log_probs[t, n] + max(stay, move)
    durations = np.zeros(tokens, np.int64)
    n = tokens - 1
    for t in range(frames - 1, -1, -1):
        durations[n] += 1
        if t > 0 and n > 0 and score[t - 1, n - 1] >= score[t - 1, n]:
            n -= 1
    return durations
