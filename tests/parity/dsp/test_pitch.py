"""The engine's pitch tracker against Praat's, which prepared the training speech."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("parselmouth")

from muspeaker._core import probe
from muspeaker.config import AudioConfig
from muspeaker.train.corpus.clip import track_f0

pytestmark = pytest.mark.torch

AUDIO = AudioConfig()


def test_tracker_agrees_with_praat(speech):
    samples = speech(AUDIO.sample_rate)
    samples = samples[: len(samples) // AUDIO.hop_samples * AUDIO.hop_samples]
    expected = track_f0(samples, AUDIO)
    actual = probe.track_pitch(samples, AUDIO.sample_rate, AUDIO.hop_samples)
    assert actual.shape == expected.shape
    assert 0.2 < np.mean(expected > 0) < 0.9
    assert np.mean((actual > 0) == (expected > 0)) > 0.95
    both = (actual > 0) & (expected > 0)
    semitones = np.abs(12 * np.log2(actual[both] / expected[both]))
    assert np.median(semitones) < 0.05
    assert np.mean(semitones < 0.5) > 0.97
