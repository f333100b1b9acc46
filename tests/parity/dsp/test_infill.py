"""Infilling: C++ against PyTorch, and what becomes of the joins."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from muspeaker._core import probe
from muspeaker.twin.dsp import infill as twin
from tests.closeness import CEILING, squared_error

pytestmark = pytest.mark.torch

NEW = twin.NEW
WIDTH = 5
# One new token at the start, two in the middle, one between the same frames, one at the end.
ORIGINS = np.array([NEW, 0, 1, NEW, NEW, 3, NEW, 4, NEW], np.int32)
DURATIONS = np.array([7, 9, 12, 20, 0, 14, 30, 3, 5], np.int32)
HEARD = np.array([9, 12, 11, 14, 3], np.int32)


def random_frames(seed: int, frames: int) -> np.ndarray:
    """(frames, width) float32."""
    return np.random.default_rng(seed).standard_normal((frames, WIDTH), np.float32)


def rows(frames: np.ndarray) -> torch.Tensor:
    """(frames, width) to (1, width, frames)."""
    return torch.from_numpy(frames.T.copy()).unsqueeze(0)


def frames_of() -> np.ndarray:
    return probe.frame_origins(DURATIONS, ORIGINS, HEARD)


def voiced(seed: int, frames: int) -> np.ndarray:
    """F0 with every third run of five frames unvoiced, (frames,) float32."""
    rng = np.random.default_rng(seed)
    f0 = 120 * np.exp(0.1 * rng.standard_normal(frames))
    return np.where(np.arange(frames) // 5 % 3 == seed % 3, 0, f0).astype(np.float32)


def test_frame_origins():
    expected = twin.frame_origins(
        *(torch.from_numpy(x).long() for x in (DURATIONS, ORIGINS, HEARD))
    )
    frames = frames_of()
    np.testing.assert_array_equal(frames, expected.numpy())
    assert len(frames) == DURATIONS.sum()
    np.testing.assert_array_equal(frames[7:28], np.arange(21))
    np.testing.assert_array_equal(frames[48:62], np.arange(32, 46))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_against_pytorch(seed):
    frames, recorded = frames_of(), random_frames(seed, HEARD.sum())
    spoken = random_frames(seed + 10, len(frames))
    places = torch.from_numpy(frames).long()
    expected = twin.infill(rows(spoken), rows(recorded), places)
    filled = probe.infill(spoken, recorded, frames)
    assert squared_error(filled, expected[0].numpy().T) < CEILING["f32"]
    lifted = twin.lift_to_background(rows(spoken), rows(recorded), places)
    np.testing.assert_array_equal(
        probe.lift_to_background(spoken, recorded, frames), lifted[0].numpy().T
    )
    own, other = voiced(seed, HEARD.sum()), voiced(seed + 1, len(frames))
    expected = twin.infill_f0(*(torch.from_numpy(x).unsqueeze(0) for x in (other, own)), places)
    assert squared_error(probe.infill_f0(other, own, frames), expected[0].numpy()) < CEILING["f32"]


def test_the_recording_stays_as_it_is():
    frames, recorded = frames_of(), random_frames(3, HEARD.sum())
    kept = frames != NEW
    for fill in (probe.infill, probe.lift_to_background):
        spoken = random_frames(4, len(frames))
        filled = fill(spoken, recorded, frames)
        own = recorded[frames[kept]] if fill is probe.infill else spoken[kept]
        np.testing.assert_array_equal(filled[kept], own)
        assert not np.array_equal(filled[~kept], spoken[~kept])


def test_a_gap_begins_and_ends_as_the_recording_does():
    """What was spoken is two lower than the recording: the step is gone, and the middle is as spoken."""
    frames = np.concatenate([np.arange(10), np.full(60, NEW), np.arange(10, 20)]).astype(np.int32)
    recorded, spoken = np.full((20, 1), 5.0, np.float32), np.full((80, 1), 3.0, np.float32)
    filled = probe.infill(spoken, recorded, frames)[:, 0]
    assert np.abs(np.diff(filled)).max() < 1.0
    assert filled[40] == pytest.approx(3.0, abs=0.01)


def test_f0_has_no_step_and_an_octave_is_no_step():
    frames = np.concatenate([np.arange(10), np.full(80, NEW), np.arange(10, 20)]).astype(np.int32)
    spoken = np.full(100, 100.0, np.float32)
    for recorded_hz, begins_at in ((130.0, 127.0), (200.0, 100.0)):
        recorded = np.full(20, recorded_hz, np.float32)
        filled = probe.infill_f0(spoken, recorded, frames)
        assert filled[10] == pytest.approx(begins_at, abs=2.0)
        assert filled[50] == pytest.approx(100.0, abs=2.0)
    recorded = np.full(20, 130.0, np.float32)
    recorded[5:] = 0.0  # the join is unvoiced
    assert probe.infill_f0(spoken, recorded, frames)[10] == pytest.approx(127.0, abs=2.0)
    recorded[:] = 0.0
    np.testing.assert_array_equal(probe.infill_f0(spoken, recorded, frames)[10:90], spoken[10:90])


def test_a_gap_is_never_below_the_background():
    recorded = np.repeat(np.array([[-8.0], [0.0]], np.float32), 20, axis=0)
    mel = np.full((3, 1), -11.0, np.float32)
    lifted = probe.lift_to_background(mel, recorded, np.array([0, NEW, 1], np.int32))
    np.testing.assert_array_equal(lifted[:, 0], [-11.0, -8.0, -11.0])
