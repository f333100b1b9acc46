"""How the aligner learns: the sum over all monotonic paths, and the best of them.

An attention trained through a CTC loss with a blank, as in Badlani et al. 2021, was tried first and fell
into the blank on this little data; here every frame belongs to a phone and the sound itself is explained,
which has no such way out. Neighbours are looked at only once phones are found without them: from a flat
start with them, a vowel after a comma learned to sound like the pause.
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt
import torch
from scipy.special import betaln, gammaln
from torch.autograd.function import FunctionCtx, once_differentiable


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
