"""Take down the steady noise under speech."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

LEAST_GAIN = 0.25  # -12 dB: what is left of noise alone
UNHEARD = 1e-5  # of the mean energy, -50 dB: fainter noise may stay
MEMORY = 0.96  # share of the frame before in the a-priori ratio
LEAST_POWER = 1e-20
LEAST_LIVE = 1e-9  # of the loudest frame's energy: less is digital silence
QUIET_SHARE = 10  # one of so many frames is taken for noise


def reduce_noise(samples: torch.Tensor, window_samples: int) -> torch.Tensor:
    """Take down the steady noise under speech, each frequency by at most 12 dB, none that is 50 dB below already.

    The quietest tenth of the frames says what the noise is. A Wiener filter then follows the ratio of speech to
    noise, which is smoothed over time so that no single frame rings.

    Source: Scalart and Vieira Filho 1996 (doi 10.1109/ICASSP.1996.543199), the a-priori ratio decided as by Ephraim
    and Malah 1984 (doi 10.1109/TASSP.1984.1164453), Eq. 51.

    Args:
        samples: (samples,) in [-1, 1].
        window_samples: Length of a frame, even; 30 to 50 ms.

    Returns:
        The shape of samples.

    Raises:
        ValueError: If the window is of odd length or empty.
    """
    if window_samples < 1 or window_samples % 2:
        raise ValueError(f"the window must be of even length, got {window_samples}")
    hop = window_samples // 2
    window = torch.hann_window(window_samples, dtype=torch.float64).sqrt().to(samples)
    num_frames = -(-len(samples) // hop) + 1
    padded = F.pad(samples, (hop, num_frames * hop - len(samples)))
    spectra = torch.fft.rfft(padded.unfold(0, window_samples, hop) * window)  # (frames, bins)
    power = spectra.abs().square()
    noise, least_gain = find_noise(power)
    if least_gain >= 1:
        return samples.clone()
    gains = _gains(power, noise, least_gain)
    frames = torch.fft.irfft(spectra * gains, n=window_samples) * window
    whole = samples.new_zeros(len(padded))
    for index, frame in enumerate(frames):
        whole[index * hop : index * hop + window_samples] += frame
    return whole[hop : hop + len(samples)]


def find_noise(power: torch.Tensor) -> tuple[torch.Tensor, float]:
    """The mean of the quietest frames that are no digital silence.

    Args:
        power: (frames, bins).

    Returns:
        The power of the noise, (bins,), and the least gain: 1 where nothing is to be taken down.
    """
    energies = power.double().sum(1)
    alive = energies > LEAST_LIVE * energies.max()
    live = energies[alive]
    if not len(live):
        return torch.zeros_like(power[0]), 1.0
    most = live.kthvalue((len(live) - 1) // QUIET_SHARE + 1).values
    noise = power[alive & (energies <= most)].double().mean(0)
    gain = math.sqrt(UNHEARD / float(noise.sum() / live.mean()))
    return noise.to(power.dtype), min(max(gain, LEAST_GAIN), 1.0)


def _gains(power: torch.Tensor, noise: torch.Tensor, least: float) -> torch.Tensor:
    """(frames, bins) of the filter."""
    ratios = power / noise.clamp_min(LEAST_POWER)
    before = torch.ones_like(noise)  # ratio of speech to noise, in the last frame
    gains = []
    for ratio in ratios:
        prior = MEMORY * before + (1 - MEMORY) * (ratio - 1).clamp_min(0)
        gains.append((prior / (1 + prior)).clamp_min(least))
        before = gains[-1].square() * ratio
    return torch.stack(gains)
