"""Training without a part of the paper."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch

from muspeaker.train.corpus.acoustic_data import AcousticData
from muspeaker.train.corpus.cache import Cache
from muspeaker.train.corpus.timbres import timbre_vectors
from muspeaker.train.loop.checkpoint import load_checkpoint
from muspeaker.train.stages.student import StudentOptions
from tests.tiny_training import CONFIG
from tools.ablations import VARIANTS, train

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.tiny_training import Runs

pytestmark = pytest.mark.torch


@pytest.fixture
def options(runs: Runs, tmp_path: Path) -> StudentOptions:
    return StudentOptions(
        corpus=runs.corpus, out=tmp_path, steps=3, frames=300, vocoder=Path("none"),
        timbre=runs.root / "timbre" / "timbre.pt", teacher=runs.root / "teacher" / "teacher.pt",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "is_silent"),
    [
        ("no_timbre", lambda n: n.startswith("mel_decoder.") and n.endswith("linear.weight")),
        ("no_style", lambda n: "_predictor.attention.output." in n),
        ("paper", lambda _: False),
    ],
)
def test_a_part_left_out_says_nothing_and_the_rest_learns(
    name: str, is_silent: Callable[[str], bool], options: StudentOptions
) -> None:
    train(VARIANTS[name], options, CONFIG)
    state = load_checkpoint(options.out / "student.pt")
    assert state["step"] == 3
    before = load_checkpoint(options.teacher)["ema"]
    changed = 0
    for weights in (state["model"], state["ema"]):
        silent = [n for n in weights if is_silent(n)]
        assert (len(silent) >= 2) == (name != "paper")
        for parameter in weights:
            if parameter in silent:
                assert not weights[parameter].any(), parameter
            changed += not torch.equal(weights[parameter], before[parameter])
    assert changed > 100


def test_what_leaves_nothing_to_learn_is_refused(options: StudentOptions) -> None:
    with pytest.raises(ValueError, match="has weight 0"):
        train(VARIANTS["teachers"], options, CONFIG)  # the tiny corpus has recordings alone
    train(replace(VARIANTS["recordings"], sigma=0.0), options, CONFIG)
    with pytest.raises(ValueError, match="no parameter is called"):
        train(replace(VARIANTS["paper"], silenced=("ears.*",)), options, CONFIG)


def test_targets_are_those_that_are_kept(runs: Runs, options: StudentOptions) -> None:
    cache = Cache(runs.corpus, CONFIG.audio)
    timbres = timbre_vectors(cache, options.timbre, CONFIG)
    data = AcousticData(cache, timbres, CONFIG, 300, seed=0)
    speaker = cache.clips[min(data.items)].speaker
    data.keep(lambda clip: clip.speaker == speaker)
    plans = [plan for plan, _ in zip(data.plans(0), range(20), strict=False)]
    assert {cache.clips[i].speaker for plan in plans for i in plan.clips} == {speaker}
    data.keep(lambda _: True)
    plans = [plan for plan, _ in zip(data.plans(0), range(20), strict=False)]
    assert len({cache.clips[i].speaker for plan in plans for i in plan.clips}) > 1
