"""Editing: C++ against PyTorch, noise given; what stays; bad input."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("gguf")
pytest.importorskip("numba")

from muspeaker import _core
from muspeaker._core import probe
from muspeaker.twin.engine.editor import Edit
from muspeaker.twin.engine.listener import Listener
from muspeaker.twin.engine.noise import Noise
from muspeaker.twin.engine.synthesizer import Synthesizer
from muspeaker.twin.model.variation_adapter import VariationOptions
from tests.closeness import CEILING, squared_error
from tests.engine_calls import tokens_of, twin_ids, twin_voice, voice_of
from tests.model_reader import load
from tests.tiny_model import tiny_config, tiny_model

pytestmark = pytest.mark.torch

RECORDED = 19
# Tokens 0 to 5 stay, 6 to 8 become four others, 9 to 14 stay, two come in, 15 goes, 16 to 18 stay.
ORIGINS = np.array([*range(6), *[-1] * 4, *range(9, 15), *[-1] * 2, *range(16, 19)], np.int32)
PLAIN = {"speed": 1.0, "temperature": 0.5, "seed": 3}


def edited_tokens(model: Any) -> np.ndarray:
    """(3, tokens) int32: what is kept, and other phones between it."""
    recorded, other = tokens_of(model, RECORDED), tokens_of(model, len(ORIGINS))
    return np.where(ORIGINS >= 0, recorded[:, ORIGINS], other)


@pytest.mark.parametrize(
    "options", [{}, {"speed": 1.4, "pitch": 3.0, "energy": 0.5}], ids=["plain", "changed"]
)
@pytest.mark.parametrize("weight_type", ["f32", "q8"])
@pytest.mark.parametrize("classifier", [False, True], ids=["aligner", "classifier"])
def test_edit(model_file, generated_audio, weight_type, options, classifier):
    path = model_file(tiny_model(4, tiny_config(classifier=classifier)), weight_type)
    model = load(path)
    samples = generated_audio(22050, 1.4)
    recorded, ids, voice = tokens_of(model, RECORDED), edited_tokens(model), voice_of(model)
    f0 = probe.hear(probe.Model(str(path)), samples, recorded[0])["f0"]
    rng = np.random.default_rng(1)
    latent = rng.standard_normal((len(ORIGINS), model.config.mel_encoder.latent), np.float32)
    noise = rng.standard_normal(200_000, np.float32)
    heard = (torch.from_numpy(x).unsqueeze(0) for x in (samples, f0))
    recording = Listener(model).hear(*heard, twin_ids(recorded).phones)
    expected = Synthesizer(model).edit(
        recording,
        twin_ids(recorded),
        Edit(twin_ids(ids), torch.from_numpy(ORIGINS).long()),
        twin_voice(voice),
        Noise(
            torch.from_numpy(latent).unsqueeze(0),
            lambda count: torch.from_numpy(noise[:count]).unsqueeze(0),
        ),
        VariationOptions(*options.values()),
    )
    engine = _core.Synthesizer(str(path), 1)
    stages = probe.edit_stages(
        engine, samples, recorded, ids, ORIGINS, *voice, latent, noise, **options
    )
    np.testing.assert_array_equal(stages["heard"], recording.durations[0].numpy())
    np.testing.assert_array_equal(stages["durations"], expected.durations[0].numpy())
    assert squared_error(stages["f0"], expected.f0[0].numpy()) < CEILING["f32"]
    assert squared_error(stages["energy"], expected.energy[0].numpy()) < CEILING["f32"]
    assert squared_error(stages["mel"], expected.mel[0].numpy().T) < CEILING[weight_type]
    limit = 1e-5 if weight_type != "q8" else 10 * CEILING["q8"]
    assert squared_error(stages["samples"], expected.samples[0].numpy()) < limit


def test_what_is_kept_is_the_recordings(model_file, generated_audio):
    model = tiny_model(4)
    path = model_file(model)
    samples, recorded = generated_audio(22050, 1.4), tokens_of(model, RECORDED)
    heard = probe.hear(probe.Model(str(path)), samples, recorded[0])
    latent = np.zeros((len(ORIGINS), model.config.mel_encoder.latent), np.float32)
    stages = probe.edit_stages(
        _core.Synthesizer(str(path), 1),
        samples,
        recorded,
        edited_tokens(model),
        ORIGINS,
        *voice_of(model),
        latent,
        np.zeros(200_000, np.float32),
    )
    np.testing.assert_array_equal(stages["heard"], heard["durations"])
    kept = ORIGINS >= 0
    np.testing.assert_array_equal(stages["durations"][kept], heard["durations"][ORIGINS[kept]])
    frames = probe.frame_origins(stages["durations"], ORIGINS, stages["heard"])
    kept = frames >= 0
    assert 0 < kept.sum() < len(frames)
    for name in ("f0", "energy", "mel"):
        np.testing.assert_array_equal(stages[name][kept], heard[name][frames[kept]])


def test_any_number_of_threads_and_the_seed(model_file, generated_audio):
    model = tiny_model(4)
    path, samples = model_file(model, "q8"), generated_audio(22050, 1.4)
    texts = tokens_of(model, RECORDED), edited_tokens(model), ORIGINS

    def edit(threads: int, **options: Any) -> tuple[np.ndarray, ...]:
        engine = _core.Synthesizer(str(path), threads)
        return engine.edit(samples, *texts, *voice_of(model), **PLAIN | options)

    expected = edit(1)
    for ours, theirs in zip(expected, edit(3), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert len(expected[0]) == expected[1].sum() * model.config.audio.hop_samples
    for option in ({"seed": 4}, {"temperature": 2.0}, {"speed": 0.5}):
        assert not np.array_equal(edit(1, **option)[0], expected[0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"origins": ORIGINS[1:]}, "one origin for each of the 21 tokens, got 20"),
        ({"origins": np.full(len(ORIGINS), 3)}, "a recorded token after the one before, got 3 aft"),
        ({"origins": np.where(ORIGINS == 18, 19, ORIGINS)}, "got 19 after 17"),
        ({"origins": np.where(ORIGINS < 0, -2, ORIGINS)}, "got -2 after 5"),
        ({"recorded": np.zeros((2, RECORDED))}, "recorded must have 3 rows, got 2"),
        ({"tokens": np.full((3, len(ORIGINS)), 99)}, r"phones\[0\] must be 0 to 11, got 99"),
        ({"samples": np.zeros(100)}, "the recording must hold 385 to 1323000 samples, got 100"),
        ({"vector": np.zeros(3)}, "vector must hold 55 values, got 3"),
        ({"speed": 9.0}, "speed must be 0.25 to 4"),
    ],
)
def test_bad_input_is_refused(model_file, generated_audio, change, message):
    model = tiny_model(4)
    engine = _core.Synthesizer(str(model_file(model)), 1)
    vector, style = voice_of(model)
    arguments: dict[str, Any] = {
        "samples": generated_audio(22050, 1.4),
        "recorded": tokens_of(model, RECORDED),
        "tokens": edited_tokens(model),
        "origins": ORIGINS,
        "vector": vector,
        "style": style,
    }
    with pytest.raises(ValueError, match=message):
        engine.edit(**arguments | PLAIN | change)
