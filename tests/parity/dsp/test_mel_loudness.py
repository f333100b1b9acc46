"""Loudness of a mel against C++, and against that of the samples that it was made from."""

from __future__ import annotations

import math
from dataclasses import asdict

import numpy as np
import pytest

torch = pytest.importorskip("torch")
scipy_signal = pytest.importorskip("scipy.signal")

from muspeaker._core import probe
from muspeaker.config import AudioConfig
from muspeaker.twin.dsp.mel import log_mel
from muspeaker.twin.dsp.mel_loudness import (
    ABSOLUTE_GATE_LUFS,
    OFFSET_LU,
    RELATIVE_GATE_LU,
    TARGET_LUFS,
    WEIGHTING,
    level_mel,
    mel_loudness,
)

pytestmark = pytest.mark.torch

AUDIO = AudioConfig()
WIDE = AudioConfig(sample_rate=24000, hop_samples=300, window_samples=1200, fft_samples=1200)


def in_cpp(mel: torch.Tensor, audio: AudioConfig, gain: float = 1.0) -> tuple[float, np.ndarray]:
    return probe.level_mel(np.ascontiguousarray(mel[0].T.numpy()), gain, asdict(audio))


def lufs_of(samples: np.ndarray, rate_hz: int) -> float:
    """BS.1770-4 at its own rate, written from the text of the standard."""
    x = scipy_signal.resample_poly(np.pad(samples, (0, rate_hz // 20)), 48000, rate_hz)
    for above, below in WEIGHTING:
        x = scipy_signal.lfilter(above, below, x)
    starts = range(0, max(1, len(x) - 19199), 4800)
    blocks = np.array([np.sum(x[start : start + 19200] ** 2) / 19200 for start in starts])
    blocks = blocks[OFFSET_LU + 10 * np.log10(blocks) > ABSOLUTE_GATE_LUFS]
    blocks = blocks[blocks > blocks.mean() * 10 ** (RELATIVE_GATE_LU / 10)]
    return OFFSET_LU + 10 * math.log10(blocks.mean())


@pytest.mark.parametrize("audio", [AUDIO, WIDE], ids=["22050", "24000"])
@pytest.mark.parametrize("frames", [1, 5, 37, 300])
def test_both_languages_agree(audio, frames):
    generator = torch.Generator().manual_seed(frames)
    mel = -2 + 1.5 * torch.randn(1, audio.num_mels, frames, generator=generator)
    mel[..., frames // 2 :] -= 3.0  # under the gate
    for gain in (1.0, 0.5):
        loudness, levelled = in_cpp(mel, audio, gain)
        assert loudness == pytest.approx(mel_loudness(mel, audio), abs=1e-6)
        expected = level_mel(mel, audio, gain)
        np.testing.assert_allclose(levelled.T, expected[0].numpy(), atol=1e-5)
        wanted = TARGET_LUFS + 20 * math.log10(gain)
        assert mel_loudness(expected, audio) == pytest.approx(wanted, abs=1e-4)


@pytest.mark.parametrize("audio", [AUDIO, WIDE], ids=["22050", "24000"])
def test_it_is_the_loudness_of_the_samples(speech, audio):
    samples = speech(audio.sample_rate) * np.float32(0.3)
    mel = log_mel(torch.from_numpy(samples).unsqueeze(0), audio)
    assert mel_loudness(mel, audio) == pytest.approx(lufs_of(samples, audio.sample_rate), abs=1.0)


def test_silence_stays_and_no_change_is_beyond_30_db():
    silence = torch.full((1, AUDIO.num_mels, 50), math.log(AUDIO.mel_floor))
    assert mel_loudness(silence, AUDIO) == -math.inf
    assert level_mel(silence, AUDIO) is silence
    loudness, levelled = in_cpp(silence, AUDIO)
    assert loudness == -math.inf
    np.testing.assert_array_equal(levelled.T, silence[0].numpy())
    quiet = silence + 3.5
    change = float((level_mel(quiet, AUDIO) - quiet).mean())
    assert change == pytest.approx(30 / 20 * math.log(10), abs=1e-5)
    np.testing.assert_allclose(in_cpp(quiet, AUDIO)[1].T, (quiet + change)[0].numpy(), atol=1e-5)


def test_quiet_ends_and_a_frame_that_is_loud_alone_change_nothing():
    generator = torch.Generator().manual_seed(0)
    mel = -2 + 0.3 * torch.randn(1, AUDIO.num_mels, 20, generator=generator)
    loudness = mel_loudness(mel, AUDIO)
    faint = torch.full((1, AUDIO.num_mels, 30), -5.0)  # more than 26 dB below
    framed = torch.cat([faint, mel, faint], dim=2)
    # its first and last frame have a faint neighbour
    assert mel_loudness(framed, AUDIO) == pytest.approx(loudness, abs=0.25)
    assert in_cpp(framed, AUDIO)[0] == pytest.approx(mel_loudness(framed, AUDIO), abs=1e-6)
    spiky = mel.clone()
    spiky[..., 10] += 3.0
    assert mel_loudness(spiky, AUDIO) == pytest.approx(loudness, abs=0.3)
    spiky[..., 11] += 3.0
    assert mel_loudness(spiky, AUDIO) > loudness + 5.0
