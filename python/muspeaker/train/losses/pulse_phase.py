"""Where the pulses of a recording lie, and a loss of the phases that its harmonics have there.

A mel says nothing of phase, and a vocoder that is given pulses at any place can only be judged by magnitudes. So
the pulses are first laid where what the vocoder speaks fits the recording best; then its phases can be compared
with the recording's. When speaking, the pulses may lie anywhere: what was learned is how the harmonics lie to them.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from muspeaker.twin.dsp.spectral_synthesis import spectrum

if TYPE_CHECKING:
    from muspeaker.config import AudioConfig

TOP_HZ = 4000.0  # above, phases follow noise
LOWEST_F0_HZ = 80.0  # a lag is searched for within half a period of this
NEIGHBOURS = 5  # frames to either side that share a lag, by a Hann window
WINDOWS = (256, 512, 1024)  # samples
LOUDNESS_POWER = 0.6  # of the recording's magnitude: the weight of a bin
TINY = 1e-6


def lay_pulses(
    spoken: torch.Tensor, real: torch.Tensor, f0: torch.Tensor, audio: AudioConfig
) -> tuple[torch.Tensor, torch.Tensor]:
    """How far the fundamental must be turned for speech to lie on a recording of the same words.

    The lag of a frame is that of the largest cross-correlation within half a period, averaged over some frames
    and taken from spectra whose magnitudes count half. Between frames it is linear. Many
    recordings are upside down, which nobody hears, so that one of the two signs is taken that fits better.

    Source: Knapp and Carter 1976, generalized correlation; the exponent of their weight is 1 for phase alone.

    Args:
        spoken: (batch, samples), what a vocoder speaks without its noise.
        real: (batch, samples) float32, the recording.
        f0: (batch, frames) in Hz, 0 where unvoiced.
        audio: The frame clock.

    Returns:
        (batch, samples) float64 in cycles, to be added to the phase of the fundamental; and (batch, 1), 1 or -1,
        by which the recording must be multiplied.
    """
    top = int(TOP_HZ * audio.fft_samples / audio.sample_rate)
    cross = spectrum(real, 1.0, audio) * spectrum(spoken, 1.0, audio).conj()
    cross = cross / (cross.abs().sqrt() + TINY) * (f0 > 0).unsqueeze(2)
    heard = F.pad(torch.view_as_real(cross[:, :, 2:top]), (0, 0, 2, cross.shape[2] - top))
    correlation = torch.fft.irfft(torch.view_as_complex(heard.contiguous()), audio.fft_samples)
    reach = int(audio.sample_rate / LOWEST_F0_HZ / 2)
    near = torch.cat([correlation[..., -reach:], correlation[..., : reach + 1]], dim=2)
    window = torch.hann_window(2 * NEIGHBOURS + 3, periodic=False, device=f0.device)[1:-1]
    frames = near.transpose(1, 2).flatten(0, 1).unsqueeze(1)
    near = F.conv1d(frames, window.view(1, 1, -1), padding=NEIGHBOURS).view(
        len(f0), -1, f0.shape[1]
    )
    lags = torch.arange(-reach, reach + 1, device=f0.device).unsqueeze(1)
    far = lags.abs() > 0.5 * audio.sample_rate / f0.clamp_min(LOWEST_F0_HZ).unsqueeze(1)
    upright, turned = ((sign * near).masked_fill(far, -torch.inf).max(1) for sign in (1, -1))
    better = ((upright.values - turned.values) * (f0 > 0)).sum(1, keepdim=True) >= 0
    lag = torch.where(better, upright.indices, turned.indices) - reach
    turn = _between_frames(_unwrapped(-lag * f0.double() / audio.sample_rate, f0 > 0), audio)
    return turn, torch.where(better, 1.0, -1.0)


def _unwrapped(cycles: torch.Tensor, voiced: torch.Tensor) -> torch.Tensor:
    """(batch, frames): held where unvoiced, and no step of more than half a cycle."""
    places = torch.arange(cycles.shape[1], device=cycles.device).expand_as(cycles)
    last = torch.where(voiced, places, torch.zeros_like(places)).cummax(1).values
    held = cycles.gather(1, last)
    steps = held.diff(dim=1)
    return torch.cat([held[:, :1], held[:, :1] + (steps - steps.round()).cumsum(1)], dim=1)


def _between_frames(values: torch.Tensor, audio: AudioConfig) -> torch.Tensor:
    """(batch, frames) in the middles of frames to (batch, samples), linear; held at the ends."""
    hop, frames = audio.hop_samples, values.shape[1]
    samples = torch.arange(frames * hop, device=values.device, dtype=values.dtype)
    place = ((samples - hop // 2) / hop).clamp(0, frames - 1)
    before = place.long()
    share = place - before
    after = (before + 1).clamp_max(frames - 1)
    return values[:, before] * (1 - share) + values[:, after] * share


def phase_loss(fake: torch.Tensor, real: torch.Tensor, sample_rate: int) -> torch.Tensor:
    """One less the cosine of the angle between two spectra, louder bins more; 1 for phases at random.

    It turns spectra and does not shrink them: a distance of complex numbers is least for no harmonics at all where
    their phases cannot be known.

    Args:
        fake: (batch, samples) float32.
        real: The shape of fake.
        sample_rate: Samples per second.

    Returns:
        Scalar, averaged over three lengths of windows.
    """
    losses = []
    for window in WINDOWS:
        a, b = (_low_spectrum(x, window, int(TOP_HZ * window / sample_rate)) for x in (fake, real))
        size_a, size_b = ((x.square().sum(-1) + TINY**2).sqrt() for x in (a, b))
        weight = size_b.pow(LOUDNESS_POWER)
        agreement = (a * b).sum(-1) / (size_a * size_b)
        losses.append((weight * (1 - agreement)).sum() / weight.sum())
    return torch.stack(losses).mean()


def _low_spectrum(samples: torch.Tensor, window: int, top: int) -> torch.Tensor:
    """(batch, bins, frames, 2) of the bins from 1 to `top`."""
    shape = _hann(window, samples.device)
    spectra = torch.stft(samples.float(), window, window // 4, window, shape, return_complex=True)
    return torch.view_as_real(spectra[:, 1:top])


@functools.cache
def _hann(samples: int, device: torch.device) -> torch.Tensor:
    return torch.hann_window(samples, device=device)
