"""Prompts: what lies below speech is taken away, and what a clone will suffer from is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from muspeaker.callers import warn_caller
from muspeaker.sound.fast_size import fast_size
from muspeaker.sound.recording import PROMPT_MIN_SECONDS, resample
from muspeaker.sound.voices_heard import STEADY_SHARE, has_two_voices, steady_share

if TYPE_CHECKING:
    from numpy.typing import NDArray

CUTOFF_HZ = 40.0  # below any voice
PADDING_SECONDS = 0.25

FRAME_SECONDS = 0.02
SPEECH_DB = 35.0  # below the loudest frames
SILENCE_DB = -60.0  # of full scale
GOOD_SECONDS = 3.0  # of speech
TELEPHONE_HZ = 4000.0
LOW_HZ = 300.0
NARROW_DB = -60.0  # what is above 4.5 kHz to what is below
GUARD_HZ = 500.0
NOISE_DB = 20.0  # from the quietest tenth of the frames to the loudest
CLIPPED_RUN = 3  # samples at the peak in a row
CLIPPED_SHARE = 3e-4
SPECTRUM_SAMPLES = 2048
HEARD_RATE_HZ = 16000  # enough to tell voices and tones


class PromptWarning(UserWarning):
    """A prompt from which a good clone can hardly be made."""


def checked_prompt(samples: NDArray[np.float32], rate_hz: int) -> NDArray[np.float32]:
    """A prompt that was read, high-passed.

    Args:
        samples: (samples,) float32.
        rate_hz: Samples per second.

    Raises:
        ValueError: If there is too little speech in it.

    Warns:
        PromptWarning: Of each of its `troubles`.
    """
    passed = high_passed(samples, rate_hz)
    seconds = speech_seconds(passed, rate_hz)
    if seconds < PROMPT_MIN_SECONDS:
        raise ValueError(
            f"prompt is too short: expected at least {PROMPT_MIN_SECONDS:g} s of speech, "
            f"got {seconds:.2f} s"
        )
    for trouble in _troubles(samples, passed, rate_hz):
        warn_caller(f"the recording {trouble}", PromptWarning)
    return passed


def high_passed(samples: NDArray[np.float32], rate_hz: int) -> NDArray[np.float32]:
    """Take away an offset, drift and rumble, without moving anything in time.

    Args:
        samples: (samples,) float32.
        rate_hz: Samples per second.

    Returns:
        (samples,) float32, 3 dB less at 40 Hz and 24 dB an octave below.
    """
    centred = samples.astype(np.float64) - np.mean(samples, dtype=np.float64)
    size = fast_size(len(centred) + int(PADDING_SECONDS * rate_hz))
    hz = np.fft.rfftfreq(size, 1 / rate_hz)
    ratio = np.divide(CUTOFF_HZ, hz, out=np.full_like(hz, np.inf), where=hz > 0)
    eighth = np.square(np.square(np.square(ratio)))  # 24 dB an octave
    spectrum = np.fft.rfft(centred, size) / np.sqrt(1 + eighth)
    return np.fft.irfft(spectrum, size)[: len(samples)].astype(np.float32)


def speech_seconds(samples: NDArray[np.float32], rate_hz: int) -> float:
    """Seconds that are no silence: within 35 dB of the loudest twentieth of the frames."""
    levels = _levels_db(samples, rate_hz)
    floor = max(SILENCE_DB, float(np.percentile(levels, 95)) - SPEECH_DB)
    return float(np.mean(levels > floor)) * len(samples) / rate_hz


def troubles(samples: NDArray[np.float32], rate_hz: int) -> list[str]:
    """What a clone of a prompt will suffer from, each as the predicate of a sentence; empty where it is good.

    Args:
        samples: (samples,) float32, high-passed or not.
        rate_hz: Samples per second.
    """
    return _troubles(samples, high_passed(samples, rate_hz), rate_hz)


def _troubles(samples: NDArray[np.float32], passed: NDArray[np.float32], rate_hz: int) -> list[str]:
    found = []
    seconds = speech_seconds(passed, rate_hz)
    if seconds < GOOD_SECONDS:
        found.append(f"has only {seconds:.1f} s of speech: 5 to 15 s do best")
    if _is_narrow(samples, rate_hz):
        found.append("has nothing above 4 kHz, as from a telephone: the clone will sound muffled")
    levels = _levels_db(passed, rate_hz)
    gap = float(np.percentile(levels, 95) - np.percentile(levels, 10))
    if gap < NOISE_DB:
        found.append(f"is noisy, its quietest parts only {gap:.0f} dB below the speech")
    if _clipped_share(samples) > CLIPPED_SHARE:
        found.append("is clipped: record it again at a lower level")
    heard = resample(passed, rate_hz, HEARD_RATE_HZ)
    if steady_share(heard, HEARD_RATE_HZ) > STEADY_SHARE:
        found.append("is music or tones rather than speech: record a voice alone")
    elif has_two_voices(heard, HEARD_RATE_HZ):
        found.append("seems to have more than one voice: the clone will be neither")
    return found


def _levels_db(samples: NDArray[np.float32], rate_hz: int) -> NDArray[np.float64]:
    length = max(1, int(FRAME_SECONDS * rate_hz))
    whole = samples[: max(1, len(samples) // length) * length]
    frames = np.resize(whole, (max(1, len(whole) // length), min(length, len(whole))))
    power = np.mean(np.square(frames, dtype=np.float64), axis=1)
    levels: NDArray[np.float64] = 10 * np.log10(power + 1e-12)
    return levels


def _is_narrow(samples: NDArray[np.float32], rate_hz: int) -> bool:
    if rate_hz < 2 * (TELEPHONE_HZ + GUARD_HZ):
        return True
    count = len(samples) // SPECTRUM_SAMPLES
    if count == 0:
        return False
    frames = samples[: count * SPECTRUM_SAMPLES].reshape(count, SPECTRUM_SAMPLES)
    spectra = np.abs(np.fft.rfft(frames * np.hanning(SPECTRUM_SAMPLES))) ** 2
    power = spectra.mean(axis=0)
    hz = np.fft.rfftfreq(SPECTRUM_SAMPLES, 1 / rate_hz)
    high = float(power[hz > TELEPHONE_HZ + GUARD_HZ].sum())
    low = float(power[(hz > LOW_HZ) & (hz < TELEPHONE_HZ)].sum())
    return high < low * 10 ** (NARROW_DB / 10)


def _clipped_share(samples: NDArray[np.float32]) -> float:
    """Share of the samples that stand at the highest or lowest value, several in a row."""
    if not len(samples):
        return 0.0
    clipped = 0
    for signed in (samples, -samples):
        at_peak = signed >= 0.999 * float(signed.max())
        edges = np.flatnonzero(np.diff(np.concatenate([[False], at_peak, [False]])))
        runs = edges[1::2] - edges[::2]
        clipped += int(runs[runs >= CLIPPED_RUN].sum())
    return clipped / len(samples)
