"""Speech put into a recording: what stays, and no click where it is joined."""

from __future__ import annotations

import numpy as np
import pytest

from muspeaker.sound.splice import FADE_SECONDS, Gap, Spliced, splice
from tests.conftest import speech_like

RATE_HZ = 24000
FADE = round(FADE_SECONDS * RATE_HZ)
GAPS = [Gap(0.5, 0.8, 0.5, 1.1), Gap(1.2, 1.2, 1.5, 1.7), Gap(1.6, 1.9, 2.1, 2.1)]


def voiced(seconds: float, phase: float = 0.0, f0_hz: float = 120.0) -> np.ndarray:
    """A steady vowel, (samples,) float32."""
    time = np.arange(round(RATE_HZ * seconds)) / RATE_HZ
    waves = [np.cos(2 * np.pi * k * f0_hz * time + k * phase) / k for k in range(1, 20)]
    return (0.1 * sum(waves)).astype(np.float32)


def spliced(recorded: np.ndarray, spoken: np.ndarray, gaps: list[Gap]) -> Spliced:
    wide = recorded if recorded.ndim == 2 else recorded[:, None]
    return splice(wide, wide.mean(axis=1, dtype=np.float64), spoken, gaps, RATE_HZ)


def steepest(samples: np.ndarray) -> float:
    return float(np.abs(np.diff(samples)).max())


def test_the_rest_is_bit_for_bit_what_it_was() -> None:
    recorded = np.stack([speech_like(RATE_HZ, 3.0), speech_like(RATE_HZ, 3.0, seed=1)], axis=1)
    result = spliced(recorded, speech_like(RATE_HZ, 3.2, seed=2), GAPS)
    old = new = 0
    for (begin, end), (left, right), gap in zip(result.edges, result.kept, GAPS, strict=True):
        np.testing.assert_array_equal(result.samples[new:begin], recorded[old:left])
        assert left == round(gap.old_begin * RATE_HZ) - FADE
        assert right == round(gap.old_end * RATE_HZ) + FADE
        old, new = right, end
    np.testing.assert_array_equal(result.samples[new:], recorded[old:])
    assert len(recorded) - old == len(result.samples) - new > 0
    lengths = [end - begin for begin, end in result.edges]
    for length, gap in zip(lengths, GAPS, strict=True):
        assert length == pytest.approx((gap.new_end - gap.new_begin) * RATE_HZ, abs=3 * FADE)


@pytest.mark.parametrize("phase", [0.0, 1.0, 2.5, np.pi, 4.0])
@pytest.mark.parametrize("gap", [Gap(0.5, 0.7, 0.5, 0.9), Gap(0.5, 0.7, 0.5, 0.5)])
def test_no_click_in_a_vowel(phase: float, gap: Gap) -> None:
    """The speech is out of phase and half as loud: neither the slope nor the level has a step."""
    recorded, spoken = voiced(1.5), 0.5 * voiced(1.8, phase)
    result = spliced(recorded, spoken, [gap]).samples[:, 0]
    assert steepest(result) < 1.1 * steepest(recorded)
    period = round(RATE_HZ / 120)
    windows = np.lib.stride_tricks.sliding_window_view(result.astype(np.float64) ** 2, 2 * period)
    levels = np.sqrt(windows.mean(axis=1))
    level = np.sqrt(np.mean(recorded.astype(np.float64) ** 2))
    assert levels.min() > 0.8 * level
    assert levels.max() < 1.2 * level


def test_it_is_as_loud_as_what_stands_beside_it() -> None:
    recorded = np.concatenate([voiced(1.0), 0.5 * voiced(1.0)])
    result = spliced(recorded, voiced(2.5, 0.7), [Gap(0.9, 1.1, 0.9, 1.6)])
    begin, end = result.edges[0]
    middle = result.samples[(begin + end) // 2 :][: RATE_HZ // 10, 0]
    expected = np.std(voiced(1.0)) * 0.5**0.5  # half way, in decibels
    assert np.std(middle) == pytest.approx(expected, rel=0.1)


def test_channels_keep_their_levels_and_signs() -> None:
    mono = speech_like(RATE_HZ, 1.5)
    recorded = np.stack([mono, -0.5 * mono], axis=1)
    begin, end = spliced(recorded, voiced(2.0), [Gap(0.5, 0.7, 0.5, 1.0)]).edges[0]
    placed = spliced(recorded, voiced(2.0), [Gap(0.5, 0.7, 0.5, 1.0)]).samples[begin:end]
    np.testing.assert_allclose(placed[:, 1], -0.5 * placed[:, 0], atol=1e-5)
    assert np.std(placed[:, 0]) > 0.01


@pytest.mark.parametrize(
    "gap", [Gap(0.0, 0.3, 0.0, 0.5), Gap(1.2, 1.5, 1.2, 1.6), Gap(0.0, 1.5, 0.0, 2.0)]
)
def test_gaps_at_the_ends(gap: Gap) -> None:
    recorded, spoken = speech_like(RATE_HZ, 1.5), voiced(2.0)
    result = spliced(recorded, spoken, [gap])
    assert np.isfinite(result.samples).all()
    longer = (gap.new_end - gap.new_begin) - (gap.old_end - gap.old_begin)
    assert len(result.samples) == pytest.approx(len(recorded) + longer * RATE_HZ, abs=2 * FADE)


def test_what_is_loud_stays_below_full_scale() -> None:
    recorded = 4.5 * voiced(1.5)
    assert np.abs(recorded).max() > 0.95
    placed = spliced(recorded, voiced(2.0, 2.0), [Gap(0.5, 0.7, 0.5, 1.0)]).samples
    assert np.abs(placed).max() <= max(1.0, np.abs(recorded).max())


def test_two_gaps_share_the_word_between_them() -> None:
    recorded = speech_like(RATE_HZ, 1.5)
    gaps = [Gap(0.5, 0.6, 0.5, 0.7), Gap(0.61, 0.8, 0.71, 0.9)]
    result = spliced(recorded, speech_like(RATE_HZ, 2.0, seed=2), gaps)
    (_, first), (second, _) = result.kept
    assert first <= second
    assert result.edges[0][1] <= result.edges[1][0]


def test_noise_fades_into_other_noise_without_a_dip() -> None:
    """Two waves that are not alike add up by power: half of each would be 3 dB too low."""
    gap, powers = Gap(0.1, 0.12, 0.1, 0.12), []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        recorded, spoken = 0.1 * rng.standard_normal((2, RATE_HZ // 4)).astype(np.float32)
        result = spliced(recorded, spoken, [gap])
        begin = result.edges[0][0]
        middle = result.samples[begin + FADE // 3 : begin + 2 * FADE // 3, 0]
        powers.append(np.mean(middle.astype(np.float64) ** 2))
    assert np.sqrt(np.mean(powers)) == pytest.approx(0.1, rel=0.08)
