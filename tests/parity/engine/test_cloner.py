"""Cloner against PyTorch: prompts to voices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("gguf")
pytest.importorskip("numba")

from muspeaker import _core
from muspeaker._core import probe
from muspeaker.twin.dsp.fbank import kaldi_fbank, remove_time_mean
from muspeaker.twin.dsp.heard_phones import heard_phones
from muspeaker.twin.engine.acoustic_pass import AcousticPass
from muspeaker.twin.engine.cloner import Cloner, scale_to_unit_rms
from muspeaker.twin.engine.listener import Listener, Recording
from tests.closeness import CEILING, squared_error
from tests.model_reader import load
from tests.padding import normal
from tests.tiny_model import decided_model, tiny_model

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.torch


@pytest.mark.parametrize("weight_type", ["f32", "q8"])
@pytest.mark.parametrize(
    ("classifier", "plain"),
    [(False, False), (True, False), (True, True)],
    ids=["moments", "map", "plain map"],
)
def test_clone(model_file, weight_type, generated_audio, classifier, plain):
    path = model_file(decided_model() if classifier else tiny_model(6), weight_type)
    model = load(path)
    samples, samples_16k = (
        sound * np.linspace(0.02, 1, len(sound), dtype=np.float32)  # its energy is heard too
        for sound in (generated_audio(22050, 1.3), generated_audio(16000, 1.3))
    )
    audio = model.config.audio
    f0 = probe.track_pitch(samples, audio.sample_rate, audio.hop_samples)
    listener = Listener(model)
    prompt = listener.measure(*(torch.from_numpy(x).unsqueeze(0) for x in (samples, f0)))
    fbank = kaldi_fbank(
        torch.from_numpy(samples_16k).unsqueeze(0), model.config.timbre_encoder.num_fbanks
    )
    if classifier:
        heard, _ = heard_phones(listener.phone_logits(prompt.mel).numpy())
        assert len(set(heard.tolist())) > 3
    voice = Cloner(model, listener, AcousticPass(model)).clone(
        prompt, remove_time_mean(fbank), plain=plain
    )
    timbre, style = (x[0].numpy() for x in voice[:2])
    assert len(timbre) == model.config.voice_size
    actual_timbre, actual_style = _core.Synthesizer(str(path), 1).clone(
        samples, samples_16k, plain=plain
    )
    assert squared_error(actual_style, style) < CEILING["f32"]
    size = model.config.timbre_size
    assert squared_error(actual_timbre[:size], timbre[:size]) < CEILING["f32"]
    if classifier:
        assert squared_error(actual_timbre[size:], timbre[size:]) < CEILING[weight_type]


def test_a_prompt_is_said_again_on_its_own_frames():
    """Its F0 and energy are in what is said, and so is the timbre."""
    model = decided_model()
    cloner = Cloner(model, Listener(model), AcousticPass(model))
    config, frames = model.config, 40
    prompt = Recording(
        normal(1, config.audio.num_mels, frames),
        torch.full((1, frames), 120.0),
        normal(1, frames),
        torch.zeros(1, 0, dtype=torch.long),
    )
    timbre = normal(1, config.timbre_size)
    spoken = cloner.speak_again(prompt, timbre)
    assert spoken.shape == prompt.mel.shape
    for other in (
        cloner.speak_again(prompt._replace(f0=2 * prompt.f0), timbre),
        cloner.speak_again(prompt._replace(energy=prompt.energy + 1), timbre),
        cloner.speak_again(prompt, -timbre),
    ):
        assert (other - spoken).abs().max() > 0.01


def test_scaled_timbres_have_the_length_of_the_root_of_their_size():
    timbre = scale_to_unit_rms(normal(3, 15))
    torch.testing.assert_close(timbre.norm(dim=1), torch.full((3,), 15**0.5))


def test_a_model_that_hears_no_phones_cannot_say_a_prompt_again():
    model = tiny_model()
    prompt = Listener(model).measure(torch.zeros(1, 4096), torch.zeros(1, 16))
    with pytest.raises(ValueError, match="this model has no phone classifier"):
        Cloner(model, Listener(model), AcousticPass(model)).speak_again(prompt, normal(1, 55))


@pytest.fixture
def synthesizer(model_file: Callable[..., Path]) -> Callable[..., _core.Synthesizer]:
    """A function of a weight type and a number of threads."""
    return lambda weight_type="f32", threads=1: _core.Synthesizer(
        str(model_file(tiny_model(), weight_type)), threads
    )


@pytest.mark.parametrize(
    ("samples", "samples_16k", "message"),
    [
        (np.ones(300), np.ones(16000), "samples must hold at least"),
        (np.ones(22050), np.ones(1600), "samples_16k must hold at least 1680 samples, got 1600"),
        (np.ones(22050 * 61), np.ones(16000), "samples must hold at most 1323000"),
        (np.full(22050, np.nan), np.ones(16000), "samples must be finite"),
        (np.full(22050, 1e20), np.ones(16000), "samples must be from -1 to 1, got a sample over"),
        (np.ones(22050), np.full(16000, np.inf), "samples_16k must be finite"),
        (np.ones((22050, 1)), np.ones(16000), "samples must have 1 axes, got 2"),
    ],
)
def test_bad_prompts_are_refused(synthesizer, samples, samples_16k, message):
    with pytest.raises(ValueError, match=message):
        synthesizer().clone(samples, samples_16k)
