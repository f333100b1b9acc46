"""The trained weights in all three types: the same call loads them, and int8 stays close to float.

Reads the snapshots of all stages in `checkpoints/`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import muspeaker
from muspeaker import _core
from muspeaker.config import lite
from muspeaker.text.normalize import normalize
from muspeaker.text.phonemize import tokens
from muspeaker.train.convert_weights import convert
from muspeaker.train.stages.export import join
from muspeaker.train.stages.snapshot import restore

pytestmark = pytest.mark.torch

CHECKPOINTS = Path(__file__).parents[2] / "checkpoints"
CLOSE = 0.06  # mean absolute difference of natural-log mel; nobody hears it (docs/results.md: int8 against float)
MOVED = 0.05  # share of phones that may last a frame more or less, where rounding turns
SENTENCES = (
    "The birch canoe slid on the smooth planks.",
    "Glue the sheet to the dark blue background.",
    "It is easy to tell the depth of a well.",
    "These days a chicken leg is a rare dish.",
    "Rice is often served in round bowls.",
    "The juice of lemons makes fine punch.",
    "The box was thrown beside the parked truck.",
    "The hogs were fed chopped corn and garbage.",
    "Four hours of steady work faced us.",
    "A large size in stockings is hard to sell.",
)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("weights")
    restore(CHECKPOINTS, folder)
    parts = (folder / stage / f"{stage}.pt" for stage in ("timbre", "student", "vocoder"))
    checkpoint = join(lite(), *parts, realign=folder / "realign" / "realign.pt")
    paths = {kind: folder / f"{kind}.bin" for kind in ("f32", "f16", "q8")}
    for kind, path in paths.items():
        convert(checkpoint, path, kind)
    return paths


def speak(path: Path) -> list[dict[str, np.ndarray]]:
    engine = _core.Synthesizer(str(path), 1)
    voice = muspeaker.Voice.builtin()
    spoken = []
    for number, sentence in enumerate(SENTENCES):
        t = tokens(normalize(sentence), "en-us", lite().symbols)
        random = np.random.default_rng(number)
        latent = random.standard_normal((len(t.phones), lite().mel_encoder.latent))
        noise = random.standard_normal(lite().audio.sample_rate * 15)
        latent, noise = (0.667 * latent).astype(np.float32), noise.astype(np.float32)
        stages = _core.probe.synthesize_stages(
            engine, t.ids, voice.vector, voice.style, latent, noise
        )
        spoken.append(stages)
    return spoken


@pytest.mark.parametrize("kind", ["f16", "q8"])
def test_mel_of_ten_sentences_is_close_to_float(files: dict[str, Path], kind: str) -> None:
    distances, moved = [], []
    for expected, actual in zip(speak(files["f32"]), speak(files[kind]), strict=True):
        moved.append(np.abs(expected["durations"] - actual["durations"]))
        if not moved[-1].any():
            distances.append(float(np.abs(expected["mel"] - actual["mel"]).mean()))
    frames = np.concatenate(moved)
    assert frames.max() <= 1
    assert (frames > 0).mean() <= MOVED
    assert len(distances) >= len(SENTENCES) / 2
    assert max(distances) <= CLOSE
