"""The speaking pass against C++, stage by stage, noise given; and by itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("gguf")
pytest.importorskip("numba")

from muspeaker import _core
from muspeaker._core import probe
from muspeaker.twin.dsp.mel_loudness import level_mel
from muspeaker.twin.dsp.mel_moments import match_moments
from muspeaker.twin.dsp.spectral_map import apply_spectral_map
from muspeaker.twin.engine.acoustic_pass import AcousticPass
from muspeaker.twin.engine.voice import Voice
from muspeaker.twin.model.variation_adapter import VariationOptions
from tests.closeness import CEILING, squared_error
from tests.engine_calls import TOKENS, tokens_of, twin_ids, twin_voice, voice_of
from tests.model_reader import load
from tests.padding import normal
from tests.tiny_model import tiny_config, tiny_model

pytestmark = pytest.mark.torch


@pytest.mark.parametrize(
    "options", [{}, {"speed": 1.7, "pitch": -3.0, "energy": 2.0}], ids=["plain", "changed"]
)
@pytest.mark.parametrize("weight_type", ["f32", "f16", "q8"])
@pytest.mark.parametrize("classifier", [False, True], ids=["moments", "map"])
def test_every_stage(model_file, weight_type, options, classifier):
    path = model_file(tiny_model(0, tiny_config(classifier=classifier)), weight_type)
    model = load(path)
    ids, voice = tokens_of(model), voice_of(model)
    rng = np.random.default_rng(1)
    latent = rng.standard_normal((TOKENS, model.config.mel_encoder.latent), np.float32)
    noise = rng.standard_normal(400_000, np.float32)
    engine = _core.Synthesizer(str(path), 1)
    actual = probe.synthesize_stages(engine, ids, *voice, latent, noise, **options)

    acoustic_pass, person = AcousticPass(model), twin_voice(voice)
    chosen = VariationOptions(*options.values())
    e_con = acoustic_pass.encode(twin_ids(ids), torch.from_numpy(latent).unsqueeze(0))
    durations = acoustic_pass.predict_durations(e_con, person, chosen)
    np.testing.assert_array_equal(actual["durations"], durations[0].numpy())
    melody = acoustic_pass.shape_melody(e_con, durations, person, chosen)
    assert 0 < np.count_nonzero(melody.f0) < melody.f0.numel()  # both kinds of frame
    assert squared_error(actual["f0"], melody.f0[0].numpy()) < CEILING["f32"]
    assert squared_error(actual["energy"], melody.energy[0].numpy()) < CEILING["f32"]
    mel = acoustic_pass.decode(e_con, durations, melody, person.vector)
    mel = acoustic_pass.match(mel, person, chosen.energy_gain)
    mel = level_mel(mel, model.config.audio, chosen.energy_gain)
    assert squared_error(actual["mel"], mel[0].numpy().T) < CEILING[weight_type]


def test_a_long_token_has_the_melody_of_all_its_frames(model_file):
    path = model_file(tiny_model(), "f32")
    model = load(path)
    ids, voice = tokens_of(model), voice_of(model)
    latent = np.zeros((TOKENS, model.config.mel_encoder.latent), np.float32)
    noise = np.zeros(400_000, np.float32)
    engine = _core.Synthesizer(str(path), 1)
    actual = probe.synthesize_stages(engine, ids, *voice, latent, noise, speed=0.5)
    acoustic_pass, person = AcousticPass(model), twin_voice(voice)
    e_con = acoustic_pass.encode(twin_ids(ids), torch.from_numpy(latent).unsqueeze(0))
    durations = torch.from_numpy(actual["durations"]).long().unsqueeze(0)
    sizes = model.config.variation_adapter
    reach = 2 * sizes.num_layers * (sizes.kernel // 2)  # beyond it C++ predicts alike frames once
    assert (durations > 2 * reach + 2).sum() > 2
    melody = acoustic_pass.shape_melody(e_con, durations, person)
    assert squared_error(actual["f0"], melody.f0[0].numpy()) < CEILING["f32"]
    assert squared_error(actual["energy"], melody.energy[0].numpy()) < CEILING["f32"]


def voice_of_size(size: int) -> Voice:
    return Voice(normal(1, size), normal(1, 5, 16))


def test_a_mel_is_matched_to_the_voices_map():
    config = tiny_config(classifier=True)
    mel, voice = normal(1, config.audio.num_mels, 40), voice_of_size(config.voice_size)
    matched = AcousticPass(tiny_model(0, config)).match(mel, voice)
    expected = apply_spectral_map(mel, voice.vector[:, config.timbre_size :])
    torch.testing.assert_close(matched, expected)


def test_a_mel_is_matched_to_the_voices_moments():
    config = tiny_config()
    mel, voice = normal(1, config.audio.num_mels, 40), voice_of_size(config.voice_size)
    matched = AcousticPass(tiny_model(0, config)).match(mel, voice, 1.5)
    expected = match_moments(mel, voice.vector[:, config.timbre_encoder.embedding :], 1.5)
    torch.testing.assert_close(matched, expected)


def test_a_voice_without_moments_leaves_the_mel_as_it_is():
    config = tiny_config()
    config = replace(config, mel_decoder=replace(config.mel_decoder, prompt_moments=0))
    mel, voice = normal(1, config.audio.num_mels, 40), voice_of_size(config.voice_size)
    assert AcousticPass(tiny_model(0, config)).match(mel, voice) is mel
