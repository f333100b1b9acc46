"""Speech moved to its mel: the engine against PyTorch, and that it does what it is for."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from muspeaker._core import probe
from muspeaker.config import AudioConfig
from muspeaker.twin.dsp.mel import log_mel
from muspeaker.twin.dsp.mel_correction import LIMIT, correct_mel
from tests.closeness import CEILING, squared_error

pytestmark = pytest.mark.torch

AUDIO = AudioConfig()
HOP = AUDIO.hop_samples


def noise(frames: int, seed: int = 0) -> np.ndarray:
    """(samples,) that fade in and out, without what lies below speech."""
    rng = np.random.default_rng(seed)
    samples = 0.1 * rng.standard_normal(frames * HOP)
    spectrum = np.fft.rfft(samples)
    spectrum[: len(samples) * 400 // AUDIO.sample_rate + 1] = 0
    samples = np.fft.irfft(spectrum, len(samples))
    return (samples * np.hanning(len(samples))).astype(np.float32)


def other_mel(samples: np.ndarray, seed: int = 1) -> np.ndarray:
    """The mel (frames, mels) of a speech that says it a little otherwise, smoothly."""
    mel = log_mel(torch.from_numpy(samples).unsqueeze(0), AUDIO)[0].numpy().T
    frames, bands = np.indices(mel.shape)
    phase = np.random.default_rng(seed).random() * 7
    return (mel + 0.5 * np.sin(bands / 6 + phase) + 0.3 * np.sin(frames / 5)).astype(np.float32)


def engine(
    samples: np.ndarray, mel: np.ndarray, share: float = 1.0, pieces: int = 10**9
) -> np.ndarray:
    return probe.correct_mel(samples, mel, share, asdict(AUDIO), pieces=pieces)


def twin(samples: np.ndarray, mel: np.ndarray, share: float = 1.0) -> np.ndarray:
    rows = (torch.from_numpy(x).unsqueeze(0) for x in (samples, mel.T.copy()))
    return correct_mel(*rows, share, AUDIO)[0].numpy()


@pytest.mark.parametrize("frames", [2, 3, 4, 7, 60])
@pytest.mark.parametrize("share", [1.0, 0.4])
def test_engine_equals_twin(frames, share):
    samples = noise(frames)
    mel = other_mel(samples)
    actual = engine(samples, mel, share)
    assert actual.shape == samples.shape
    assert squared_error(actual, twin(samples, mel, share)) < CEILING["f32"]


def test_level_of_every_band_is_the_wanted_one():
    samples = noise(80)
    wanted = other_mel(samples)
    corrected = engine(samples, wanted)
    inside = slice(8, -8)  # where it is not almost silent
    before, after = (
        np.abs(log_mel(torch.from_numpy(x)[None], AUDIO)[0].numpy().T - wanted)[inside].mean()
        for x in (samples, corrected)
    )
    assert after < before / 3


def test_speech_with_its_own_mel_stays_as_it_is():
    samples = noise(40)
    own = log_mel(torch.from_numpy(samples).unsqueeze(0), AUDIO)[0].numpy().T.copy()
    np.testing.assert_allclose(engine(samples, own), samples, atol=1e-5)


def test_an_offset_is_taken_off():
    samples = noise(40)
    own = log_mel(torch.from_numpy(samples).unsqueeze(0), AUDIO)[0].numpy().T.copy()
    for correct in (engine, twin):
        corrected = correct(samples + np.float32(0.01), own)
        assert abs(corrected.mean()) < 1e-5
        inside = slice(4 * HOP, -4 * HOP)
        np.testing.assert_allclose(corrected[inside], samples[inside], atol=2e-3)


def test_no_share_changes_nothing():
    samples = noise(10)
    np.testing.assert_array_equal(twin(samples, other_mel(samples), 0.0), samples)


def test_a_single_frame_stays_as_it_is():
    samples = noise(3)[HOP : 2 * HOP]  # its ends are too near to be reflected
    mel = np.zeros((1, AUDIO.num_mels), np.float32)
    np.testing.assert_array_equal(engine(samples, mel), samples)
    np.testing.assert_array_equal(twin(samples, mel), samples)


def test_no_band_is_moved_by_more_than_the_limit():
    samples = 0.02 * noise(40)
    mel = other_mel(samples) + 50
    corrected = engine(samples, mel)
    np.testing.assert_allclose(corrected, samples * np.exp(LIMIT), rtol=1e-3, atol=1e-6)
    assert np.abs(engine(100 * samples, mel)).max() <= 1  # nor does it leave the range of samples


@pytest.mark.parametrize("pieces", [1, 100, HOP, 1000, 9 * HOP, 8191])
def test_pieces_give_the_same_bits(pieces):
    samples = noise(41)
    mel = other_mel(samples)
    np.testing.assert_array_equal(engine(samples, mel, pieces=pieces), engine(samples, mel))


def test_gradients_pass():
    samples = torch.from_numpy(noise(8)).unsqueeze(0)
    samples[:, : 5 * HOP] = 0  # digital silence too
    samples.requires_grad_()
    mel = torch.from_numpy(other_mel(noise(8)).T.copy()).unsqueeze(0)
    correct_mel(samples, mel, 1.0, AUDIO).square().sum().backward()
    assert torch.isfinite(samples.grad).all()
    assert samples.grad.abs().sum() > 0


def test_windows_must_overlap():
    audio = asdict(replace(AUDIO, window_samples=4 * HOP - 1))
    samples, mel = noise(4), other_mel(noise(4))
    with pytest.raises(ValueError, match="at least 4 hops"):
        probe.correct_mel(samples, mel, 1.0, audio, pieces=HOP)
    rows = (torch.from_numpy(x).unsqueeze(0) for x in (samples, mel.T.copy()))
    with pytest.raises(ValueError, match="at least 4 hops"):
        correct_mel(*rows, 1.0, AudioConfig(**audio))


def test_samples_beyond_the_mel_are_refused():
    with pytest.raises(ValueError, match="more samples"):
        probe.correct_mel(noise(4), other_mel(noise(3)), 1.0, asdict(AUDIO), pieces=HOP)
    with pytest.raises(ValueError, match="are not those of mel"):
        twin(noise(4), other_mel(noise(3)))
