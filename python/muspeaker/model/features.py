"""Log-mel, log-energy and Kaldi filter banks: batched, differentiable twins of csrc/dsp."""

from __future__ import annotations

import math
from functools import lru_cache

import torch
import torch.nn.functional as F

from muspeaker.config import AudioConfig

DEFAULT_AUDIO = AudioConfig()
ENERGY_FLOOR = 1e-5
POWER_FLOOR = 1e-16  # keeps the gradient of the square root finite where the spectrum is zero

SPEECH_FLOOR = 1e-3  # of the loudest frame, in amplitude
MOMENT_EPSILON = 1e-6
HALF_MATCHED_FRAMES = 43  # half a second
MOST_STRETCHED = 2.0
MEL_MEAN, MEL_DEVIATION, DEVIATION_SCALE = -6.0, 1.7, 0.5  # about those of speech

FBANK_RATE_HZ = 16000
FBANK_WINDOW_SAMPLES = 400
FBANK_HOP_SAMPLES = 160
FBANK_FFT_SAMPLES = 512
FBANK_LOW_HZ = 20.0
FBANK_PREEMPHASIS = 0.97
FBANK_EPSILON = 1.1920928955078125e-07


def num_frames(num_samples: int, audio: AudioConfig = DEFAULT_AUDIO) -> int:
    """Count the frames that `log_mel` gives for a number of samples: whole hops."""
    return num_samples // audio.hop_samples


def num_samples(num_frames: int, audio: AudioConfig = DEFAULT_AUDIO) -> int:
    """Count the samples that a number of frames spans."""
    return num_frames * audio.hop_samples


def frames_to_seconds(frames: float, audio: AudioConfig = DEFAULT_AUDIO) -> float:
    """Convert a duration in frames to seconds; frame t is centred at (t + 0.5) hops."""
    return frames * audio.hop_samples / audio.sample_rate


def seconds_to_frames(seconds: float, audio: AudioConfig = DEFAULT_AUDIO) -> float:
    """Convert a time in seconds to the frame clock, unrounded."""
    return seconds * audio.sample_rate / audio.hop_samples


def magnitude_spectrum(samples: torch.Tensor, audio: AudioConfig = DEFAULT_AUDIO) -> torch.Tensor:
    """Compute the short-time magnitude spectrum on the frame clock.

    Framing is HiFi-GAN's: (fft - hop) / 2 samples are reflected at both ends, frame t then covers
    the window centred at (t + 0.5) hops.

    Args:
        samples: (batch, samples) floating point in [-1, 1] at `audio.sample_rate`.
        audio: The frame clock.

    Returns:
        (batch, fft / 2 + 1, frames) float32 with frames = samples // hop.

    Raises:
        ValueError: If samples is not 2-D or too short to reflect.
    """
    padding = (audio.fft_samples - audio.hop_samples) // 2
    if samples.dim() != 2:
        raise ValueError(f"samples must be (batch, samples), got shape {tuple(samples.shape)}")
    if samples.shape[1] < max(padding + 1, audio.hop_samples):
        raise ValueError(
            f"samples must hold at least {max(padding + 1, audio.hop_samples)} samples, "
            f"got {samples.shape[1]}"
        )
    with torch.autocast(samples.device.type, enabled=False):
        padded = F.pad(samples.float(), (padding, padding), mode="reflect")
        spectrum = torch.stft(
            padded,
            n_fft=audio.fft_samples,
            hop_length=audio.hop_samples,
            win_length=audio.window_samples,
            window=_hann_window(audio.window_samples, samples.device),
            center=False,
            return_complex=True,
        )  # (batch, bins, frames)
        return torch.view_as_real(spectrum).square().sum(-1).clamp_min(POWER_FLOOR).sqrt()


def mel_from_magnitude(magnitude: torch.Tensor, audio: AudioConfig = DEFAULT_AUDIO) -> torch.Tensor:
    """Reduce (batch, bins, frames) magnitudes to (batch, num_mels, frames) natural-log mel."""
    with torch.autocast(magnitude.device.type, enabled=False):
        mel = _mel_filters(audio, magnitude.device) @ magnitude
        return mel.clamp_min(audio.mel_floor).log()


def energy_from_magnitude(magnitude: torch.Tensor) -> torch.Tensor:
    """Reduce (batch, bins, frames) magnitudes to (batch, frames), natural log of the L2 norm."""
    return magnitude.square().sum(1).sqrt().clamp_min(ENERGY_FLOOR).log()


def log_mel(samples: torch.Tensor, audio: AudioConfig = DEFAULT_AUDIO) -> torch.Tensor:
    """Compute the log-mel spectrogram of the model: slaney mel, magnitude, natural log.

    Source: Kong et al. 2020 (HiFi-GAN, arXiv:2010.05646), the features of its published code, with
    the filters of librosa.filters.mel.

    Args:
        samples: (batch, samples) floating point in [-1, 1] at `audio.sample_rate`.
        audio: The frame clock.

    Returns:
        (batch, num_mels, frames) float32, not below log(mel_floor).

    Raises:
        ValueError: If samples is not 2-D or too short to reflect.
    """
    return mel_from_magnitude(magnitude_spectrum(samples, audio), audio)


def speech_frames(mel: torch.Tensor) -> torch.Tensor:
    """Where there is speech: within 60 dB of the loudest frame.

    Args:
        mel: (batch, mels, frames), natural-log mel.

    Returns:
        (batch, frames) bool.
    """
    loudness = mel.exp().mean(1)
    return loudness > SPEECH_FLOOR * loudness.amax(1, keepdim=True)


def mel_moments(mel: torch.Tensor, frames: torch.Tensor) -> torch.Tensor:
    """Mean and standard deviation over time of every mel band, scaled to be of order one.

    Args:
        mel: (batch, mels, frames), natural-log mel.
        frames: (batch, frames) bool, those that count.

    Returns:
        (batch, 2 * mels) float32.
    """
    keep = frames.unsqueeze(1).float()
    count = keep.sum(2).clamp(min=1)
    mean = (mel * keep).sum(2) / count
    variance = ((mel - mean.unsqueeze(2)).square() * keep).sum(2) / count
    deviation = torch.sqrt(variance + MOMENT_EPSILON)
    return torch.cat([mean - MEL_MEAN, (deviation - MEL_DEVIATION) / DEVIATION_SCALE], 1)


def match_moments(
    mel: torch.Tensor, moments: torch.Tensor, energy_gain: float = 1.0
) -> torch.Tensor:
    """Move every band of a spoken mel to the prompt's mean and deviation.

    The decoder predicts a mean of what could be said, smoother than speech. A short utterance holds too
    few phones to have the prompt's moments, so it is moved less.

    Source: Huang and Belongie 2017 (arXiv:1703.06868), Eq. 8, with the style's own statistics.

    Args:
        mel: (1, mels, frames), natural-log mel.
        moments: (1, 2 * mels) of the prompt, from `mel_moments`.
        energy_gain: What the speaker was told to add to the prompt's level.

    Returns:
        The shape of mel.
    """
    frames = speech_frames(mel)
    strength = frames.sum() / (frames.sum() + HALF_MATCHED_FRAMES)
    mean, deviation = _moments_of(mel_moments(mel, frames))
    wanted_mean, wanted_deviation = _moments_of(moments)
    wanted_mean = wanted_mean + math.log(energy_gain)
    ratio = (wanted_deviation / deviation).clamp(1 / MOST_STRETCHED, MOST_STRETCHED)
    centre = mean + strength * (wanted_mean - mean)
    return (mel - mean) * ratio**strength + centre


def _moments_of(scaled: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and deviation, each (batch, mels, 1), as they were before `mel_moments` scaled them."""
    mean, deviation = scaled.unsqueeze(2).chunk(2, dim=1)
    return mean + MEL_MEAN, deviation * DEVIATION_SCALE + MEL_DEVIATION


def log_energy(samples: torch.Tensor, audio: AudioConfig = DEFAULT_AUDIO) -> torch.Tensor:
    """Compute the log-energy: natural log of the L2 norm of each frame's magnitude spectrum.

    Args:
        samples: (batch, samples) floating point in [-1, 1] at `audio.sample_rate`.
        audio: The frame clock.

    Returns:
        (batch, frames) float32, not below log(1e-5).

    Raises:
        ValueError: If samples is not 2-D or too short to reflect.
    """
    return energy_from_magnitude(magnitude_spectrum(samples, audio))


def num_fbank_frames(num_samples: int) -> int:
    """Count the frames of `kaldi_fbank`: only whole windows count (Kaldi's snip_edges)."""
    if num_samples < FBANK_WINDOW_SAMPLES:
        return 0
    return 1 + (num_samples - FBANK_WINDOW_SAMPLES) // FBANK_HOP_SAMPLES


def kaldi_fbank(samples_16k: torch.Tensor, num_fbanks: int = 80) -> torch.Tensor:
    """Compute Kaldi's log filter banks, the input of ERes2NetV2 before its mean is removed.

    25 ms Povey window, 10 ms hop, mean of each window removed, pre-emphasis 0.97, no dither, power
    spectrum of 512 points, 20 Hz to 8 kHz, natural log with Kaldi's epsilon.

    Args:
        samples_16k: (batch, samples) floating point in [-1, 1] at 16 kHz, not scaled to int16.
        num_fbanks: Number of filters.

    Returns:
        (batch, frames, num_fbanks) float32; `remove_time_mean` makes it the encoder's input.

    Raises:
        ValueError: If samples_16k is not 2-D or shorter than one window.
    """
    if samples_16k.dim() != 2:
        raise ValueError(
            f"samples_16k must be (batch, samples), got shape {tuple(samples_16k.shape)}"
        )
    if samples_16k.shape[1] < FBANK_WINDOW_SAMPLES:
        raise ValueError(
            f"samples_16k must hold at least {FBANK_WINDOW_SAMPLES} samples, "
            f"got {samples_16k.shape[1]}"
        )
    device = samples_16k.device
    with torch.autocast(device.type, enabled=False):
        frames = samples_16k.float().unfold(1, FBANK_WINDOW_SAMPLES, FBANK_HOP_SAMPLES)
        frames = frames - frames.mean(-1, keepdim=True)  # (batch, frames, window)
        previous = F.pad(frames, (1, 0), mode="replicate")[..., :-1]
        frames = (frames - FBANK_PREEMPHASIS * previous) * _povey_window(device)
        spectrum = torch.fft.rfft(frames, n=FBANK_FFT_SAMPLES)
        power = torch.view_as_real(spectrum).square().sum(-1)  # (batch, frames, bins)
        fbank = power @ _kaldi_filters(num_fbanks, device).T
        return fbank.clamp_min(FBANK_EPSILON).log()


def remove_time_mean(fbank: torch.Tensor) -> torch.Tensor:
    """Subtract the mean over time from (batch, frames, num_fbanks); what TimbreEncoder expects."""
    return fbank - fbank.mean(1, keepdim=True)


@lru_cache(maxsize=16)
@torch.inference_mode(False)  # cached tensors must stay usable where gradients flow
def _hann_window(window_samples: int, device: torch.device) -> torch.Tensor:
    """Build the periodic Hann window, (window,) float32."""
    return torch.hann_window(window_samples, periodic=True, dtype=torch.float64).float().to(device)


@lru_cache(maxsize=16)
@torch.inference_mode(False)
def _mel_filters(audio: AudioConfig, device: torch.device) -> torch.Tensor:
    """Build slaney's area-normalised triangles, (num_mels, fft / 2 + 1) float32."""
    edges_hz, bins_hz = mel_edges_hz(audio), fft_bins_hz(audio)
    left, centre, right = edges_hz[:-2, None], edges_hz[1:-1, None], edges_hz[2:, None]
    rise = (bins_hz - left) / (centre - left)
    fall = (right - bins_hz) / (right - centre)
    filters = torch.minimum(rise, fall).clamp_min(0.0) * (2.0 / (right - left))
    return filters.float().to(device)


def mel_edges_hz(audio: AudioConfig) -> torch.Tensor:
    """(num_mels + 2,) float64: each triangle begins at one, peaks at the next, ends at the third."""
    low, high = _hz_to_slaney(audio.mel_low_hz), _hz_to_slaney(audio.mel_high_hz)
    edges_mel = torch.linspace(low, high, audio.num_mels + 2, dtype=torch.float64)
    return torch.tensor([_slaney_to_hz(mel) for mel in edges_mel.tolist()], dtype=torch.float64)


def fft_bins_hz(audio: AudioConfig) -> torch.Tensor:
    """(fft / 2 + 1,) float64."""
    bins = torch.arange(audio.fft_samples // 2 + 1, dtype=torch.float64)
    return bins * audio.sample_rate / audio.fft_samples


def _hz_to_slaney(hz: float) -> float:
    """Map Hz to slaney's mel: linear to 1 kHz, logarithmic above."""
    return hz * 3.0 / 200.0 if hz < 1000.0 else 15.0 + 27.0 * math.log(hz / 1000.0) / math.log(6.4)


def _slaney_to_hz(mel: float) -> float:
    """Invert `_hz_to_slaney`."""
    return mel * 200.0 / 3.0 if mel < 15.0 else 1000.0 * math.exp((mel - 15.0) * math.log(6.4) / 27)


@lru_cache(maxsize=4)
@torch.inference_mode(False)
def _povey_window(device: torch.device) -> torch.Tensor:
    """Build Kaldi's Povey window: a symmetric Hann window to the power 0.85, (window,) float32."""
    hann = torch.hann_window(FBANK_WINDOW_SAMPLES, periodic=False, dtype=torch.float64)
    return hann.clamp_min(0.0).pow(0.85).float().to(device)


@lru_cache(maxsize=4)
@torch.inference_mode(False)
def _kaldi_filters(num_fbanks: int, device: torch.device) -> torch.Tensor:
    """Build Kaldi's triangles, straight on the mel scale, (num_fbanks, fft / 2 + 1) float32.

    Kaldi computes them in single precision, and its rounding shows in the features; so do we.
    """
    low = _hz_to_kaldi(torch.tensor(FBANK_LOW_HZ))
    high = _hz_to_kaldi(torch.tensor(FBANK_RATE_HZ / 2))
    step = (high - low) / (num_fbanks + 1)
    edges_mel = low + step * torch.arange(num_fbanks + 2)
    bins_hz = torch.arange(FBANK_FFT_SAMPLES // 2 + 1) * (FBANK_RATE_HZ / FBANK_FFT_SAMPLES)
    bins_mel = _hz_to_kaldi(bins_hz)
    left, centre, right = edges_mel[:-2, None], edges_mel[1:-1, None], edges_mel[2:, None]
    rise = (bins_mel - left) / (centre - left)
    fall = (right - bins_mel) / (right - centre)
    filters = torch.minimum(rise, fall).clamp_min(0.0)
    filters[:, -1] = 0.0  # Kaldi leaves the Nyquist bin out
    return filters.to(device)


def _hz_to_kaldi(hz: torch.Tensor) -> torch.Tensor:
    """Map Hz to Kaldi's mel."""
    return 1127.0 * torch.log(1.0 + hz / 700.0)
