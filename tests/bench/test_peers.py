"""Others on the same machine in the same run, at one thread."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from muspeaker.twin.dsp.mel_correction import correct_levels
from muspeaker.twin.engine.acoustic_pass import AcousticPass
from tests.bench import peers
from tests.bench.conftest import TEXT
from tests.bench.models import folded_model

if TYPE_CHECKING:
    from collections.abc import Callable


def compare(speaking: Callable[..., Any], name: str, peer: peers.Peer) -> None:
    figures = speaking(peer.speak, kind="peer", name=name, num_threads=1, detail=peer.detail)
    assert figures["audio_seconds"] > 1


def test_twin_in_pytorch(speaking: Callable[..., Any]) -> None:
    compare(speaking, "twin_pytorch", peers.Eager("lite"))


@pytest.mark.parametrize("kind", ["f32", "int8"])
def test_twin_in_onnx_runtime(speaking: Callable[..., Any], kind: str) -> None:
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    peer = peers.Onnx("base", int8=kind == "int8")
    if kind == "f32":
        require_same_speech(peer)
    compare(speaking, f"base_onnx_{kind}", peer)


def require_same_speech(peer: peers.Onnx) -> None:
    """The three graphs say what the modules say: else their speed means nothing."""
    model = folded_model("base")
    speaking_pass, voice = AcousticPass(model), peers.random_voice(model)
    sentence = peers.sentences_of(model, TEXT)[0]
    latent = torch.zeros(1, len(sentence.phones), model.config.mel_encoder.latent)
    with torch.inference_mode():
        e_con = speaking_pass.encode(peers.ids_of(sentence), latent)
        durations = speaking_pass.predict_durations(e_con, voice)
        melody = speaking_pass.shape_melody(e_con, durations, voice)
        mel = speaking_pass.decode(e_con, durations, melody, voice.vector)
        mel = speaking_pass.match(mel, voice)
        phase = model.vocoder.integrate_phase(melody.f0)
        noise = torch.randn(phase.shape, generator=torch.Generator().manual_seed(0))
        samples = model.vocoder(mel, melody.f0, phase, noise)
        expected = correct_levels(samples, mel, model.config.vocoder, model.config.audio).numpy()
    actual = peer.samples_of(sentence, latent.numpy(), noise.numpy())
    assert np.square(actual - expected).mean() < 1e-4 * np.square(expected).mean()


def test_pocket_tts(speaking: Callable[..., Any]) -> None:
    pytest.importorskip("pocket_tts")
    compare(speaking, "pocket_tts", peers.Pocket())


def test_hibari(speaking: Callable[..., Any]) -> None:
    pytest.importorskip("hibari")
    compare(speaking, "hibari", peers.Hibari())


def test_piper(speaking: Callable[..., Any]) -> None:
    pytest.importorskip("piper")
    if not os.environ.get(peers.PIPER_VOICE):
        pytest.skip(f"{peers.PIPER_VOICE} names no voice file")
    compare(speaking, "piper", peers.Piper())
