"""Steps for CUDA graphs, as far as a CPU can tell: few shapes, and nothing is asked of the device."""

from __future__ import annotations

from itertools import islice
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("numba")
pytest.importorskip("parselmouth")

from torch.utils._python_dispatch import TorchDispatchMode

from muspeaker.train import acoustic_trainer
from muspeaker.train.acoustic_trainer import AcousticTrainer, patch
from muspeaker.train.corpus import acoustic_data
from muspeaker.train.corpus.acoustic_data import AcousticData
from muspeaker.train.corpus.cache import Cache
from muspeaker.train.losses.acoustic import WEIGHTS
from muspeaker.train.losses.voice_judge import VoiceJudge
from muspeaker.train.stages import teacher, vocoder
from muspeaker.train.stages.teacher import TeacherOptions
from muspeaker.train.stages.vocoder import Segments, VocoderOptions, VocoderTrainer
from muspeaker.twin.model.timbre_encoder import TimbreEncoder
from tests.tiny_training import CONFIG

pytestmark = pytest.mark.torch

GRID, FRAMES = 24, 400
ASKS = ("_local_scalar_dense", "nonzero", "masked_select", "unique")


class Asked(TorchDispatchMode):
    """Notes what a GPU could only answer by waiting; optimizers aside, whose steps a CPU has in another form."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> torch.Tensor:
        if any(name in str(func) for name in ASKS):
            self.found.append(str(func))
        result: torch.Tensor = func(*args, **(kwargs or {}))
        return result


@pytest.fixture
def data(runs, monkeypatch) -> AcousticData:
    monkeypatch.setattr(acoustic_data, "EVEN_SHORTEST", 32)
    cache = Cache(runs.corpus)
    timbres = np.zeros((len(cache.clips), CONFIG.timbre_encoder.embedding), np.float32)
    return AcousticData(cache, timbres, CONFIG, FRAMES, 0, GRID)


def test_few_shapes(data):
    shapes: dict[int, set[tuple[tuple[int, ...], ...]]] = {}
    for plan in islice(data.plans(0), 12):
        batch = data.collate(plan, slice(None))
        frames = batch["mel"].shape[2]
        assert frames % GRID == 0
        assert int(batch["shortest"]) <= int(batch["frame_mask"].sum(1).min())
        known = shapes.setdefault(frames, set())
        known.add(tuple(tuple(value.shape) for _, value in sorted(batch.items())))
    assert shapes
    assert all(len(known) == 1 for known in shapes.values())


def test_a_patch_is_the_same_by_number_and_by_tensor():
    x = torch.arange(60.0).view(1, 2, 30)
    for place in (0.0, 0.37, 0.999):
        batch = {"place": torch.tensor(place), "shortest": torch.tensor(26)}
        asked, recorded = (patch(x, batch, 7, recorded=way) for way in (False, True))
        assert torch.equal(asked, recorded)
        assert asked.shape == (1, 2, 7)


def test_an_acoustic_step_asks_nothing(data, runs, tmp_path, monkeypatch):
    monkeypatch.setattr(acoustic_trainer, "judged_frames", lambda _audio: 24)
    options = TeacherOptions(corpus=runs.corpus, out=tmp_path, steps=4, graphs=True, patch_frames=24,
                             optimizer="muon", vocoder=tmp_path / "none")  # fmt: skip
    judge = VoiceJudge(
        TimbreEncoder(CONFIG.timbre_encoder),
        np.zeros((CONFIG.audio.num_mels + 1, CONFIG.timbre_encoder.num_fbanks), np.float32),
        CONFIG.audio,
    )
    weights = WEIGHTS | {"perceptual": 0.1, "contrastive": 0.1}
    trainer = type("Trainer", (AcousticTrainer,), {"file": "teacher"})(
        CONFIG, options, data, weights, judge
    )
    monkeypatch.setattr(torch.optim.AdamW, "step", lambda _self: None)
    batch = data.collate(next(iter(data.plans(0))), slice(None))
    trainer.train_step(batch, 1.0)
    with Asked() as asked:
        losses = trainer.train_step(batch, 1.0)
    assert {"adversarial", "contrastive", "discriminator"} <= losses.keys()
    assert not asked.found


def test_a_vocoder_step_asks_nothing(runs, tmp_path, monkeypatch):
    options = VocoderOptions(corpus=runs.corpus, out=tmp_path, steps=4, graphs=True, frames=24, batch=2,
                             period_width=2, resolution_width=2, resolutions=3)  # fmt: skip
    segments = Segments(Cache(runs.corpus), 2, 24, None, 0)
    trainer = VocoderTrainer(CONFIG, options, segments)
    monkeypatch.setattr(torch.optim.AdamW, "step", lambda _self: None)
    batch = segments.collate(next(iter(segments.plans(0))), slice(None))
    trainer.train_step(batch, 1.0)
    with Asked() as asked:
        losses = trainer.train_step(batch, 1.0)
    assert "adversarial" in losses
    assert not asked.found


@pytest.mark.parametrize(
    ("stage", "words", "reason"),
    [
        (teacher, ["--graphs"], "--graphs needs --grid"),
        (
            teacher,
            ["--graphs", "--grid", "24", "--patch-frames", "500"],
            "--patch-frames of at most",
        ),
        (vocoder, ["--graphs", "--scales", "2"], "--graphs needs --scales 5"),
        (vocoder, ["--resolutions", "4"], "--resolutions must be 1 to 3, got 4"),
        (vocoder, ["--graphs", "--frames", "24"], "--graphs needs one process on a GPU"),
    ],
)
def test_what_cannot_be_recorded_is_refused(runs, tmp_path, stage, words, reason):
    if torch.cuda.is_available():
        pytest.skip("needs a machine without a GPU")
    with pytest.raises(ValueError, match=reason):
        stage.main([str(runs.corpus), "--out", str(tmp_path), "--steps", "1", *words], CONFIG)
