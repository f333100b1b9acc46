"""What a recording holds besides one voice: tones and music, and a second voice where its pitch tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from muspeaker.sound.fast_size import fast_size

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Tones: the strongest partials of a note stay where they are, those of a voice never do for so long.
LINE_DB = 15.0  # below the loudest frames: what is softer, such as hum between words, is not judged
LINE_SECONDS = 0.06
LINE_HOP_SECONDS = 0.03
LINE_HZ = (80.0, 4000.0)
STEADY_HOPS = 4  # 120 ms
STEADY_RATIO = 0.004
NUM_LINES = 4  # strongest of a frame, among which the two strongest are looked for later
STEADY_SHARE = (
    0.2  # 0.013 in the worst of 70 recordings of speech, 0.5 and more in tones and chords
)

# Two voices: their pitches lie apart, and take long turns. Nobody's own melody does both.
PITCH_DB = 25.0
PITCH_SECONDS = 0.04
PITCH_HOP_SECONDS = 0.02
PITCH_HZ = (65.0, 400.0)
VOICED = 0.75  # correlation of a frame with itself a period later
OCTAVE_COST = 0.02  # of each octave below the highest pitch
SMOOTHED_FRAMES = 15
LEAST_FRAMES = 100  # voiced, 2 s
APART_SEMITONES = 9.0
LEAST_SHARE = 0.2  # of the voiced frames, of the voice that speaks less
MOST_SWITCHES = 0.02  # from one voice to the other, of the voiced frames


def steady_share(samples: NDArray[np.float32], rate_hz: int) -> float:
    """Share of the loud parts in which a strong partial keeps its frequency for 120 ms, as notes do.

    Args:
        samples: (samples,) float32, high-passed.
        rate_hz: Samples per second.
    """
    frames = _frames(samples, round(LINE_SECONDS * rate_hz), round(LINE_HOP_SECONDS * rate_hz))
    if len(frames) <= STEADY_HOPS:
        return 0.0
    size = 2 * _power_of_two(frames.shape[1])
    low, high = (max(1, int(hz * size / rate_hz)) for hz in LINE_HZ)
    spectra = np.fft.rfft(frames * np.hanning(frames.shape[1]), size)[:, low - 1 : high + 1]
    lines = _strongest_lines(np.log(np.abs(spectra) + 1e-9), low)
    count = len(lines) - STEADY_HOPS
    steady: NDArray[np.bool_] = np.ones((count, 2), dtype=np.bool_)
    for later in range(1, STEADY_HOPS + 1):
        apart = np.abs(lines[:count, :2, None] - lines[later : count + later, None, :])
        steady &= (apart < STEADY_RATIO).any(axis=2)
    loud = sliding_window_view(_is_loud(frames, LINE_DB), STEADY_HOPS + 1).all(axis=1)
    found = np.asarray(steady.any(axis=1))
    return float(found[loud].mean()) if loud.any() else 0.0


def has_two_voices(samples: NDArray[np.float32], rate_hz: int) -> bool:
    """Whether a high and a low voice take turns; voices of like pitch are not told apart.

    Args:
        samples: (samples,) float32, high-passed.
        rate_hz: Samples per second.
    """
    semitones = _melody(samples, rate_hz)
    if len(semitones) < LEAST_FRAMES:
        return False
    smooth = np.median(sliding_window_view(semitones, SMOOTHED_FRAMES), axis=1)
    low, high = np.percentile(smooth, [10, 90])
    for _ in range(20):  # two means
        is_high = smooth > (low + high) / 2
        if is_high.all() or not is_high.any():
            return False
        low, high = smooth[~is_high].mean(), smooth[is_high].mean()
    share = float(is_high.mean())
    switches = float(np.mean(is_high[1:] != is_high[:-1]))
    return bool(
        high - low >= APART_SEMITONES
        and min(share, 1 - share) >= LEAST_SHARE
        and switches <= MOST_SWITCHES
    )


def _melody(samples: NDArray[np.float32], rate_hz: int) -> NDArray[np.float64]:
    """Pitch of the voiced frames, by autocorrelation, (voiced frames,) in semitones."""
    frames = _frames(samples, round(PITCH_SECONDS * rate_hz), round(PITCH_HOP_SECONDS * rate_hz))
    first, last = (round(rate_hz / hz) for hz in reversed(PITCH_HZ))
    if not len(frames) or last > frames.shape[1]:
        return np.zeros(0)
    window = np.hanning(frames.shape[1])
    own = _autocorrelation(window[None], last)[0, first:]
    products = _autocorrelation((frames - frames.mean(axis=1, keepdims=True)) * window, last)
    likeness = products[:, first:] / (products[:, :1] + 1e-12)
    likeness /= own / float(np.sum(window**2))
    likeness -= OCTAVE_COST * np.log2(np.arange(first, last) / first)
    voiced = (likeness.max(axis=1) > VOICED) & _is_loud(frames, PITCH_DB)
    periods = first + likeness[voiced].argmax(axis=1)
    semitones: NDArray[np.float64] = 12 * np.log2(rate_hz / periods)
    return semitones


def _strongest_lines(logs: NDArray[np.float64], first_bin: int) -> NDArray[np.float64]:
    """Log frequencies of the highest peaks of log spectra, from bin first_bin - 1 on, (frames, NUM_LINES)."""
    before, middle, after = logs[:, :-2], logs[:, 1:-1], logs[:, 2:]
    is_peak = (middle > before) & (middle >= after)
    bend = np.minimum(before - 2 * middle + after, -1e-6)
    offsets = np.clip((before - after) / (2 * bend), -0.5, 0.5)
    places = np.log(first_bin + np.arange(middle.shape[1]) + offsets)
    heights = np.where(is_peak, middle, -np.inf)
    order = np.argsort(-heights, axis=1)[:, :NUM_LINES]
    lines: NDArray[np.float64] = np.take_along_axis(places, order, axis=1)
    return lines


def _frames(samples: NDArray[np.float32], size: int, hop: int) -> NDArray[np.float64]:
    """(frames, size), none if the recording is shorter."""
    if len(samples) < size:
        return np.zeros((0, size))
    return sliding_window_view(samples.astype(np.float64), size)[::hop]


def _is_loud(frames: NDArray[np.float64], range_db: float) -> NDArray[np.bool_]:
    levels = 10 * np.log10(np.mean(frames**2, axis=1) + 1e-12)
    loud: NDArray[np.bool_] = levels > np.percentile(levels, 95) - range_db
    return loud


def _autocorrelation(frames: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Products of frames with themselves 0 to count - 1 samples later."""
    size = fast_size(frames.shape[1] + count)
    spectra = np.fft.rfft(frames, size)
    return np.fft.irfft(np.square(spectra.real) + np.square(spectra.imag), size)[:, :count]


def _power_of_two(size: int) -> int:
    return 1 << (size - 1).bit_length()
