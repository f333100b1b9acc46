"""Aligner in C++ against PyTorch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("gguf")

from muspeaker import _core
from muspeaker._core import probe
from muspeaker.twin.dsp.cepstra import cepstral_features
from tests.closeness import CEILING, squared_error
from tests.model_reader import load, read, without_header_sum
from tests.tiny_model import tiny_config, tiny_model

pytestmark = pytest.mark.torch


def mel_of(frames: int, num_mels: int) -> np.ndarray:
    """(mels, frames) float32."""
    return np.random.default_rng(frames).standard_normal((num_mels, frames), np.float32) - 4


@pytest.mark.parametrize(("tokens", "frames"), [(1, 1), (2, 5), (23, 90)])
@pytest.mark.parametrize("weight_type", ["f32", "f16", "q8"])
@pytest.mark.parametrize("num_threads", [1, 3])
def test_scores(model_file, weight_type, num_threads, tokens, frames):
    path = model_file(tiny_model(3), weight_type)
    model = load(path)
    config = model.config.aligner
    rng = np.random.default_rng(tokens)
    phones = rng.integers(0, len(model.config.symbols), tokens).astype(np.int32)
    features = cepstral_features(mel_of(frames, 20), config.num_cepstra)
    expected = model.aligner(
        torch.from_numpy(features).unsqueeze(0), torch.from_numpy(phones).long().unsqueeze(0)
    )[0].numpy()
    engine = probe.Model(str(path), num_threads)
    actual = probe.aligner(engine, features.T, phones).reshape(frames, tokens)
    assert squared_error(actual, expected) < CEILING["f32"]


def test_every_pause_sounds_the_same():
    aligner = tiny_model(3).aligner
    features = torch.from_numpy(cepstral_features(mel_of(9, 20), 7)).unsqueeze(0)
    scores = [aligner(features, torch.tensor([[6, pause, 9]])) for pause in (0, 1, 4)]
    for other in scores[1:]:
        torch.testing.assert_close(other, scores[0], rtol=0, atol=0)


def test_a_model_may_lack_its_aligner(model_file):
    config = replace(tiny_config(), aligner=None)
    path = model_file(tiny_model(config=config))
    header, tensors = read(path)
    assert not any(name.startswith("aligner") for name in [*header, *tensors])
    assert _core.Synthesizer(str(path), 1).num_parameters > 0
    with pytest.raises(ValueError, match="no phone classifier and no aligner"):
        probe.hear(probe.Model(str(path)), np.zeros(22050, np.float32), np.zeros(3, np.int32))


def test_half_an_aligner_is_refused(model_file):
    path = model_file(tiny_model())
    whole = without_header_sum(path.read_bytes())
    # Every tensor of it is there, and the header says nothing; and the other way round.
    for key in ("num_cepstra", "hidden", "kernel", "num_pauses"):
        name = f"muspeaker.aligner.{key}".encode()
        assert name in whole
    path.write_bytes(whole.replace(b"muspeaker.aligner.", b"muspeaker.alinger."))
    with pytest.raises(_core.ModelFileError, match="7 tensors that the model does not know"):
        _core.Synthesizer(str(path), 1)
    path.write_bytes(whole.replace(b"aligner.context.2.bias", b"alinger.context.2.bias"))
    with pytest.raises(_core.ModelFileError, match=r"no tensor aligner\.context\.2\.bias"):
        _core.Synthesizer(str(path), 1)
    path.write_bytes(whole.replace(b"muspeaker.aligner.kernel", b"muspeaker.aligner.cernel"))
    with pytest.raises(_core.ModelFileError, match=r"muspeaker\.aligner\.kernel is missing"):
        _core.Synthesizer(str(path), 1)
