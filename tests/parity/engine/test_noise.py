"""Noise: the engine draws it by position, and the twin is given it."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("gguf")

from muspeaker import _core
from muspeaker._core import probe
from muspeaker.twin.engine.noise import vocoder_noise
from tests.engine_calls import PLAIN, TOKENS, tokens_of, voice_of
from tests.tiny_model import tiny_model

pytestmark = pytest.mark.torch


def test_noise_is_drawn_by_position(model_file):
    model = tiny_model()
    engine = _core.Synthesizer(str(model_file(model)), 1)
    latent = probe.fill_normal(5, 0, 0, TOKENS * model.config.mel_encoder.latent) * np.float32(
        0.667
    )
    stages = probe.synthesize_stages(
        engine,
        tokens_of(model),
        *voice_of(model),
        latent.reshape(TOKENS, -1),
        probe.fill_normal(5, 1, 0, 400_000),
    )
    samples, _ = engine.synthesize(tokens_of(model), *voice_of(model), **PLAIN)
    np.testing.assert_array_equal(samples, stages["samples"])


def test_noise_of_a_seed_is_the_same_whenever_it_is_drawn():
    draw = vocoder_noise(3)
    first = draw(10_000)
    assert first.shape == (1, 10_000)
    assert torch.equal(draw(10_000), first)
    assert not torch.equal(vocoder_noise(4)(10_000), first)
    assert abs(first.std().item() - 1) < 0.05
