"""KaldiFbank of csrc/dsp against its PyTorch twin and against kaldi-native-fbank."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from muspeaker._core import probe
from muspeaker.twin.dsp.fbank import (
    _kaldi_filters,
    _povey_window,
    kaldi_fbank,
    num_fbank_frames,
    remove_time_mean,
)

pytestmark = pytest.mark.torch

RATE_HZ = 16000
TOLERANCE = 1e-4
# Rounding of a single-precision transform is relative to the loudest part of a frame, so it shows in
# the quietest banks: against double precision Kaldi's own are wrong by up to 5e-4 there.
QUIET_BELOW = np.log(1e5)  # 50 dB under the loudest bank of the frame
QUIET_TOLERANCE = 1e-3
MEAN_TOLERANCE = 1e-5


def assert_fbank_close(fbank: np.ndarray, expected: np.ndarray) -> None:
    assert fbank.shape == expected.shape
    difference = np.abs(fbank - expected)
    quiet = expected < expected.max(1, keepdims=True) - QUIET_BELOW
    assert difference[~quiet].max() <= TOLERANCE
    assert difference.max() <= QUIET_TOLERANCE
    assert difference.mean() <= MEAN_TOLERANCE


def native_fbank(samples_16k: np.ndarray, num_fbanks: int = 80) -> np.ndarray:
    """Kaldi's own arithmetic, (frames, num_fbanks)."""
    knf = pytest.importorskip("kaldi_native_fbank")
    options = knf.FbankOptions()
    options.frame_opts.samp_freq = RATE_HZ
    options.frame_opts.dither = 0.0
    options.frame_opts.snip_edges = True
    options.mel_opts.num_bins = num_fbanks
    fbank = knf.OnlineFbank(options)
    fbank.accept_waveform(RATE_HZ, samples_16k.tolist())
    fbank.input_finished()
    return np.stack([fbank.get_frame(index) for index in range(fbank.num_frames_ready)])


def twin_fbank(samples_16k: np.ndarray, num_fbanks: int = 80) -> np.ndarray:
    return kaldi_fbank(torch.from_numpy(samples_16k)[None], num_fbanks)[0].numpy()


def test_three_agree(speech):
    samples_16k = speech(RATE_HZ)
    fbank = probe.kaldi_fbank(samples_16k)
    assert fbank.dtype == np.float32
    assert fbank.shape == (1 + (samples_16k.size - 400) // 160, 80)
    assert_fbank_close(fbank, twin_fbank(samples_16k))
    assert_fbank_close(fbank, native_fbank(samples_16k))


@pytest.mark.parametrize("num_samples", [400, 401, 559, 560, 561, 1599, 1600])
def test_every_length(generated_audio, num_samples):
    samples_16k = generated_audio(RATE_HZ, 0.5)[:num_samples]
    fbank = probe.kaldi_fbank(samples_16k)
    assert len(fbank) == num_fbank_frames(num_samples)
    assert_fbank_close(fbank, twin_fbank(samples_16k))
    assert_fbank_close(fbank, native_fbank(samples_16k))


def test_number_of_banks(generated_audio):
    samples_16k = generated_audio(RATE_HZ, 0.5)
    fbank = probe.kaldi_fbank(samples_16k, 40)
    assert_fbank_close(fbank, twin_fbank(samples_16k, 40))
    assert_fbank_close(fbank, native_fbank(samples_16k, 40))


def test_mean_removed(generated_audio):
    samples_16k = generated_audio(RATE_HZ, 1.0)
    fbank = probe.kaldi_fbank(samples_16k, zero_mean=True)
    twin = remove_time_mean(torch.from_numpy(twin_fbank(samples_16k))[None])[0].numpy()
    np.testing.assert_allclose(fbank.mean(0), 0.0, atol=1e-5)
    np.testing.assert_allclose(fbank, twin, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("num_samples", [0, 1, 399])
def test_too_few_samples(num_samples):
    samples_16k = np.full(num_samples, 0.1, np.float32)
    message = f"at least 400 samples, got {num_samples}"
    with pytest.raises(ValueError, match=message):
        probe.kaldi_fbank(samples_16k)
    with pytest.raises(ValueError, match=message):
        twin_fbank(samples_16k)


def test_impossible_number_of_banks():
    with pytest.raises(ValueError, match="from 1 to 256, got 0"):
        probe.kaldi_fbank(np.zeros(800, np.float32), 0)


@pytest.fixture
def batch(generated_audio) -> torch.Tensor:
    return torch.from_numpy(np.stack([generated_audio(22050, 1.0, seed) for seed in range(3)]))


def test_shape_and_dtype(batch):
    for samples in (batch, batch.double()):
        assert kaldi_fbank(samples).shape == (3, num_fbank_frames(22050), 80)
        assert kaldi_fbank(samples).dtype == torch.float32


def test_batch_equals_singles(batch):
    singles = torch.cat([kaldi_fbank(samples[None]) for samples in batch])
    torch.testing.assert_close(kaldi_fbank(batch), singles, rtol=0, atol=1e-5)


def test_silence_is_the_floor():
    floor = float(np.log(np.finfo(np.float32).eps))
    assert kaldi_fbank(torch.zeros(1, 4096)).unique().tolist() == pytest.approx([floor])


def test_gradients_are_finite_at_silence(batch):
    samples = batch.clone()
    samples[0] = 0.0
    samples.requires_grad_()
    kaldi_fbank(samples).sum().backward()
    assert torch.isfinite(samples.grad).all()
    assert samples.grad[1:].abs().sum() > 0


def test_tables_made_under_inference_mode_still_train(batch):
    for table in (_povey_window, _kaldi_filters):
        table.cache_clear()
    with torch.inference_mode():
        kaldi_fbank(batch)
    samples = batch.clone().requires_grad_()
    kaldi_fbank(samples).sum().backward()
    assert samples.grad is not None


def test_autocast_does_not_reach_it(batch):
    expected = kaldi_fbank(batch)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        torch.testing.assert_close(kaldi_fbank(batch), expected, rtol=0, atol=0)


def test_bad_shapes():
    with pytest.raises(ValueError, match="at least 400 samples, got 399"):
        kaldi_fbank(torch.zeros(1, 399))
    with pytest.raises(ValueError, match="got 0"):
        kaldi_fbank(torch.zeros(1, 0))
    with pytest.raises(ValueError, match=r"\(batch, samples\), got shape \(4096,\)"):
        kaldi_fbank(torch.zeros(4096))


def test_remove_time_mean(batch):
    fbank = remove_time_mean(kaldi_fbank(batch))
    assert fbank.mean(1).abs().max() < 1e-4
