"""PhoneClassifier in C++ against PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("gguf")

from muspeaker import _core
from muspeaker._core import probe
from muspeaker.twin.dsp.normalized_mel import normalized_mel
from muspeaker.twin.model.phone_classifier import LEAST, PRIOR_POWER
from tests.closeness import CEILING, squared_error
from tests.model_reader import load, read, without_header_sum
from tests.tiny_model import decided_model, tiny_config, tiny_model

pytestmark = pytest.mark.torch

CONFIG = tiny_config(classifier=True)
SIZES = CONFIG.phone_classifier
NUM_MELS, NUM_PHONES = CONFIG.audio.num_mels, len(CONFIG.symbols)


def mel_of(frames: int, num_mels: int = NUM_MELS) -> np.ndarray:
    """(frames, mels) float32, natural log; a corner of it too quiet to count."""
    mel = 3 * np.random.default_rng(frames).standard_normal((frames, num_mels), np.float32) - 4
    mel[: frames // 3, : num_mels // 2] -= 10
    return mel


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
    classifier, mel = load(path).phone_classifier, mel_of(70)
    logits = classifier(torch.from_numpy(normalized_mel(mel)).unsqueeze(0))[0]
    expected = classifier.phone_scores(logits).numpy()
    assert 0.01 < np.mean(expected == LEAST) < 0.9
    actual = probe.phone_scores(probe.Model(str(path)), mel)
    assert actual.shape == (70, NUM_PHONES)
    # Weights that an int8 file keeps in 16 bits are multiplied as integers of 16 and 14 bits.
    np.testing.assert_allclose(actual, expected, atol=2e-2 if weight_type == "q8" else 1e-4)


def test_scores_are_log_probabilities_less_the_prior(model_file):
    model = tiny_model(3, CONFIG)
    scores = probe.phone_scores(probe.Model(str(model_file(model))), mel_of(9))
    posterior = np.exp(scores + PRIOR_POWER * model.phone_classifier.log_prior.numpy())
    np.testing.assert_allclose(posterior.sum(1), 1, atol=1e-4)


def test_half_a_classifier_is_refused(model_file):
    path = model_file(tiny_model(config=CONFIG))
    whole = without_header_sum(path.read_bytes())
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
