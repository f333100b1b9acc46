"""Which clips travel to a borrowed machine."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from typing import TYPE_CHECKING

from muspeaker.train.corpus.cache import Cache, Clip
from tools.lease import choice, corpus, pack

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.torch

HOP, RATE_HZ, FRAMES = 256, 22050, 40


@pytest.fixture
def prepared(tmp_path: Path) -> Cache:
    """Eight clips, each with a copy at another speed."""
    clips = [
        Clip(f"c{number}{suffix}", "made_up", "anna" + suffix, "", "", RATE_HZ / 2, speed,
             FRAMES * (2 * number + (speed != 1.0)), FRAMES)
        for number in range(8)
        for speed, suffix in ((1.0, ""), (0.8, "@0.8"))
    ]  # fmt: skip
    (tmp_path / "index.json").write_text(json.dumps([asdict(clip) for clip in clips]))
    np.save(tmp_path / "audio.npy", np.zeros(len(clips) * FRAMES * HOP, np.int16))
    np.save(tmp_path / "f0.npy", np.zeros(len(clips) * FRAMES, np.float32))
    return Cache(tmp_path)


def test_all_travel_unless_a_source_has_its_hours(prepared):
    whole = choice.choose(prepared, {})
    assert whole == list(range(len(prepared.clips)))
    half = 4.5 * FRAMES * HOP / RATE_HZ / 3600
    some = choice.choose(prepared, {"made_up": half})
    assert len(some) == 8  # four clips and their copies
    copy_of = corpus.sources(prepared.clips)
    assert all(copy_of[number] in some for number in some if number in copy_of)


def test_what_cannot_be_meant_is_refused(prepared, tmp_path):
    with pytest.raises(ValueError, match="has no source nobody"):
        choice.choose(prepared, {"nobody": 1.0})
    with pytest.raises(ValueError, match="no clip is left"):
        choice.choose(prepared, {"made_up": 0.0})
    with pytest.raises(ValueError, match="expected SOURCE=HOURS"):
        pack.main([str(prepared.folder), "--out", str(tmp_path / "out"), "--hours", "made_up"])
