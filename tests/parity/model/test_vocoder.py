"""The seam of vocoders: what each of them takes and gives, and how far it looks."""

from __future__ import annotations

from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")

from muspeaker.twin.model.nsf_hifigan import NsfHifigan
from muspeaker.twin.model.spectral_vocoder import SpectralVocoder
from muspeaker.twin.model.vocoder import Vocoder, make_vocoder
from tests.padding import normal
from tests.tiny_model import spectral_config, tiny_config, tiny_model

pytestmark = pytest.mark.torch

CONFIG = tiny_config()
KINDS = {"nsf_hifigan": NsfHifigan, "spectral": SpectralVocoder}
CONFIGS = {"nsf_hifigan": CONFIG, "spectral": spectral_config()}


@pytest.mark.parametrize("kind", KINDS)
def test_a_config_names_its_vocoder(kind):
    vocoder = make_vocoder(replace(CONFIG.vocoder, kind=kind), CONFIG.audio)
    assert type(vocoder) is KINDS[kind]
    assert set(KINDS.values()) == set(Vocoder.__subclasses__())


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="vocoder kind is other, expected nsf_hifigan or spectral"):
        make_vocoder(replace(CONFIG.vocoder, kind="other"), CONFIG.audio)


@pytest.mark.parametrize("kind", KINDS)
def test_samples_depend_on_frames_within_reach_alone(kind):
    """Frames beyond the reach change nothing; the reach is no more than two frames too wide."""
    vocoder = tiny_model(config=CONFIGS[kind]).vocoder
    assert type(vocoder) is KINDS[kind]
    reach, hop = vocoder.reach_frames, vocoder.samples_a_frame
    frames = 2 * reach + 9
    middle = frames // 2
    mel, f0 = normal(1, CONFIG.audio.num_mels, frames), torch.full((1, frames), 150.0)
    phase = vocoder.integrate_phase(f0)
    noise = normal(1, frames * hop)
    plain = vocoder(mel, f0, phase, noise)
    assert plain.shape == (1, frames * hop)
    mel[:, :, middle] += 5
    moved = (vocoder(mel, f0, phase, noise) != plain).view(frames, hop).any(1).nonzero()[:, 0]
    assert moved.min() >= middle - reach
    assert moved.max() <= middle + reach
    assert moved.max() - moved.min() >= 2 * (reach - 2)
