"""A clone whose mel decoder learns the prompt: the decoder forwards and backwards in NumPy, and Adam.

Recipe and figures: docs/adr/017-let-a-clone-learn-its-prompt.md. Its twin in PyTorch is
muspeaker.twin.engine.refinement.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from muspeaker.config import REFINING
from muspeaker.decoder_changes import DecoderChanges

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Array = NDArray[np.float32]

_SLOPE = np.float32(0.2)  # of the leaky ReLU
_NORM_EPSILON = np.float32(1e-5)


def refine(weights: Mapping[str, Array], inputs: tuple[Array, Array, Array]) -> DecoderChanges:
    """Learn a prompt, and keep a share of what has changed.

    Args:
        weights: From `_core.Synthesizer.decoder_weights`.
        inputs: From `_core.Synthesizer.refinement_inputs`.
    """
    decoder = Decoder(weights)
    before = decoder.parameters.copy()
    learn(decoder, inputs, REFINING.steps)
    changes = np.float32(REFINING.share) * (decoder.parameters - before)
    return DecoderChanges.of(decoder.as_stored(changes))


def learn(decoder: Decoder, inputs: tuple[Array, Array, Array], steps: int) -> float:
    """Fit a decoder to one recording.

    Args:
        decoder: Is changed.
        inputs: e_lat (frames, content), e_tim (timbre,) and the mel (frames, mels), natural log.
        steps: How many steps of Adam, over which its rate falls.

    Returns:
        The loss before the last step, in nepers; NaN if there was none.
    """
    e_lat, e_tim, mel = inputs
    heard = (mel > REFINING.floor).astype(np.float32)
    heard /= max(float(heard.sum()), 1.0)
    x, betas = decoder.parameters, REFINING.betas
    mean, square, scratch = np.zeros_like(x), np.zeros_like(x), np.empty_like(x)
    loss = float("nan")
    for step in range(1, steps + 1):
        error = decoder.forward(e_lat, e_tim) - mel
        loss = float((np.abs(error) * heard).sum())
        slope = decoder.backward(np.sign(error) * heard)
        # Adam, in place: no array of two million numbers is made anew
        mean *= np.float32(betas[0])
        mean += np.multiply(slope, np.float32(1 - betas[0]), out=scratch)
        square *= np.float32(betas[1])
        np.square(slope, out=scratch)
        square += np.multiply(scratch, np.float32(1 - betas[1]), out=scratch)
        np.sqrt(square, out=scratch)
        scratch *= np.float32(1 / np.sqrt(1 - betas[1] ** step))
        scratch += np.float32(REFINING.epsilon)
        np.divide(mean, scratch, out=scratch)
        rate = REFINING.rate * (1 + math.cos(math.pi * (step - 1) / steps)) / 2
        scratch *= np.float32(rate / (1 - betas[0] ** step))
        x -= scratch
    return loss


class Decoder:
    """The mel decoder as csrc/model has it, which also tells how its result depends on its weights.

    Attributes:
        parameters: (weights,) float32, all weights in the order of their names.
    """

    def __init__(self, weights: Mapping[str, Array]) -> None:
        names = sorted(weights)
        self._shapes = {name: weights[name].shape for name in names}
        self.parameters = np.concatenate([weights[name].ravel() for name in names])
        self._slopes = np.zeros_like(self.parameters)
        views, slopes = self.as_stored(self.parameters), self.as_stored(self._slopes)

        def parts(scope: str) -> tuple[Array, Array, Array, Array]:
            weight, bias = f"{scope}.weight", f"{scope}.bias"
            return views[weight], views[bias], slopes[weight], slopes[bias]

        num_blocks = sum(name.endswith("conv1.bias") for name in names)
        self._pre, self._post = _Conv(*parts("conv_pre")), _Conv(*parts("conv_post"))
        self._layers = [  # two a block
            (
                _StyledNorm(*parts(f"blocks.{block}.norm{half}.linear")),
                _Conv(*parts(f"blocks.{block}.conv{half}")),
            )
            for block in range(num_blocks)
            for half in (1, 2)
        ]

    def forward(self, e_lat: Array, e_tim: Array) -> Array:
        """(frames, content) and (timbre,) to a mel, (frames, mels), natural log."""
        x = self._pre.forward(e_lat)
        for index in range(0, len(self._layers), 2):
            y = x
            for norm, conv in self._layers[index : index + 2]:
                y = conv.forward(norm.forward(y, e_tim))
            x = x + y
        return self._post.forward(x)

    def backward(self, slope: Array) -> Array:
        """The slope of a loss by the last result, (frames, mels), to that by the parameters, (weights,).

        What is returned is written over by the next call.
        """
        dx = self._post.backward(slope)
        for index in reversed(range(0, len(self._layers), 2)):
            dy = dx
            for norm, conv in reversed(self._layers[index : index + 2]):
                dy = norm.backward(conv.backward(dy))
            dx = dx + dy
        self._pre.backward(dx, needs_input=False)
        return self._slopes

    def as_stored(self, values: Array) -> dict[str, Array]:
        """Values in the order of the parameters as tensors, which share their memory."""
        views, at = {}, 0
        for name, shape in self._shapes.items():
            size = int(np.prod(shape))
            views[name] = values[at : at + size].reshape(shape)
            at += size
        return views


class _Conv:
    """A convolution over time, (kernel, out, in) or of kernel 1 (out, in), as one product a tap."""

    def __init__(self, weight: Array, bias: Array, dweight: Array, dbias: Array) -> None:
        self._weight = weight if weight.ndim == 3 else weight[None]
        self._dweight = dweight if weight.ndim == 3 else dweight[None]
        self._bias, self._dbias = bias, dbias
        self._x = weight  # the last input, with zero frames around it

    def forward(self, x: Array) -> Array:
        """(frames, in) to (frames, out)."""
        reach = len(self._weight) // 2
        self._x = np.zeros((len(x) + 2 * reach, x.shape[1]), np.float32)
        self._x[reach : reach + len(x)] = x
        y: Array = self._x[: len(x)] @ self._weight[0].T
        for tap in range(1, len(self._weight)):
            y += self._x[tap : tap + len(x)] @ self._weight[tap].T
        y += self._bias
        return y

    def backward(self, dy: Array, *, needs_input: bool = True) -> Array:
        """Slope by the result to that by the input; that by the weights is kept."""
        reach = len(self._weight) // 2
        dx = np.zeros(self._x.shape if needs_input else (0, 0), np.float32)
        for tap, weight in enumerate(self._weight):
            np.matmul(dy.T, self._x[tap : tap + len(dy)], out=self._dweight[tap])
            if needs_input:
                dx[tap : tap + len(dy)] += dy @ weight
        dy.sum(axis=0, out=self._dbias)
        return dx[reach : reach + len(dy)]


class _StyledNorm:
    """AdaIN, then a leaky ReLU: nn::AdaIN and what a block does before its convolution."""

    def __init__(self, weight: Array, bias: Array, dweight: Array, dbias: Array) -> None:
        self._weight, self._bias = weight, bias
        self._dweight, self._dbias = dweight, dbias
        self._e_tim = self._normal = self._factor = self._bends = bias

    def forward(self, x: Array, e_tim: Array) -> Array:
        """(frames, channels) and (timbre,) to (frames, channels)."""
        gain, shift = np.split(self._weight @ e_tim + self._bias, 2)
        centred = x - x.mean(axis=0)
        deviation = np.sqrt(np.square(centred).mean(axis=0) + _NORM_EPSILON)
        self._e_tim = e_tim
        self._factor = (1 + gain) / deviation
        self._normal = centred / deviation
        y: Array = self._normal * (1 + gain) + shift
        self._bends = np.where(y < 0, _SLOPE, np.float32(1))
        y *= self._bends
        return y

    def backward(self, dy: Array) -> Array:
        """Slope by the result to that by the input; that by the weights is kept."""
        dy = dy * self._bends
        dshift = dy.sum(axis=0)
        dgain = (dy * self._normal).sum(axis=0)
        np.concatenate([dgain, dshift], out=self._dbias)
        np.multiply(self._dbias[:, None], self._e_tim, out=self._dweight)
        frames = np.float32(len(dy))
        dx: Array = self._factor * (dy - dshift / frames - self._normal * (dgain / frames))
        return dx
