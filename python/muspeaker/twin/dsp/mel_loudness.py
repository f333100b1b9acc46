"""How loud a mel is, and one loudness for all of them."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import torch

from muspeaker.twin.dsp.mel import mel_edges_hz

if TYPE_CHECKING:
    from muspeaker.config import AudioConfig

TARGET_LUFS = -23.1  # of the mel; what is spoken has about as much
MOST_CHANGED_DB = 30.0
BLOCK_SECONDS = 0.4
ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_LU = -10.0
OFFSET_LU = -0.691  # of BS.1770
SPREAD = (
    4 / math.pi
)  # mean square of magnitudes over the square of their mean, where they are noise
WEIGHTING_RATE_HZ = 48000.0  # of the two filters of BS.1770, numerator and denominator each
WEIGHTING = (
    ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585)),
    ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621)),
)  # fmt: skip
HANN_POWER = 0.375  # mean square of the window
ABOVE_HZ = 700.0  # above the last band, "s" is as loud as in it so far, in what the vocoder makes
QUIET = 2e-3  # of the loudest frame: -27 dB
MOST_ALONE = 0.75  # of both neighbours of a frame together: 1.8 dB over their mean


def mel_loudness(mel: torch.Tensor, audio: AudioConfig) -> float:
    """Estimate the loudness that speech of a mel has.

    Source: ITU-R BS.1770-4, Annex 1: filters, blocks of 400 ms, gates; blocks begin at every frame, and
    what is shorter than a block is taken for one that ends in silence. Quiet ends are left out: blocks
    that hold a part of a word would say that a short text is softer than it is. A frame that is alone in
    being loud is not spoken so, since the windows of its neighbours lie over it.

    Args:
        mel: (1, mels, frames), natural log.
        audio: What the mel is made of.

    Returns:
        LUFS; minus infinity where all is below -70 LUFS.
    """
    power = (mel[0].double().exp().square() * _band_weights(audio).to(mel.device)).sum(
        0
    )  # (frames)
    power[1:-1] = torch.minimum(power[1:-1], MOST_ALONE * (power[:-2] + power[2:]))
    sounds = torch.nonzero(power > QUIET * power.max())[:, 0]
    if len(sounds):
        power = power[sounds[0] : sounds[-1] + 1]
    block = max(1, round(BLOCK_SECONDS * audio.sample_rate / audio.hop_samples))
    power = torch.cat([power, power.new_zeros(max(0, block - len(power)))])
    blocks = power.unfold(0, block, 1).mean(1)
    blocks = blocks[blocks > _power_of(ABSOLUTE_GATE_LUFS)]
    if len(blocks) == 0:
        return -math.inf
    blocks = blocks[blocks > _power_of(RELATIVE_GATE_LU + OFFSET_LU) * blocks.mean()]
    return OFFSET_LU + 10 * math.log10(float(blocks.mean()))


def level_mel(mel: torch.Tensor, audio: AudioConfig, energy_gain: float = 1.0) -> torch.Tensor:
    """Give a mel the loudness that all speech has, TARGET_LUFS.

    Args:
        mel: (1, mels, frames), natural log.
        audio: What the mel is made of.
        energy_gain: Factor of the energy contour; the level is higher by it.

    Returns:
        The shape of mel, by 30 dB louder or softer at most; unchanged where there is no speech.
    """
    loudness = mel_loudness(mel, audio)
    if loudness == -math.inf:
        return mel
    change = min(max(TARGET_LUFS - loudness, -MOST_CHANGED_DB), MOST_CHANGED_DB)
    return mel + (change / 20 * math.log(10) + math.log(energy_gain))


def _power_of(lufs: float) -> float:
    """Mean square of the weighted samples."""
    return float(10 ** ((lufs - OFFSET_LU) / 10))


@lru_cache(maxsize=8)
def _band_weights(audio: AudioConfig) -> torch.Tensor:
    """What the square of each band's value adds to a frame's weighted mean square, (mels, 1) float64.

    A band's value times the width of a bin is the mean magnitude of the bins, and half of its triangle
    is its own.
    """
    edges_hz = mel_edges_hz(audio)
    bin_hz = audio.sample_rate / audio.fft_samples
    own_hz = (edges_hz[2:] - edges_hz[:-2]) / 2
    own_hz[-1] += min(ABOVE_HZ, audio.sample_rate / 2 - float(edges_hz[-1]))
    own_bins = own_hz / bin_hz
    spread = 2 * SPREAD / (audio.fft_samples * HANN_POWER * audio.window_samples)
    return (spread * own_bins * bin_hz**2 * _weighting(edges_hz[1:-1])).unsqueeze(1)


def _weighting(hz: torch.Tensor) -> torch.Tensor:
    """The squared gain of both filters at frequencies."""
    turn = torch.polar(torch.ones_like(hz), -2 * math.pi * hz / WEIGHTING_RATE_HZ)
    gain = torch.ones_like(hz)
    for above, below in WEIGHTING:
        above_at, below_at = (a + b * turn + c * turn.square() for a, b, c in (above, below))
        gain = gain * above_at.abs().square() / below_at.abs().square()
    return gain
