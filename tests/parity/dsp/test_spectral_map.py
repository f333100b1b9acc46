"""Spectral maps: C++ against PyTorch, and what they are for."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from muspeaker._core import probe
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


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("frames", [1, 3, 40, 900])
def test_fit_and_apply(frames, plain):
    prompt, spoken, other = mel_of(1, frames), mel_of(2, frames), mel_of(3, 70)
    expected = fit_spectral_map(rows(prompt), rows(spoken), NUM_CEPSTRA, plain=plain)
    values = probe.fit_spectral_map(prompt, spoken, NUM_CEPSTRA, plain=plain)
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


def test_shapes_that_come_together_are_put_right():
    """A voice in which the second cepstrum leans on the third, and the other way: learnt from other words."""
    order, band = np.mgrid[:NUM_CEPSTRA, :NUM_MELS]
    shapes = np.cos(np.pi / NUM_MELS * (band + 0.5) * order) * np.sqrt(2 / NUM_MELS)
    lean = 0.5 * (np.outer(shapes[2], shapes[3]) + np.outer(shapes[3], shapes[2]))

    def lent(mel: np.ndarray) -> np.ndarray:
        centred = mel - voiced(mel).mean(0)
        return (mel + centred @ lean).astype(np.float32)

    spoken, other = mel_of(1, 20000), mel_of(2, 900)
    values = fit_spectral_map(rows(lent(mel_of(4, 20000))), rows(spoken), NUM_CEPSTRA)
    moved = apply_spectral_map(rows(other), values)[0].numpy().T
    before = np.square(voiced(lent(other) - other)).sum()
    after = np.square(voiced(lent(other) - moved)).sum()
    assert after < 0.25 * before


def test_noise_in_single_frames_teaches_nothing():
    """A prompt that differs frame by frame, but not in what comes together, needs no map."""
    spoken, other = mel_of(1, 4000), mel_of(2)
    values = fit_spectral_map(rows(mel_of(3, 4000)), rows(spoken), NUM_CEPSTRA)
    moved = apply_spectral_map(rows(other), values)[0].numpy().T
    assert np.square(voiced(moved - other)).mean() < 0.02 * voiced(other).var()


def test_a_plain_map_leaves_bands_to_themselves():
    """Cepstra add nothing, and each band gets the prompt's level and deviation."""
    spoken, prompt = mel_of(1, 4000), mel_of(2, 4000) * np.linspace(0.7, 1.4, NUM_MELS, np.float32)
    values = fit_spectral_map(rows(prompt), rows(spoken), NUM_CEPSTRA, plain=True)
    assert not values[0, 2 * NUM_MELS :].any()
    moved = apply_spectral_map(rows(spoken), values)[0].numpy().T
    trust = 3600 / (3600 + HALF_TRUSTED_FRAMES)
    deviations = [np.log(voiced(x).std(0)) for x in (spoken, prompt, moved)]
    expected = (1 - trust) * deviations[0] + trust * deviations[1]
    np.testing.assert_allclose(deviations[2], expected, atol=1e-3)


def test_few_frames_say_less():
    """What comes together in few frames is taken for chance."""
    spoken, prompt = mel_of(1, 30), mel_of(2, 30)
    few = fit_spectral_map(rows(prompt), rows(spoken), NUM_CEPSTRA)[0, 2 * NUM_MELS :]
    tiles = (np.tile(x, (20, 1)) for x in (prompt, spoken))
    many = fit_spectral_map(*(rows(x) for x in tiles), NUM_CEPSTRA)[0, 2 * NUM_MELS :]
    assert few.norm() < 0.8 * many.norm()


def test_mels_of_two_lengths_are_refused():
    with pytest.raises(ValueError, match="two mels of one length"):
        probe.fit_spectral_map(mel_of(1, 20), mel_of(1, 21), 3)
