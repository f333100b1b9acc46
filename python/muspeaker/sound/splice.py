"""Speech put into a recording: where it is joined, how loud it is, and nothing else changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from muspeaker.sound.loudness import active_rms
from muspeaker.sound.peaks import limit_peaks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

FADE_SECONDS = 0.02
LAG_SECONDS = 0.008  # either way, more than half a period of the lowest voice
LEVEL_SECONDS = 0.1  # beside a join, in which levels are compared
SPEECH_SHARE = 0.1  # of the recording's level, below which nothing is said
MOST_GAIN = 2.0  # either way


class Gap(NamedTuple):
    """Seconds [old_begin, old_end) of a recording that become [new_begin, new_end) of the speech."""

    old_begin: float
    old_end: float
    new_begin: float
    new_end: float


class Spliced(NamedTuple):
    """A recording with other speech in it.

    Attributes:
        samples: (samples, channels) float32.
        edges: Samples [begin, end) of each gap in it, its cross-fades included.
        kept: Of each edge, the samples [begin, end) of the recording that it stands for; what lies
            between these is in `samples` as it was.
        starts: Of each edge, the sample of the speech that it begins with.
    """

    samples: NDArray[np.float32]
    edges: list[tuple[int, int]]
    kept: list[tuple[int, int]]
    starts: list[int]


class _Join(NamedTuple):
    """A cross-fade: where it begins in the recording and in the speech, its samples, the speech's gain."""

    recorded: int
    spoken: int
    fade: int
    gain: float


def splice(
    recorded: NDArray[np.float32],
    mono: NDArray[np.float64],
    spoken: NDArray[np.float32],
    gaps: Sequence[Gap],
    rate_hz: int,
) -> Spliced:
    """Put speech into the gaps of a recording.

    Each cross-fade lies in what both say, before a gap and after it, and is at most 20 ms long:

        recording  ..........aaaa|           |bbbb..........
        speech               aaaa| new words |bbbb

    The speech is moved by up to 8 ms to where the two waves agree best. Its level is brought to the
    recording's beside each join, and its peaks stay below full scale.

    Args:
        recorded: (samples, channels) float32, full scale 1.
        mono: (samples,) float64, the same as one channel.
        spoken: (samples,) float32 at the same rate: the whole of what is to be heard, at about the
            recording's level.
        gaps: Where to put what, in order.
        rate_hz: Samples per second.
    """
    pieces: list[NDArray[np.float32]] = []
    edges: list[tuple[int, int]] = []
    kept: list[tuple[int, int]] = []
    starts: list[int] = []
    done = length = 0  # samples of the recording that are dealt with, and of the result
    points = [[min(round(s * rate_hz), len(mono)) for s in gap[:2]] for gap in gaps]
    for index, gap in enumerate(gaps):
        begin, end = points[index]
        room_before = (begin - done) // 2 if index else begin
        is_last = index + 1 == len(gaps)
        room_after = len(mono) - end if is_last else (points[index + 1][0] - end) // 2
        left = _join(mono, spoken, (begin, round(gap.new_begin * rate_hz)), -room_before, rate_hz)
        least = left.spoken + left.fade
        right = _join(mono, spoken, (end, round(gap.new_end * rate_hz)), room_after, rate_hz, least)
        placed = _placed(recorded, mono, spoken, left, right)
        before, after = recorded[done : left.recorded], right.recorded + right.fade
        pieces += [before, placed]
        edges.append((length + len(before), length + len(before) + len(placed)))
        kept.append((left.recorded, after))
        starts.append(left.spoken)
        length += len(before) + len(placed)
        done = after
    pieces.append(recorded[done:])
    return Spliced(np.concatenate(pieces), edges, kept, starts)


def _rms(samples: NDArray[np.floating]) -> float:
    return float(np.sqrt(np.mean(samples.astype(np.float64) ** 2))) if len(samples) else 0.0


def _join(
    mono: NDArray[np.float64],
    spoken: NDArray[np.float32],
    at: tuple[int, int],
    room: int,
    rate_hz: int,
    least: int = 0,
) -> _Join:
    """The cross-fade beside a point of the recording and of the speech.

    Args:
        mono: The recording.
        spoken: The speech.
        at: The point in either.
        room: Samples that may be used, after the point, or before it if negative.
        rate_hz: Samples per second.
        least: The first sample of the speech that may be used.
    """
    sign = -1 if room < 0 else 1
    fade = min(abs(room), round(FADE_SECONDS * rate_hz))
    first = at[0] - fade if sign < 0 else at[0]
    start = at[1] - fade if sign < 0 else at[1]
    lag_samples = round(LAG_SECONDS * rate_hz)
    place = max(start, least)
    if fade:
        wave = mono[first : first + fade]
        place = _best_place(wave, spoken, max(start - lag_samples, least), 2 * lag_samples)
    reach = min(abs(room), round(LEVEL_SECONDS * rate_hz))
    beside = [slice(max(p - reach, 0), p) if sign < 0 else slice(p, p + reach) for p in at]
    own, other = _rms(mono[beside[0]]), _rms(spoken[beside[1]])
    quiet = SPEECH_SHARE * active_rms(mono.astype(np.float32))
    is_speech = own > quiet and other > quiet
    gain = min(max(own / other, 1 / MOST_GAIN), MOST_GAIN) if is_speech else 1.0
    return _Join(first, place, fade, gain)


def _best_place(
    wave: NDArray[np.float64], spoken: NDArray[np.float32], first: int, most: int
) -> int:
    """Where the speech agrees best with a wave: a sample from `first` on, `most` later at the latest."""
    last = min(first + most, len(spoken) - len(wave))
    if last <= first:
        return first
    heard = spoken[first : last + len(wave)].astype(np.float64)
    products = np.correlate(heard, wave, "valid")
    squares = np.concatenate([[0.0], np.cumsum(heard**2)])
    norms = np.sqrt(np.maximum(squares[len(wave) :] - squares[: -len(wave)], 1e-20))
    return first + int(np.argmax(products / norms))


def _placed(
    recorded: NDArray[np.float32],
    mono: NDArray[np.float64],
    spoken: NDArray[np.float32],
    left: _Join,
    right: _Join,
) -> NDArray[np.float32]:
    """The speech from the begin of one cross-fade to the end of the other, as every channel has it."""
    end = right.spoken + right.fade
    piece = np.zeros(end - left.spoken)
    heard = spoken[left.spoken : end]
    piece[: len(heard)] = heard  # a lag may reach beyond the last sample
    piece *= np.exp(np.linspace(np.log(left.gain), np.log(right.gain), len(piece)))
    if len(piece) and np.abs(piece).max() > 1.0:
        piece = limit_peaks(piece.astype(np.float32)).astype(np.float64)
    placed = piece[:, None] * _balance(recorded, mono)
    for join, first, rise in (
        (left, 0, _rise(left.fade)),
        (right, len(piece) - right.fade, _rise(right.fade)[::-1]),
    ):
        own = slice(join.recorded, join.recorded + join.fade)
        part = slice(first, first + join.fade)
        loss = _fade_loss(mono[own], piece[part], rise)[:, None]
        faded = recorded[own] * (1 - rise[:, None]) + placed[part] * rise[:, None]
        placed[part] = faded / loss
    return placed.astype(np.float32)


def _balance(recorded: NDArray[np.float32], mono: NDArray[np.float64]) -> NDArray[np.float64]:
    """What the one channel is multiplied by to be as loud in each, (channels,); negative if it is inverted."""
    level = max(_rms(mono), 1e-12)
    return np.array(
        [
            np.copysign(_rms(channel) / level, np.dot(channel.astype(np.float64), mono))
            for channel in recorded.T
        ]
    )


def _rise(count: int) -> NDArray[np.float64]:
    """From 0 to 1, level at both ends, which lie outside."""
    rise: NDArray[np.float64] = np.sin(np.pi / 2 * (np.arange(count) + 0.5) / max(count, 1)) ** 2
    return rise


def _fade_loss(
    own: NDArray[np.float64], other: NDArray[np.float64], rise: NDArray[np.float64]
) -> NDArray[np.float64]:
    """What a cross-fade makes of the level, sample by sample: 1 where the two waves are the same."""
    power = len(own) * _rms(own) * _rms(other)
    likeness = max(float(np.dot(own, other)) / power, 0.0) if power > 0.0 else 1.0
    loss: NDArray[np.float64] = np.sqrt(
        rise**2 + (1 - rise) ** 2 + 2 * likeness * rise * (1 - rise)
    )
    return loss
