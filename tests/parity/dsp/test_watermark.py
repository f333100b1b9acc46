"""The mark of speech: the engine against NumPy, in every part."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from muspeaker import _core
from muspeaker._core import probe
from muspeaker.config import AudioConfig
from muspeaker.twin.dsp.mel import log_mel
from muspeaker.twin.dsp.mel_correction import correct_mel
from muspeaker.twin.dsp.watermark import CELLS, CODES, DECIBELS, SLOTS, Watermark, code, symbols
from tests.closeness import CEILING, squared_error

pytestmark = pytest.mark.torch

AUDIO = AudioConfig()
LARGER = replace(AUDIO, sample_rate=24_000, hop_samples=300, window_samples=1200, fft_samples=1200)
PAYLOADS = [0, 1, 0xDEADBEEF, 2**32 - 1]


def noise(audio: AudioConfig, frames: int = 90) -> np.ndarray:
    samples = 0.1 * np.random.default_rng(0).standard_normal(frames * audio.hop_samples)
    return samples.astype(np.float32)


def mel_of(samples: np.ndarray, audio: AudioConfig) -> np.ndarray:
    return log_mel(torch.from_numpy(samples).unsqueeze(0), audio)[0].numpy().T.copy()


def engine(
    samples: np.ndarray,
    audio: AudioConfig,
    watermark: int | None,
    share: float = 1.0,
    pieces: int = 10**9,
) -> np.ndarray:
    mel = mel_of(samples, audio)
    return probe.correct_mel(samples, mel, share, asdict(audio), pieces=pieces, watermark=watermark)


def test_symbols_and_codes_are_the_same() -> None:
    np.testing.assert_array_equal(_core.watermark_symbols(), symbols())
    for value in (0, 1, 77, 255, CODES):
        np.testing.assert_array_equal(_core.watermark_code(value), code(value))


def test_codes_have_nothing_in_common() -> None:
    codes = np.stack([code(value) for value in range(CODES + 1)]).reshape(CODES + 1, -1)
    likeness = codes.astype(np.float32) @ codes.T.astype(np.float32) / codes.shape[1]
    assert np.abs(likeness - np.eye(CODES + 1)).max() < 0.05
    shares = np.bincount(symbols().ravel()) / (SLOTS * CELLS)
    assert shares[0] == pytest.approx(0.75, abs=0.02)
    assert shares[1:].min() > 0.045


@pytest.mark.parametrize("audio", [AUDIO, LARGER], ids=["22 kHz", "24 kHz"])
@pytest.mark.parametrize("share", [0.0, 1.0])
@pytest.mark.parametrize("payload", PAYLOADS)
def test_engine_equals_twin(payload: int, share: float, audio: AudioConfig) -> None:
    samples = noise(audio)
    rows = (torch.from_numpy(x).unsqueeze(0) for x in (samples, mel_of(samples, audio).T.copy()))
    expected = correct_mel(*rows, share, audio, Watermark(audio, payload))[0].numpy()
    actual = engine(samples, audio, payload, share)
    assert squared_error(actual, expected) < CEILING["f32"]
    change = actual - engine(samples, audio, None, share)
    ceiling = CEILING["f32"] / squared_error(actual, actual - change)
    assert squared_error(change, expected - (actual - change)) < 10 * ceiling


@pytest.mark.parametrize("pieces", [1, 100, 300, 1000, 8191])
def test_pieces_give_the_same_bits(pieces: int) -> None:
    samples = noise(LARGER)
    whole = engine(samples, LARGER, 5)
    np.testing.assert_array_equal(engine(samples, LARGER, 5, pieces=pieces), whole)
    assert (whole != engine(samples, LARGER, None)).any()


def test_gains_are_those_of_the_signs() -> None:
    mark = Watermark(LARGER, 3)
    gains = 20 * np.log10(mark.gains(SLOTS * 4 + 4).numpy())
    low = LARGER.fft_samples * 300 // LARGER.sample_rate
    heard = gains[:4, low::2][:, :CELLS]
    louder, softer = heard[mark.signs[[0] * 4] > 0], heard[mark.signs[[0] * 4] < 0]
    np.testing.assert_allclose(louder.min() - softer.max(), 2 * DECIBELS, atol=1e-4)
    np.testing.assert_allclose(
        [louder.max(), softer.min()], [louder.min(), softer.max()], atol=1e-4
    )
    powers = 10 ** (np.array([louder[0], softer[0]]) / 10)
    np.testing.assert_allclose(powers.mean(), 1.0, atol=1e-4)  # as loud as without
    np.testing.assert_array_equal(gains[-4:], gains[:4])  # after a period
    assert (gains[:, :low] == 0).all()
    assert (gains[:, low + 2 * CELLS :] == 0).all()
