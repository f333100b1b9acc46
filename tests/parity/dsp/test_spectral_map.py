"""Spectral maps and phones heard without a text: C++ against PyTorch, and what they are for."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from muspeaker._core import probe
from muspeaker.twin.dsp.heard_phones import CHANGE_COST, heard_phones
from muspeaker.twin.dsp.spectral_map import (
    HALF_TRUSTED_FRAMES,
    apply_spectral_map,
    fit_spectral_map,
)
from tests.closeness import CEILING, squared_error

pytestmark = pytest.mark.torch

NUM_MELS, NUM_CEPSTRA = 20, 7


def mel_of(seed: int, frames: int = 300) -> np.ndarray:
    """(frames, mels) float32 that moves slowly, its last tenth silent."""
    steps = np.random.default_rng(seed).standard_normal((frames, NUM_MELS), np.float32)
    mel = np.apply_along_axis(np.convolve, 0, steps, np.ones(8) / 4, "same") - 4
    mel[-frames // 10 :] -= 12
    return mel.astype(np.float32)


def rows(mel: np.ndarray) -> torch.Tensor:
    """(frames, mels) to (1, mels, frames)."""
    return torch.from_numpy(mel.T.copy()).unsqueeze(0)


def voiced(mel: np.ndarray) -> np.ndarray:
    """The frames that are not silent."""
    return mel[: -len(mel) // 10]


@pytest.mark.parametrize("frames", [1, 3, 40, 900])
def test_fit_and_apply(frames):
    prompt, spoken, other = mel_of(1, frames), mel_of(2, frames), mel_of(3, 70)
    expected = fit_spectral_map(rows(prompt), rows(spoken), NUM_CEPSTRA)
    values = probe.fit_spectral_map(prompt, spoken, NUM_CEPSTRA)
    assert values.shape == (NUM_MELS * (2 + NUM_CEPSTRA),)
    assert np.isfinite(values).all()
    assert squared_error(values, expected[0].numpy()) < CEILING["f32"]
    moved = apply_spectral_map(rows(other), expected)[0].numpy().T
    assert squared_error(probe.apply_spectral_map(other, values), moved) < CEILING["f32"]


def test_equal_mels_need_no_map():
    mel, other = rows(mel_of(1)), rows(mel_of(2))
    values = fit_spectral_map(mel, mel, NUM_CEPSTRA)
    torch.testing.assert_close(apply_spectral_map(other, values), other)


def test_a_colour_is_put_right():
    """A level of each band is learnt from one mel and given to another; the longer, the more of it."""
    colour = np.linspace(-1, 1, NUM_MELS, dtype=np.float32)
    spoken, other = mel_of(1), mel_of(2)
    values = fit_spectral_map(rows(spoken + colour), rows(spoken), NUM_CEPSTRA)
    moved = apply_spectral_map(rows(other), values)[0].numpy().T
    frames = len(voiced(spoken))
    trust = frames / (frames + HALF_TRUSTED_FRAMES)
    np.testing.assert_allclose(moved, other + trust * colour, atol=1e-4)


def test_what_depends_on_the_sound_is_put_right():
    """A voice whose bands lean on the third cepstrum: most of it is learnt from another mel."""
    lean = np.cos(np.pi / NUM_MELS * (np.arange(NUM_MELS) + 0.5) * 3)[:, None] * np.linspace(
        0.0, 0.15, NUM_MELS
    )

    def lent(mel: np.ndarray) -> np.ndarray:
        centred = mel - voiced(mel).mean(0)
        return (mel + centred @ lean).astype(np.float32)

    spoken, other = mel_of(1, 900), mel_of(2, 900)
    values = fit_spectral_map(rows(lent(spoken)), rows(spoken), NUM_CEPSTRA)
    moved = apply_spectral_map(rows(other), values)[0].numpy().T
    before = np.square(voiced(lent(other) - other)).sum()
    after = np.square(voiced(lent(other) - moved)).sum()
    assert after < 0.1 * before


def test_few_frames_say_less():
    """The ridge holds back what few frames say."""
    spoken, prompt = mel_of(1, 30), mel_of(2, 30)
    few = fit_spectral_map(rows(prompt), rows(spoken), NUM_CEPSTRA)[0, 2 * NUM_MELS :]
    tiles = (np.tile(x, (20, 1)) for x in (prompt, spoken))
    many = fit_spectral_map(*(rows(x) for x in tiles), NUM_CEPSTRA)[0, 2 * NUM_MELS :]
    assert few.norm() < 0.95 * many.norm()


@pytest.mark.parametrize(("frames", "phones"), [(1, 4), (2, 1), (300, 40)])
def test_heard_phones(frames, phones):
    scores = 4 * np.random.default_rng(frames).standard_normal((frames, phones), np.float32)
    expected, held = heard_phones(scores)
    assert held.sum() == frames
    assert (held > 0).all()
    assert (np.diff(expected) != 0).all()
    actual, durations = probe.heard_phones(scores)
    np.testing.assert_array_equal(actual, expected)
    np.testing.assert_array_equal(durations, held)


def test_phones_are_heard_but_not_noise():
    """Three phones; one frame of doubt in the second is not worth two changes."""
    scores = np.full((30, 5), -6.0, np.float32)
    for first, last, phone in ((0, 10, 2), (10, 22, 4), (22, 30, 1)):
        scores[first:last, phone] = 0
    scores[15, 4], scores[15, 3] = -CHANGE_COST, 0
    phones, durations = heard_phones(scores)
    assert phones.tolist() == [2, 4, 1]
    assert durations.tolist() == [10, 12, 8]
    scores[15:17, 3] = 3 * CHANGE_COST
    assert heard_phones(scores)[0].tolist() == [2, 4, 3, 4, 1]


def test_the_level_of_a_frame_is_no_phone():
    scores = 4 * np.random.default_rng(0).standard_normal((50, 9), np.float32)
    level = np.random.default_rng(1).standard_normal((50, 1), np.float32)
    for before, after in zip(heard_phones(scores), heard_phones(scores + level), strict=True):
        np.testing.assert_array_equal(before, after)


def test_no_frame_is_refused():
    with pytest.raises(ValueError, match="at least one frame"):
        probe.heard_phones(np.zeros((0, 4), np.float32))
    with pytest.raises(ValueError, match="two mels of one length"):
        probe.fit_spectral_map(mel_of(1, 20), mel_of(1, 21), 3)
