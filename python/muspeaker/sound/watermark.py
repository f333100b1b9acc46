"""Find the mark of this program's speech in a recording: the pattern of `csrc/dsp/watermark.h`.

Each sample of the short-time spectrum is compared with those around it. What is left when the shapes of
speech are filtered out is correlated with the pattern, at every offset and at several speeds.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from muspeaker import _core
from muspeaker.sound.recording import read_searched, resample

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from muspeaker.sound.recording import RecordingLike

THRESHOLD = 5.75  # standard deviations of a pattern that has nothing to do with the recording
RATE_HZ = 24_000
WINDOW_SECONDS, STEP_SECONDS = 3.0, 1.5
MIN_SECONDS = 0.3

FFT_SAMPLES, HOP_SAMPLES = 1200, 150
LOW_BIN, HIGH_BIN = 12, 390  # those that the cells reach at every speed
CELL_BINS, SLOT_FRAMES = 2, 8  # a cell: 40 Hz and 50 ms
FIRST_CELL_BIN = 14.5  # 300 Hz, less half a bin
OFFSETS = 4  # in a slot
SPEEDS = tuple(1 + 0.004 * step for step in range(-8, 9))
TEMPOS = (0.97, 0.98, 0.99, 1.01, 1.02, 1.03)  # at the pitch of the original

AROUND = (5, 25)  # frames and bins that a value is compared with
SOFTNESS = 0.3  # of the level around; what is far below it counts little
LIMIT = 1.0  # standard deviations that a value may have
QUIET_SHARE, QUIET_WEIGHT = 0.1, 4.0
# What makes the logarithms of speech white, in the middle and to one side, over frames and over bins: two
# terms of the inverse root of their spectrum, measured on read speech and on the model's own.
WHITENING = (
    ((0.917, -0.411, 0.1, -0.018), (1.093, -0.039, -0.013, *(-0.0092,) * 10)),
    ((0.162, 0.175, -0.023, -0.009), (-0.013, -0.203, 0.054, -0.007)),
)
CHECK_FACTOR = 0x9E3779B1


@dataclass(frozen=True)
class Detection:
    """What was found.

    Attributes:
        marked: Whether the recording holds speech that this program made and marked.
        score: Standard deviations by which the mark stands out, where it does so most; 5.75 is enough.
        payload: The 32 bits that the mark carries; None if they cannot be read.
        start: Seconds at which the first marked window begins; None if there is none.
    """

    marked: bool
    score: float
    payload: int | None = None
    start: float | None = None


class _Pattern(NamedTuple):
    """What to correlate with, as spectra over the slots: (slots / 2 + 1, cells) complex64.

    Attributes:
        common: The cells that all marks share.
        plain: All cells of the mark whose payload is 0.
        symbols: (slots, cells) symbol of a cell, from 1.
        codes: (256, slots, cells) float32, 1 or -1.
    """

    common: NDArray[np.complex64]
    plain: NDArray[np.complex64]
    symbols: NDArray[np.int8]
    codes: NDArray[np.float32]


class _Place(NamedTuple):
    """Where a window fits the pattern best."""

    score: float
    sums: NDArray[np.float32]  # (slots, cells), from the first slot of the pattern on


def detect(recording: RecordingLike, sample_rate: int | None = None) -> Detection:
    """Tell whether a recording holds speech that this program made and marked.

    Args:
        recording: In any form that `Synthesizer.clone` takes; or samples, with their rate. The first ten
            minutes are searched, in windows of 3 s.
        sample_rate: Rate of the samples, if the recording is an array.

    Raises:
        FileNotFoundError: If the file does not exist.
        TypeError: If the recording is of another type.
        ValueError: If it is no sound, or shorter than 0.3 s.
    """
    given = recording if sample_rate is None else (recording, sample_rate)
    samples, rate_hz = read_searched(given, MIN_SECONDS)  # type: ignore[arg-type]  # which checks it
    samples = resample(samples, rate_hz, RATE_HZ)
    best = Detection(marked=False, score=0.0)
    codes = np.zeros((5, 256))
    start = None
    for begin, end in _windows(len(samples)):
        place = _search(samples[begin:end])
        if place.score > best.score:
            best = Detection(marked=place.score >= THRESHOLD, score=place.score)
        if place.score >= THRESHOLD:
            codes += _code_scores(place.sums)
            start = begin / RATE_HZ if start is None else start
    if not best.marked:
        return Detection(marked=False, score=round(best.score, 2))
    return Detection(True, round(best.score, 2), _payload(codes), start)


def _windows(count: int) -> list[tuple[int, int]]:
    """Begin and end of each; the last one takes the rest."""
    size, step = int(WINDOW_SECONDS * RATE_HZ), int(STEP_SECONDS * RATE_HZ)
    begins = range(0, max(count - size, 0) + 1, step)
    return [(begin, begin + size if begin != begins[-1] else count) for begin in begins]


@cache
def _pattern() -> _Pattern:
    symbols = _core.watermark_symbols()
    codes = np.stack([_core.watermark_code(value) for value in range(257)]).astype(np.float32)
    common = np.where(symbols == 0, codes[256], 0).astype(np.float32)
    plain = np.where(symbols == 0, codes[256], codes[0])
    return _Pattern(_spectrum(common), _spectrum(plain), symbols, codes[:256])


def _spectrum(pattern: NDArray[np.float32]) -> NDArray[np.complex64]:
    return np.fft.rfft(pattern, axis=0).astype(np.complex64)


def _search(samples: NDArray[np.float32]) -> _Place:
    """The best place of the pattern in a window, which is (samples,) at RATE_HZ."""
    return _search_all(samples, [_pattern()])[0]


def _search_all(samples: NDArray[np.float32], patterns: Sequence[_Pattern]) -> list[_Place]:
    """The same for several patterns, of which each has its own place."""
    slots, cells = patterns[0].symbols.shape
    share = np.float32((patterns[0].symbols == 0).mean())
    parts = np.tile([1, share], len(patterns)).astype(np.float32)  # of the power
    spectra = np.stack([part for one in patterns for part in (one.plain, one.common)], axis=2)
    below = np.cumsum(np.cumsum(_whitened(samples), 0, dtype=np.float64), 1)
    below = np.pad(below, ((1, 0), (1, 0)))  # sums of all earlier frames and lower bins
    best = [_Place(-np.inf, np.zeros((slots, cells), np.float32))] * len(patterns)
    for speed, scale in [(s, s) for s in SPEEDS] + [(tempo, 1.0) for tempo in TEMPOS]:
        sums = _cell_sums(_slot_sums(below, speed, slots), scale, cells)
        power = np.square(sums).sum((1, 2)) + np.float32(1e-9)
        # Correlation by spectra: (frequencies, offsets, cells) @ (frequencies, cells, patterns)
        products = np.conj(np.fft.rfft(sums, axis=1)).swapaxes(0, 1).astype(np.complex64) @ spectra
        scores = np.fft.irfft(products, slots, axis=0) / np.sqrt(power[:, None] * parts)
        for index, score in enumerate(scores.max((0, 1))):
            if score > best[index // 2].score:
                shift, offset = np.unravel_index(scores[:, :, index].argmax(), scores.shape[:2])
                moved = np.roll(sums[offset], int(shift), axis=0)
                best[index // 2] = _Place(float(score), moved)
    return best


def _whitened(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """(frames, bins) in which speech is nearly white and the mark stands out."""
    padded = np.pad(samples, FFT_SAMPLES // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, FFT_SAMPLES)[::HOP_SAMPLES]
    window = np.hanning(FFT_SAMPLES + 1)[:-1].astype(np.float32)
    magnitudes = np.abs(np.fft.rfft(frames * window, axis=1)[:, LOW_BIN:HIGH_BIN])
    power = np.square(magnitudes)
    around = np.sqrt(_mean(_mean(power, AROUND[0], 0), AROUND[1], 1))
    around += 1e-7 * np.sqrt(power.mean()) + 1e-12
    values = np.log(magnitudes / around + SOFTNESS).astype(np.float32)
    values = _filtered(values - values.mean())
    limit = LIMIT * float(values.std()) + 1e-9
    values = np.clip(values / limit, -1, 1)
    quiet = np.quantile(around, QUIET_SHARE, axis=0, keepdims=True)  # noise, if there is any
    weights = np.square(around) / (np.square(around) + QUIET_WEIGHT * np.square(quiet))
    values = _filtered(values * weights.astype(np.float32))
    blur = np.square(np.hanning(11)[5:10])  # of a gain, by the windows of the engine
    return _convolved(values, tuple(blur / (2 * blur.sum() - blur[0])), 0)


def _filtered(values: NDArray[np.float32]) -> NDArray[np.float32]:
    parts = [_convolved(_convolved(values, frames, 0), bins, 1) for frames, bins in WHITENING]
    return parts[0] + parts[1]


def _convolved(
    values: NDArray[np.float32], half: tuple[float, ...], axis: int
) -> NDArray[np.float32]:
    """By a symmetric kernel, from its middle on; the edges are repeated."""
    reach, count = len(half) - 1, values.shape[axis]
    widths = [(0, 0), (0, 0)]
    widths[axis] = (reach, reach)
    padded = np.moveaxis(np.pad(values, widths, mode="edge"), axis, 0)
    total = np.float32(half[0]) * padded[reach : reach + count]
    for shift, tap in enumerate(half[1:], 1):
        both = padded[reach - shift : reach - shift + count] + padded[reach + shift :][:count]
        total += np.float32(tap) * both
    return np.moveaxis(total, 0, axis)


def _mean(values: NDArray[Any], width: int, axis: int) -> NDArray[np.float64]:
    """Of `width` neighbours, an odd number; fewer at the edges."""
    count = values.shape[axis]
    sums = np.insert(np.cumsum(values, axis, dtype=np.float64), 0, 0, axis)
    places = np.arange(count)
    first, last = np.maximum(places - width // 2, 0), np.minimum(places + width // 2 + 1, count)
    shape = [1, 1]
    shape[axis] = count
    total = sums.take(last, axis) - sums.take(first, axis)
    means: NDArray[np.float64] = np.maximum(total, 0) / (last - first).reshape(shape)
    return means


def _slot_sums(below: NDArray[np.float64], speed: float, slots: int) -> NDArray[np.float64]:
    """Sums of all before each frame, (frames + 1, bins), to (offsets, slots, bins).

    Periods of the pattern are added up.
    """
    slot, frames = SLOT_FRAMES / speed, len(below) - 1
    count = -(-(int(np.ceil(frames / slot)) + 1) // slots) * slots
    places = np.arange(count + 1)[None] - 1 + np.arange(OFFSETS)[:, None] / OFFSETS
    edges = np.clip(np.rint(places * slot).astype(int), 0, frames)
    each = np.diff(below[edges], axis=1)
    folded: NDArray[np.float64] = each.reshape(OFFSETS, -1, slots, below.shape[1]).sum(1)
    return folded


def _cell_sums(below: NDArray[np.float64], scale: float, cells: int) -> NDArray[np.float32]:
    """Sums of all below each bin, (..., bins + 1), to (..., cells); scale: that of all frequencies."""
    edges = (FIRST_CELL_BIN + CELL_BINS * np.arange(cells + 1)) * scale + 0.5 - LOW_BIN
    first = edges.astype(int)
    at_edges = below[..., first] * (1 - (edges - first)) + below[..., first + 1] * (edges - first)
    cell_sums: NDArray[np.float32] = np.diff(at_edges, axis=-1).astype(np.float32)
    return cell_sums


def _code_scores(sums: NDArray[np.float32]) -> NDArray[np.float64]:
    """(5, 256), how well each value of each symbol fits."""
    pattern = _pattern()
    scores = np.zeros((5, len(pattern.codes)))
    for symbol in range(1, 6):
        held = pattern.symbols == symbol
        scores[symbol - 1] = pattern.codes[:, held] @ sums[held]
    return scores / (float(np.sqrt(np.square(sums).sum())) + 1e-9)


def _payload(codes: NDArray[np.float64]) -> int | None:
    """The four values that fit best, if the fifth says that they are right."""
    values = [int(value) for value in codes.argmax(1)]
    payload = sum(value << (8 * place) for place, value in enumerate(values[:4]))
    check = (payload * CHECK_FACTOR % 2**32) >> 24
    return payload if values[4] == check else None
