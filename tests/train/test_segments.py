"""Cuts of the corpus for the vocoder: from real mels, predicted ones, or some of each."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("numba")
pytest.importorskip("parselmouth")

from muspeaker.train.corpus.cache import Cache
from muspeaker.train.stages import vocoder
from muspeaker.train.stages.vocoder import Segments
from tests.tiny_training import CONFIG

pytestmark = pytest.mark.torch

SIZE, FRAMES = 6, 10


@pytest.fixture
def cache(runs) -> Cache:
    return Cache(runs.corpus)


def marked(cache: Cache, lacking: int = 0) -> np.ndarray:
    """Mels that are all 7, not a number in the first clips."""
    mel = np.full(cache.mel.shape, 7, np.float16)
    for clip in cache.clips[:lacking]:
        mel[clip.span] = np.nan
    return mel


def predicted(source: Segments, batches: int) -> tuple[list[bool], list[int]]:
    """Which cuts are spoken from marked mels, and from which clips all are."""
    found, clips = [], []
    for plan in islice(source.plans(0), batches):
        mel = source.collate(plan, slice(None))["mel"]
        found += (mel == 7).all(2).all(1).tolist()
        clips += plan.clips
    return found, clips


def segments(cache: Cache, mel: np.ndarray, share: float = 1.0) -> Segments:
    """Small batches."""
    return Segments(cache, SIZE, FRAMES, mel, 0, share)


def test_a_share_of_the_cuts_is_predicted(cache):
    found, _ = predicted(segments(cache, marked(cache), 0.3), 60)
    assert 0.2 < np.mean(found) < 0.4
    assert all(predicted(segments(cache, marked(cache)), 5)[0])
    assert not any(predicted(segments(cache, marked(cache), 0.0), 5)[0])


def test_clips_without_a_prediction_are_left_out_or_spoken_from_their_own_mel(cache):
    lacking = len(cache.clips) // 2
    found, clips = predicted(segments(cache, marked(cache, lacking)), 20)
    assert all(found)
    assert min(clips) >= lacking
    found, clips = predicted(segments(cache, marked(cache, lacking), 0.9), 20)
    assert min(clips) < lacking
    assert not any(f for f, clip in zip(found, clips, strict=True) if clip < lacking)
    assert any(found)


def test_mels_of_another_corpus_are_refused(cache):
    with pytest.raises(ValueError, match=r"the mels are \(5, 80\), the corpus is \(\d+, 80\)"):
        segments(cache, np.zeros((5, 80), np.float16))


@pytest.mark.parametrize(("option", "value"), [("scales", 0), ("scales", 6), ("corrections", -1)])
def test_counts_out_of_range_are_refused(runs, option, value):
    with pytest.raises(ValueError, match=f"--{option} must .*got {value}"):
        vocoder.main([str(runs.corpus), f"--{option}={value}"], CONFIG)


def test_a_share_is_from_0_to_1(runs):
    with pytest.raises(ValueError, match=r"--mel-share must be from 0 to 1, got 1\.5"):
        vocoder.main([*runs.arguments("vocoder"), "--mel-share", "1.5"], CONFIG)
