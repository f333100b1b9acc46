"""Correct the vocoder's band levels to the mel that it was given, by a step of Griffin and Lim's."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from muspeaker.twin.dsp.band_interpolation import band_interpolation
from muspeaker.twin.dsp.mel import POWER_FLOOR, full_precision, mel_from_magnitude

if TYPE_CHECKING:
    from muspeaker.config import AudioConfig, VocoderConfig
    from muspeaker.twin.dsp.watermark import Watermark

LIMIT = 2.0  # nats, the largest correction of a band
SILENT_LOBE = 2  # bins of Hann's window that an offset is in, 0 and 1


def correct_mel(
    samples: torch.Tensor,
    mel: torch.Tensor,
    share: float,
    audio: AudioConfig,
    mark: Watermark | None = None,
) -> torch.Tensor:
    """Give every band of every frame the level that the mel asks for, and keep the vocoder's phase.

    A small vocoder misses the levels of its mel. They can be measured on its output, so each frame of
    the short-time spectrum is multiplied by the missing gain, interpolated between the peaks of the mel
    bands and constant above the last. The lowest bins, which hold a constant offset, are left out. The
    frames are then overlapped and added.

    Source: Griffin and Lim 1984 (IEEE Trans. ASSP 32(2)), Eq. 6, on mel bands, from a given phase.

    Args:
        samples: (batch, samples) float32 in (-1, 1), whole frames.
        mel: (batch, mels, frames), natural-log mel that they were made from.
        share: Share of the difference that is corrected, 0 to 1. With 0 and no mark the samples are unchanged.
        audio: The frame clock, with windows of at least four hops.
        mark: What marks the speech in the same spectra; None leaves it unmarked.

    Returns:
        (batch, samples) float32 in [-1, 1].

    Raises:
        ValueError: If the shapes of samples and mel do not fit, or windows are too short.
    """
    hop, fft = audio.hop_samples, audio.fft_samples
    wanted = (len(samples), audio.num_mels, samples.shape[-1] // hop)
    if samples.dim() != 2 or mel.shape != wanted or samples.shape[1] % hop:
        raise ValueError(f"samples {tuple(samples.shape)} are not those of mel {tuple(mel.shape)}")
    unchanged = share == 0 and mark is None
    if not unchanged and audio.window_samples < 4 * hop:
        raise ValueError(f"windows must be at least 4 hops, got {audio.window_samples} samples")
    padding = (fft - hop) // 2
    if unchanged or samples.shape[1] <= padding:  # or too short for its ends to be reflected
        return samples
    with full_precision(samples.device):
        window = _centred_window(audio, samples.device)
        padded = F.pad(samples.float(), (padding, padding), mode="reflect")
        frames = padded.unfold(1, fft, hop) * window  # (batch, frames, fft)
        spectrum = torch.fft.rfft(frames)
        power = torch.view_as_real(spectrum).square().sum(-1).clamp_min(POWER_FLOOR)
        magnitude = power.sqrt().transpose(1, 2)
        missing = mel - mel_from_magnitude(magnitude, audio)  # (batch, mels, frames)
        gains = torch.exp(share * missing.clamp(-LIMIT, LIMIT)).transpose(1, 2)
        spectrum = spectrum * (gains @ band_interpolation(audio, samples.device))
        spectrum[..., : SILENT_LOBE * fft // audio.window_samples] = 0
        if mark is not None:
            spectrum = spectrum * mark.gains(spectrum.shape[1], samples.device)
        frames = torch.fft.irfft(spectrum, fft) * window
        weights = window.square().expand_as(frames)
        added = _add_up(frames, hop)[:, padding:-padding]
        weight = _add_up(weights, hop)[:, padding:-padding]
        return (added / weight).clamp(-1, 1)


def correct_levels(
    samples: torch.Tensor,
    mel: torch.Tensor,
    config: VocoderConfig,
    audio: AudioConfig,
    mark: Watermark | None = None,
) -> torch.Tensor:
    """`correct_mel`, as far and as many times as a vocoder's config asks; the last time marks the speech."""
    corrects = config.mel_correction > 0 and config.correction_passes > 0
    passes = config.correction_passes if corrects else int(mark is not None)
    for number in range(passes):
        own = mark if number == passes - 1 else None
        samples = correct_mel(samples, mel, config.mel_correction, audio, own)
    return samples


def _add_up(frames: torch.Tensor, hop: int) -> torch.Tensor:
    """Overlap and add: (batch, frames, fft) to (batch, samples)."""
    batch, count, fft = frames.shape
    length = fft + (count - 1) * hop
    folded: torch.Tensor = F.fold(frames.transpose(1, 2), (1, length), (1, fft), stride=(1, hop))
    return folded.view(batch, length)


@lru_cache(maxsize=4)
@torch.inference_mode(False)
def _centred_window(audio: AudioConfig, device: torch.device) -> torch.Tensor:
    """The Hann window in the middle of (fft,) float32."""
    around = (audio.fft_samples - audio.window_samples) // 2
    window = torch.hann_window(audio.window_samples, device=device)
    return F.pad(window, (around, audio.fft_samples - audio.window_samples - around))
