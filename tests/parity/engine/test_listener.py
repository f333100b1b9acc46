"""Listener against PyTorch: mel, energy and the places of phones, on the F0 that the engine heard."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("gguf")
pytest.importorskip("numba")

from muspeaker._core import probe
from muspeaker.twin.engine.listener import Listener, register_factor
from tests.closeness import CEILING, squared_error
from tests.model_reader import load, read
from tests.tiny_model import decided_model, tiny_config, tiny_model

pytestmark = pytest.mark.torch

CONFIG = tiny_config(classifier=True)
SIZES = CONFIG.phone_classifier
NUM_MELS, NUM_PHONES = CONFIG.audio.num_mels, len(CONFIG.symbols)


NEITHER = "this model has no phone classifier and no aligner, one of which voice conversion needs"


@pytest.mark.parametrize("weight_type", ["f32", "q8"])
def test_measure(model_file, generated_audio, weight_type):
    path = model_file(tiny_model(4), weight_type)
    samples = generated_audio(22050, 1.4)
    heard = probe.hear(probe.Model(str(path)), samples, np.zeros(3, np.int32))
    assert 0 < np.count_nonzero(heard["f0"]) < len(heard["f0"])
    f0 = torch.from_numpy(heard["f0"]).unsqueeze(0)
    recording = Listener(load(path)).measure(torch.from_numpy(samples).unsqueeze(0), f0)
    assert squared_error(heard["mel"].T, recording.mel[0].numpy()) < CEILING["f32"]
    assert squared_error(heard["energy"], recording.energy[0].numpy()) < CEILING["f32"]
    assert recording.f0 is f0
    assert recording.durations.shape == (1, 0)


@pytest.mark.parametrize("classifier", [False, True], ids=["aligner", "classifier"])
@pytest.mark.parametrize("weight_type", ["f32", "q8"])
@pytest.mark.parametrize("tokens", [1, 19, 90])
def test_hear_places_phones(model_file, generated_audio, weight_type, tokens, classifier):
    """Two states a phone; one each where 90 tokens have 121 frames."""
    path = model_file(decided_model() if classifier else tiny_model(4), weight_type)
    samples = generated_audio(22050, 1.4)
    phones = np.random.default_rng(tokens).integers(0, NUM_PHONES, tokens).astype(np.int32)
    heard = probe.hear(probe.Model(str(path)), samples, phones)
    samples, f0, ids = (torch.from_numpy(x).unsqueeze(0) for x in (samples, heard["f0"], phones))
    recording = Listener(load(path)).hear(samples, f0, ids.long())
    expected = recording.durations[0].numpy()
    np.testing.assert_array_equal(heard["durations"], expected)
    assert tokens == 1 or len(set(expected)) > 4
    assert heard["durations"].sum() == recording.mel.shape[2]


def test_every_pause_sounds_the_same(model_file, generated_audio):
    engine = probe.Model(str(model_file(decided_model())))
    samples = generated_audio(22050, 1.4)
    durations = [
        probe.hear(engine, samples, np.array([6, pause, 9, pause, 7], np.int32))["durations"]
        for pause in (0, 1, SIZES.num_pauses - 1)
    ]
    np.testing.assert_array_equal(durations[1], durations[0])
    np.testing.assert_array_equal(durations[2], durations[0])


def test_the_classifier_goes_before_the_aligner(model_file, generated_audio):
    both = replace(CONFIG, aligner=tiny_config().aligner)
    model = decided_model(config=both)
    samples = generated_audio(22050, 1.4)
    phones = np.arange(NUM_PHONES, dtype=np.int32)
    heard = probe.hear(probe.Model(str(model_file(model))), samples, phones)["durations"]
    model.aligner.mean.weight.add_(torch.randn(model.aligner.mean.weight.shape))
    again = probe.hear(probe.Model(str(model_file(model))), samples, phones)["durations"]
    np.testing.assert_array_equal(again, heard)
    model.phone_classifier.linear.weight.neg_()
    moved = probe.hear(probe.Model(str(model_file(model))), samples, phones)["durations"]
    assert (moved != heard).any()


def test_a_model_with_neither_says_so(model_file):
    path = model_file(tiny_model(config=replace(CONFIG, phone_classifier=None)))
    header, tensors = read(path)
    assert not any(name.startswith("phone_classifier") for name in [*header, *tensors])
    engine = probe.Model(str(path))
    with pytest.raises(ValueError, match=NEITHER):
        probe.hear(engine, np.zeros(22050, np.float32), np.zeros(3, np.int32))
    with pytest.raises(ValueError, match="this model has no phone classifier"):
        probe.phone_scores(engine, np.zeros((9, NUM_MELS), np.float32))
    listener = Listener(load(path))
    with pytest.raises(ValueError, match=NEITHER):
        listener.align(torch.zeros(1, NUM_MELS, 9), torch.zeros(1, 3, dtype=torch.long))
    with pytest.raises(ValueError, match="this model has no phone classifier"):
        listener.phone_scores(torch.zeros(1, NUM_MELS, 9))


def test_register_factor():
    source = torch.tensor([100.0, 0.0, 200.0, 100.0, 150.0])
    target = torch.tensor([200.0, 90.0, 400.0, 0.0, 300.0])
    assert register_factor(source, target) == pytest.approx(2.0)
    assert register_factor(source, 0 * target) == 1.0
