"""Others on the same machine in the same run, at one thread."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from muspeaker.config import lite
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
    if lite().vocoder.kind == "spectral":
        pytest.skip(
            "PyTorch exports no frames of a signal of any length, of which spectra are made"
        )
    peer = peers.Onnx("lite", int8=kind == "int8")
    if kind == "f32":
        require_same_speech(peer)
    compare(speaking, f"twin_onnx_{kind}", peer)


def require_same_speech(peer: peers.Onnx) -> None:
    """The three graphs say what the module says: else their speed means nothing."""
    model = folded_model("lite")
    sentence = peers.sentences_of(model, TEXT)[0]
    prompt = peers.random_prompt(model)
    latent = torch.zeros(1, len(sentence.phones), model.config.mel_encoder.latent)
    with torch.inference_mode():
        expected = model(*peers.ids_of(sentence), prompt.timbre, prompt.e_sty, latent, seed=0)
    noise = torch.randn(
        expected.samples.shape, generator=torch.Generator().manual_seed(0)
    )  # as MuSpeaker draws it
    actual = peer.samples_of(sentence, latent.numpy(), noise.numpy())
    error = np.square(actual - expected.samples.numpy()).mean()
    assert error < 1e-4 * np.square(expected.samples.numpy()).mean()


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
