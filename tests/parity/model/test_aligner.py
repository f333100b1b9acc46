"""Aligner in C++ against PyTorch, and the path through its scores against numba's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("gguf")
pytest.importorskip("numba")

from muspeaker import _core
from muspeaker._core import probe
from muspeaker.config import AlignerConfig, lite
from muspeaker.twin.dsp.best_path import best_path, states_of
from muspeaker.twin.dsp.cepstra import cepstral_features
from muspeaker.twin.model.muspeaker import MuSpeaker
from tests.closeness import CEILING, squared_error
from tests.model_reader import load, read
from tests.tiny_model import tiny_config, tiny_model

pytestmark = pytest.mark.torch


def mel_of(frames: int, num_mels: int) -> np.ndarray:
    """(mels, frames) float32."""
    return np.random.default_rng(frames).standard_normal((num_mels, frames), np.float32) - 4


@pytest.mark.parametrize("frames", [1, 3, 90])
@pytest.mark.parametrize(("num_mels", "num_cepstra"), [(80, 16), (20, 7)])
def test_cepstral_features(frames, num_mels, num_cepstra):
    mel = mel_of(frames, num_mels)
    expected = cepstral_features(mel, num_cepstra)
    actual = probe.cepstral_features(mel.T, num_cepstra)
    np.testing.assert_allclose(actual, expected.T, atol=1e-5)


def test_no_frame_has_no_cepstra():
    with pytest.raises(ValueError, match="cepstra need at least one frame"):
        probe.cepstral_features(np.zeros((0, 80), np.float32), 16)


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
    for count in (frames, tokens):
        states = states_of(phones, count, config.num_pauses)
        np.testing.assert_array_equal(probe.states_of(phones, count, config.num_pauses), states)


@pytest.mark.parametrize(("tokens", "frames"), [(1, 1), (1, 9), (6, 6), (30, 200)])
def test_best_path(tokens, frames):
    rng = np.random.default_rng(tokens + frames)
    scores = rng.standard_normal((frames, tokens), np.float32)
    states = np.sort(rng.integers(0, tokens, frames - tokens).astype(np.int64) // 2)
    states = np.sort(np.concatenate([np.arange(tokens), states[: tokens // 2]]))
    in_states = best_path(np.ascontiguousarray(scores[:, states]))
    expected = np.bincount(states, in_states, tokens)
    np.testing.assert_array_equal(probe.best_path(scores, states.astype(np.int32)), expected)


def test_more_states_than_frames_are_refused():
    scores = np.zeros((3, 4), np.float32)
    with pytest.raises(ValueError, match="a path needs 1 to 3 states, got 4"):
        probe.best_path(scores, np.arange(4, dtype=np.int32))
    with pytest.raises(ValueError, match="a path needs 1 to 3 states, got 0"):
        probe.best_path(scores, np.arange(0, dtype=np.int32))


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
    whole = path.read_bytes()
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


def test_lite_with_its_aligner_has_at_most_9_million():
    with torch.device("meta"):
        model = MuSpeaker(replace(lite(), aligner=AlignerConfig()))
    assert sum(x.numel() for x in model.aligner.parameters()) < 0.1e6
    assert sum(x.numel() for x in model.parameters()) <= 9e6
