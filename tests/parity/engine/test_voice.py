"""Voices that do not fit the model are refused."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("gguf")
pytest.importorskip("numba")

from muspeaker import _core
from muspeaker.twin.engine.voice import Voice
from tests.engine_calls import PLAIN, tokens_of, twin_voice, voice_of
from tests.tiny_model import tiny_model

pytestmark = pytest.mark.torch


BAD = {
    "vector size": ({"vector": np.ones(14)}, "vector must hold 55 values, got 14"),
    "vector": ({"vector": np.full(55, np.nan, np.float32)}, "vector must be finite"),
    "style width": ({"style": np.ones((5, 9))}, r"style must be \(frames, 10\), got \(5, 9\)"),
    "style frames": ({"style": np.ones((0, 10))}, "at least one frame"),
    "long style": ({"style": np.ones((9999, 10))}, "at most 1292 frames, got 9999"),
    "style": ({"style": np.full((5, 10), np.inf)}, "style must be finite"),
}


def test_fields_are_those_of_the_engine():
    model = tiny_model()
    voice = twin_voice(voice_of(model))
    assert Voice._fields == ("vector", "style", "changes")
    assert voice.vector.shape == (1, model.config.voice_size)
    assert voice.style.shape == (1, 30, model.config.style_encoder.hidden)


@pytest.mark.parametrize("name", BAD)
def test_bad_voices_are_refused(model_file, name):
    changed, message = BAD[name]
    model = tiny_model()
    engine = _core.Synthesizer(str(model_file(model)), 1)
    voice = dict(zip(("vector", "style"), voice_of(model), strict=True)) | changed
    with pytest.raises(ValueError, match=message):
        engine.synthesize(tokens_of(model), **voice, **PLAIN)
