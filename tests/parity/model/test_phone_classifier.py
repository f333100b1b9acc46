"""Phone classifier in C++ against PyTorch, what it is given, and the places of phones by it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("gguf")
pytest.importorskip("numba")

from muspeaker import _core
from muspeaker._core import probe
from muspeaker.config import ModelConfig, PhoneClassifierConfig, lite
from muspeaker.twin.dsp.best_path import best_path, merge_pauses, states_of
from muspeaker.twin.dsp.mel import log_mel
from muspeaker.twin.dsp.normalized_mel import normalized_mel
from muspeaker.twin.model.muspeaker import MuSpeaker
from muspeaker.twin.model.phone_classifier import LEAST, PRIOR_POWER, phone_scores
from tests.closeness import CEILING, squared_error
from tests.model_reader import load, read
from tests.tiny_model import tiny_config, tiny_model

pytestmark = pytest.mark.torch

CONFIG = tiny_config(classifier=True)
SIZES = CONFIG.phone_classifier
NUM_MELS, NUM_PHONES = CONFIG.audio.num_mels, len(CONFIG.symbols)
NEITHER = "this model has no phone classifier and no aligner, one of which voice conversion needs"


def mel_of(frames: int, num_mels: int = NUM_MELS) -> np.ndarray:
    """(frames, mels) float32, natural log; a corner of it too quiet to count."""
    mel = 3 * np.random.default_rng(frames).standard_normal((frames, num_mels), np.float32) - 4
    mel[: frames // 3, : num_mels // 2] -= 10
    return mel


def decided_model(config: ModelConfig = CONFIG) -> MuSpeaker:
    """A model whose classifier is sure of many a frame, so that phones take turns."""
    model = tiny_model(6, config)
    model.phone_classifier.linear.weight.mul_(20)
    return model


def heard_by(model: MuSpeaker, mel: np.ndarray) -> np.ndarray:
    """(frames, phones), the scores by PyTorch and NumPy."""
    classifier = model.phone_classifier
    logits = classifier(torch.from_numpy(normalized_mel(mel)).unsqueeze(0))[0]
    return phone_scores(torch.log_softmax(logits, -1).numpy(), classifier.log_prior.numpy())


@pytest.mark.parametrize("frames", [1, 2, 90, 1500])
@pytest.mark.parametrize("num_mels", [20, 80])
def test_normalized_mel(frames, num_mels):
    mel = mel_of(frames, num_mels)
    expected = normalized_mel(mel)
    assert expected.dtype == np.float32
    assert frames < 3 or (mel < mel.max() - 12).any()
    np.testing.assert_allclose(probe.normalized_mel(mel), expected.T, atol=1e-5)


def test_a_flat_mel_is_all_zero():
    mel = np.full((7, NUM_MELS), -3.0, np.float32)
    np.testing.assert_allclose(normalized_mel(mel), 0, atol=1e-9)
    np.testing.assert_allclose(probe.normalized_mel(mel), 0, atol=1e-9)


def test_no_frame_is_no_mel():
    with pytest.raises(ValueError, match="a mel needs one frame of 20 bands or more, got 0 values"):
        probe.normalized_mel(np.zeros((0, NUM_MELS), np.float32))


@pytest.mark.parametrize("frames", [1, 5, 90])
@pytest.mark.parametrize("weight_type", ["f32", "f16", "q8"])
@pytest.mark.parametrize("num_threads", [1, 3])
def test_logits(model_file, weight_type, num_threads, frames):
    path = model_file(tiny_model(3, CONFIG), weight_type)
    x = np.random.default_rng(frames).standard_normal((NUM_MELS, frames), np.float32)
    expected = load(path).phone_classifier(torch.from_numpy(x).unsqueeze(0))[0].numpy()
    actual = probe.phone_classifier(probe.Model(str(path), num_threads), x.T)
    assert squared_error(actual.reshape(frames, NUM_PHONES), expected) < CEILING["f32"]


@pytest.mark.parametrize("block", range(len(SIZES.dilations)))
def test_each_block_before_its_sum(model_file, block):
    """The other blocks say nothing, and what goes past this one is small beside what it adds."""
    model = tiny_model(3, CONFIG)
    for number, other in enumerate(model.phone_classifier.blocks):
        if number == block:
            other.linear.weight.mul_(300)
        else:
            other.linear.weight.zero_()
            other.linear.bias.zero_()
    path = model_file(model)
    x = np.random.default_rng(1).standard_normal((NUM_MELS, 50), np.float32)
    expected = model.phone_classifier(torch.from_numpy(x).unsqueeze(0))[0].numpy()
    actual = probe.phone_classifier(probe.Model(str(path)), x.T).reshape(50, NUM_PHONES)
    assert squared_error(actual, expected) < CEILING["f32"]


@pytest.mark.parametrize("weight_type", ["f32", "f16", "q8"])
def test_scores(model_file, weight_type):
    path = model_file(decided_model(), weight_type)
    mel = mel_of(70)
    expected = heard_by(load(path), mel)
    assert 0.01 < np.mean(expected == LEAST) < 0.9
    actual = probe.phone_scores(probe.Model(str(path)), mel)
    assert actual.shape == (70, NUM_PHONES)
    np.testing.assert_allclose(actual, expected, atol=1e-4)


def test_scores_are_log_probabilities_less_the_prior(model_file):
    model = tiny_model(3, CONFIG)
    scores = probe.phone_scores(probe.Model(str(model_file(model))), mel_of(9))
    posterior = np.exp(scores + PRIOR_POWER * model.phone_classifier.log_prior.numpy())
    np.testing.assert_allclose(posterior.sum(1), 1, atol=1e-4)


@pytest.mark.parametrize("weight_type", ["f32", "q8"])
@pytest.mark.parametrize("tokens", [1, 19, 90])
def test_hear_places_phones_by_it(model_file, generated_audio, weight_type, tokens):
    """Two states a phone; one each where 90 tokens have 121 frames."""
    path = model_file(decided_model(), weight_type)
    model = load(path)
    samples = generated_audio(22050, 1.4)
    phones = np.random.default_rng(tokens).integers(0, NUM_PHONES, tokens).astype(np.int32)
    mel = log_mel(torch.from_numpy(samples).unsqueeze(0), CONFIG.audio)[0].numpy().T
    states = states_of(phones, len(mel), SIZES.num_pauses)
    of_text = heard_by(model, mel)[:, merge_pauses(phones, SIZES.num_pauses)]
    in_states = best_path(np.ascontiguousarray(of_text[:, states]))
    expected = np.bincount(states, in_states, tokens)
    heard = probe.hear(probe.Model(str(path)), samples, phones)
    np.testing.assert_array_equal(heard["durations"], expected)
    assert tokens == 1 or len(set(expected)) > 4
    assert heard["durations"].sum() == len(mel)


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
    model = decided_model(both)
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
        probe.phone_scores(engine, mel_of(9))


def test_half_a_classifier_is_refused(model_file):
    path = model_file(tiny_model(config=CONFIG))
    whole = path.read_bytes()
    assert _core.Synthesizer(str(path), 1).config["phone_classifier.hidden"] == SIZES.hidden
    # Every tensor of it is there, and the header says nothing; and the other way round.
    path.write_bytes(whole.replace(b"muspeaker.phone_classifier.", b"muspeaker.phone_classifeir."))
    with pytest.raises(_core.ModelFileError, match="31 tensors that the model does not know"):
        _core.Synthesizer(str(path), 1)
    path.write_bytes(whole.replace(b"phone_classifier.log_prior", b"phone_classifier.log_proir"))
    with pytest.raises(_core.ModelFileError, match=r"no tensor phone_classifier\.log_prior"):
        _core.Synthesizer(str(path), 1)


def test_a_q8_file_has_it_in_f16(model_file):
    _, tensors = read(model_file(tiny_model(config=CONFIG), "q8"))
    kinds = {n: x.dtype for n, x in tensors.items() if n.startswith("phone_classifier.")}
    assert kinds.pop("phone_classifier.log_prior") == np.float32
    assert {kinds[n] for n in kinds if "norm" in n or n.endswith("bias")} == {np.dtype("f4")}
    weights = {n for n in kinds if "norm" not in n and n.endswith("weight")}
    assert {kinds[n] for n in weights} == {np.dtype("f2")}
    assert len(weights) == 2 + 2 * len(SIZES.dilations)


def test_lite_with_its_classifier_has_at_most_9_million():
    with torch.device("meta"):
        model = MuSpeaker(replace(lite(), phone_classifier=PhoneClassifierConfig()))
    classifier = model.phone_classifier
    assert sum(x.numel() for x in classifier.parameters()) == 310_510
    buffers = classifier.log_prior.numel()
    assert sum(x.numel() for x in model.parameters()) + buffers <= 9e6
