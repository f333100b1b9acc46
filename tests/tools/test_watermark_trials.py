"""Trials of the watermark: each change keeps it, and recordings without it are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import muspeaker
from tools.watermark_trials import CHANGES, RATE_HZ, joined, marked_scores, real_scores

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def speech() -> dict[bool, muspeaker.Audio]:
    tts = muspeaker.load(num_threads=1)
    text = "The birch canoe slid on the smooth planks, as it did on the day before that."
    return {marked: tts.synthesize(text, watermark=marked) for marked in (True, False)}


def test_changes_keep_the_mark(speech: dict[bool, muspeaker.Audio], tmp_path: Path) -> None:
    speech[True].save(tmp_path / "a.wav")
    scores = marked_scores([tmp_path], list(CHANGES))
    assert list(scores) == list(CHANGES)
    assert all(score > 7 for (score,) in scores.values())
    assert max(scores.values()) == scores["nothing"] or len({s for (s,) in scores.values()}) > 4


def test_changes_keep_the_length(speech: dict[bool, muspeaker.Audio]) -> None:
    samples = speech[False].samples
    lengths = {name: len(change(samples)) / len(samples) for name, change in CHANGES.items()}
    assert lengths.pop("speed 1.02") == pytest.approx(1 / 1.02, abs=0.001)
    assert lengths.pop("a cut to 3 s") == pytest.approx(3 * RATE_HZ / len(samples))
    assert all(length == pytest.approx(1, abs=0.05) for length in lengths.values())


def test_real_speech_has_no_mark(speech: dict[bool, muspeaker.Audio], tmp_path: Path) -> None:
    speech[False].save(tmp_path / "a.wav")
    (tmp_path / "manifest.tsv").write_text("id\tpath\n" + "a\ta.wav\n" * 5)
    scores = np.array(real_scores(joined([tmp_path / "manifest.tsv"]), keys=3))
    assert scores.shape[0] > 3
    assert scores.shape[1] == 4
    assert 2 < scores.min() <= scores.max() < 6
