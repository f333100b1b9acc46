"""The PyTorch features by themselves: shapes, gradients, errors, the frame clock."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from muspeaker.config import AudioConfig
from muspeaker.twin import features

pytestmark = pytest.mark.torch


@pytest.fixture
def batch(generated_audio) -> torch.Tensor:
    return torch.from_numpy(np.stack([generated_audio(22050, 1.0, seed) for seed in range(3)]))


def test_shapes_and_dtypes(batch):
    frames = 22050 // 256
    for samples in (batch, batch.double()):
        assert features.log_mel(samples).shape == (3, 80, frames)
        assert features.log_mel(samples).dtype == torch.float32
        assert features.log_energy(samples).shape == (3, frames)
        assert features.kaldi_fbank(samples).shape == (3, features.num_fbank_frames(22050), 80)
    assert features.num_frames(22050) == frames


def test_batch_equals_singles(batch):
    for function in (features.log_mel, features.log_energy, features.kaldi_fbank):
        singles = torch.cat([function(samples[None]) for samples in batch])
        torch.testing.assert_close(function(batch), singles, rtol=0, atol=1e-5)


def test_energy_is_l2_norm(batch):
    audio = AudioConfig()
    padded = np.pad(batch[0].double().numpy(), 384, mode="reflect")
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(1024) / 1024)
    for frame in (0, 1, 40, features.num_frames(22050) - 1):
        start = frame * audio.hop_samples
        spectrum = np.fft.rfft(padded[start : start + 1024] * window)
        expected = np.log(max(np.linalg.norm(np.abs(spectrum)), 1e-5))
        assert features.log_energy(batch)[0, frame].item() == pytest.approx(expected, abs=1e-4)


def test_silence_is_the_floor():
    silence = torch.zeros(1, 4096)
    floor = float(np.log(np.float32(1e-5)))
    assert features.log_mel(silence).unique().tolist() == pytest.approx([floor])
    assert features.log_energy(silence).unique().tolist() == pytest.approx([floor])
    fbank_floor = float(np.log(np.finfo(np.float32).eps))
    assert features.kaldi_fbank(silence).unique().tolist() == pytest.approx([fbank_floor])


def test_gradients_are_finite_at_silence(batch):
    samples = batch.clone()
    samples[0] = 0.0
    samples.requires_grad_()
    for function in (features.log_mel, features.log_energy, features.kaldi_fbank):
        samples.grad = None
        function(samples).sum().backward()
        assert samples.grad is not None
        assert torch.isfinite(samples.grad).all()
        assert samples.grad[1:].abs().sum() > 0


def test_gradient_of_log_mel_is_right():
    generator = torch.Generator().manual_seed(0)
    samples = torch.randn(1, 2048, generator=generator) * 0.1
    samples.requires_grad_()
    features.log_mel(samples).mean().backward()
    direction = torch.randn(1, 2048, generator=generator) * 0.1
    with torch.no_grad():
        step = 1e-3
        ahead = features.log_mel(samples + step * direction).double().mean()
        behind = features.log_mel(samples - step * direction).double().mean()
    slope = (samples.grad * direction).sum().item()
    assert slope == pytest.approx(((ahead - behind) / (2 * step)).item(), rel=0.02)


def test_tables_made_under_inference_mode_still_train(batch):
    for table in ("_hann_window", "_mel_filters", "_povey_window", "_kaldi_filters"):
        getattr(features, table).cache_clear()
    with torch.inference_mode():
        features.log_mel(batch)
        features.kaldi_fbank(batch)
    samples = batch.clone().requires_grad_()
    (features.log_mel(samples).sum() + features.kaldi_fbank(samples).sum()).backward()
    assert samples.grad is not None


def test_autocast_does_not_reach_features(batch):
    expected = features.log_mel(batch)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        torch.testing.assert_close(features.log_mel(batch), expected, rtol=0, atol=0)
        assert features.kaldi_fbank(batch).dtype == torch.float32


def test_frame_clock_round_trip():
    audio = replace(AudioConfig(), sample_rate=16000, hop_samples=160)
    assert features.frames_to_seconds(100, audio) == pytest.approx(1.0)
    assert features.seconds_to_frames(1.0, audio) == pytest.approx(100.0)
    assert features.num_samples(100, audio) == 16000
    assert features.num_frames(16159, audio) == 100
    assert features.seconds_to_frames(1.0) == pytest.approx(86.1328125)


@pytest.mark.parametrize(
    ("function", "least"),
    [(features.log_mel, 385), (features.log_energy, 385), (features.kaldi_fbank, 400)],
)
def test_bad_shapes(function, least):
    with pytest.raises(ValueError, match=f"at least {least} samples, got {least - 1}"):
        function(torch.zeros(1, least - 1))
    with pytest.raises(ValueError, match="got 0"):
        function(torch.zeros(1, 0))
    with pytest.raises(ValueError, match=r"\(batch, samples\), got shape \(4096,\)"):
        function(torch.zeros(4096))


def test_remove_time_mean(batch):
    fbank = features.remove_time_mean(features.kaldi_fbank(batch))
    assert fbank.mean(1).abs().max() < 1e-4


def speech_like_mel(frames: int, level: float, spread: float) -> torch.Tensor:
    generator = torch.Generator().manual_seed(frames)
    return level + spread * torch.randn(1, 80, frames, generator=generator)


def test_moments_leave_silence_out():
    mel = speech_like_mel(300, -5.0, 1.5)
    padded = torch.cat([mel, torch.full((1, 80, 200), -11.5)], 2)
    expected = features.mel_moments(mel, features.speech_frames(mel))
    assert int(features.speech_frames(padded).sum()) == 300
    actual = features.mel_moments(padded, features.speech_frames(padded))
    torch.testing.assert_close(actual, expected)
    mean, deviation = mel.mean(2), mel.std(2, correction=0)
    torch.testing.assert_close(expected[:, :80], mean + 6.0, rtol=0, atol=1e-4)
    torch.testing.assert_close(expected[:, 80:], (deviation - 1.7) / 0.5, rtol=0, atol=1e-4)


def test_matching_moves_a_long_utterance_to_the_prompt_and_a_short_one_less():
    prompt = speech_like_mel(500, -4.0, 2.0)
    wanted = features.mel_moments(prompt, features.speech_frames(prompt))

    def distance(mel: torch.Tensor, gain: float = 1.0) -> float:
        found = features.mel_moments(mel, features.speech_frames(mel))
        return float((found[:, :80] - np.log(gain) - wanted[:, :80]).abs().mean())

    left = []
    for frames in (20, 4000):
        spoken = speech_like_mel(frames, -6.0, 1.2)
        for gain in (1.0, 2.0):
            matched = features.match_moments(spoken, wanted, gain)
            left.append(distance(matched, gain) / distance(spoken, gain))
    assert left == pytest.approx([43 / 63, 43 / 63, 43 / 4043, 43 / 4043], rel=0.05)
