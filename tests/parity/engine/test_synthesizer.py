"""The engine's voice conversion against PyTorch, on the F0 that the engine heard."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("gguf")
pytest.importorskip("numba")

from muspeaker import _core
from muspeaker._core import probe
from muspeaker.twin.dsp.best_path import best_path, states_of
from muspeaker.twin.dsp.cepstra import cepstral_features
from muspeaker.twin.dsp.mel import log_energy, log_mel
from muspeaker.twin.engine.listener import Recording, register_factor
from muspeaker.twin.engine.synthesizer import convert
from tests.closeness import CEILING, squared_error
from tests.model_reader import load
from tests.tiny_model import tiny_model

pytestmark = pytest.mark.torch

TOKENS = 19


def inputs_of(model, tokens=TOKENS):
    """Phones, stresses and boundaries; a timbre and a style that nobody has."""
    rng = np.random.default_rng(tokens)
    config = model.config
    sizes = config.linguistic_encoder
    limits = (sizes.num_phones, sizes.num_stresses, sizes.num_boundaries)
    ids = tuple(rng.integers(0, limit, tokens).astype(np.int32) for limit in limits)
    timbre_size = model.timbre_projection.in_features
    timbre = rng.standard_normal(timbre_size, np.float32)
    return ids, (timbre, rng.standard_normal((30, config.style_encoder.hidden), np.float32))


def durations_of(model, mel, phones):
    """The aligner's, by numba: (tokens,) int64."""
    config = model.config.aligner
    features = torch.from_numpy(cepstral_features(mel, config.num_cepstra)).unsqueeze(0)
    scores = model.aligner(features, torch.from_numpy(phones).long().unsqueeze(0))[0].numpy()
    states = states_of(phones, mel.shape[1], config.num_pauses)
    in_states = best_path(np.ascontiguousarray(scores[:, states]))
    return np.bincount(states, in_states, len(phones)).astype(np.int64)


@pytest.mark.parametrize("options", [{}, {"pitch": 5.0, "energy": 0.5}], ids=["plain", "changed"])
@pytest.mark.parametrize("weight_type", ["f32", "q8"])
def test_convert(model_file, generated_audio, weight_type, options):
    path = model_file(tiny_model(4), weight_type)
    model = load(path)
    audio, scales = model.config.audio, model.config.variation_adapter
    samples = generated_audio(22050, 1.4)
    ids, voice = inputs_of(model)
    batched = torch.from_numpy(samples).unsqueeze(0)
    mel = log_mel(batched, audio)
    heard = probe.hear(probe.Model(str(path)), samples, ids[0])
    energy = (log_energy(batched, audio) - scales.log_energy_mean) / scales.log_energy_std
    durations = durations_of(model, mel[0].numpy(), ids[0])
    np.testing.assert_array_equal(heard["durations"], durations)
    assert squared_error(heard["mel"].T, mel[0].numpy()) < CEILING["f32"]
    assert squared_error(heard["energy"], energy[0].numpy()) < CEILING["f32"]
    assert 0 < np.count_nonzero(heard["f0"]) < len(heard["f0"])
    recording = Recording(
        mel, torch.from_numpy(heard["f0"])[None], energy, torch.from_numpy(durations)[None]
    )
    expected, f0, loudness = convert(
        model,
        tuple(torch.from_numpy(x).long().unsqueeze(0) for x in ids),
        recording,
        tuple(torch.from_numpy(x).unsqueeze(0) for x in voice),
        options.get("pitch", 0.0),
        options.get("energy", 1.0),
    )
    engine = _core.Synthesizer(str(path), 1)
    stages = probe.convert_stages(engine, samples, *ids, *voice, **options)
    assert squared_error(stages["f0"], f0[0].numpy()) < CEILING["f32"]
    assert squared_error(stages["energy"], loudness[0].numpy()) < CEILING["f32"]
    assert squared_error(stages["mel"], expected[0].numpy().T) < CEILING[weight_type]
    settings = {"pitch": 0.0, "energy": 1.0, "seed": 0} | options
    spoken, frames = engine.convert(samples, *ids, *voice, **settings)
    np.testing.assert_array_equal(spoken, stages["samples"])
    np.testing.assert_array_equal(frames, durations)
    assert len(spoken) == durations.sum() * audio.hop_samples
    again, _ = _core.Synthesizer(str(path), 3).convert(samples, *ids, *voice, **settings)
    np.testing.assert_array_equal(again, spoken)


def test_register_factor():
    source = torch.tensor([100.0, 0.0, 200.0, 100.0, 150.0])
    target = torch.tensor([200.0, 90.0, 400.0, 0.0, 300.0])
    assert register_factor(source, target) == pytest.approx(2.0)
    assert register_factor(source, 0 * target) == 1.0


@pytest.mark.parametrize(
    ("count", "change", "message"),
    [
        (100, {}, "the recording must hold 385 to 1323000 samples, got 100"),
        (22050 * 61, {}, "the recording must hold 385 to 1323000 samples, got 1345050"),
        (22050, {"value": np.nan}, "the recording must be finite"),
        (4096, {}, "the text has 19 phones and pauses, more than the recording's 16 frames"),
        (22050, {"pitch": 99.0}, "pitch must be -48 to 48"),
    ],
)
def test_bad_recordings_are_refused(model_file, count, change, message):
    model = tiny_model(4)
    engine = _core.Synthesizer(str(model_file(model)), 1)
    ids, voice = inputs_of(model)
    samples = np.full(count, change.pop("value", 0.1), np.float32)
    with pytest.raises(ValueError, match=message):
        engine.convert(samples, *ids, *voice, **{"pitch": 0.0, "energy": 1.0, "seed": 0} | change)


def test_silence_is_converted_to_something(model_file):
    """Nothing voiced, nothing loud: the register stays, and the result is finite."""
    model = tiny_model(4)
    engine = _core.Synthesizer(str(model_file(model)), 1)
    ids, voice = inputs_of(model)
    stages = probe.convert_stages(engine, np.zeros(22050, np.float32), *ids, *voice)
    assert not stages["f0"].any()
    assert np.isfinite(stages["samples"]).all()
