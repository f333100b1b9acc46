"""Speech as a picture: waveform, spectrogram and the times of the words, as one SVG."""

from __future__ import annotations

import base64
import html
import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from muspeaker.sound.audio import Audio
    from muspeaker.sound.span import Span

MAX_FREQUENCY_HZ = 8000
PIXELS_A_SECOND = 160
MIN_WIDTH = 1080
MAX_WIDTH = 8000
WAVE_HEIGHT = 90
WORDS_HEIGHT = 26
SPECTRUM_HEIGHT = 190
AXIS_HEIGHT = 22
LEFT = 44  # for the labels of the frequencies

_WINDOW_SAMPLES = 1024
_RANGE_DB = 70.0
# a perceptually even ramp from black over violet and orange to pale yellow
_COLOURS = np.array(
    [(0, 0, 4), (28, 16, 68), (79, 18, 123), (129, 37, 129), (181, 54, 122), (229, 80, 100),
     (251, 135, 97), (254, 194, 135), (252, 253, 191)], dtype=np.float64)  # fmt: skip


def speech_picture(audio: Audio) -> str:
    """Draw speech as one `<svg>` element that needs nothing from elsewhere.

    The longer the speech, the wider the picture; words stand at their times between both panels.

    Raises:
        ValueError: If there are no samples.
    """
    samples = _mono(audio)
    if not len(samples):
        raise ValueError("no samples to draw")
    seconds = audio.duration
    width = int(np.clip(seconds * PIXELS_A_SECOND, MIN_WIDTH, MAX_WIDTH))
    scale = width / seconds
    height = WAVE_HEIGHT + WORDS_HEIGHT + SPECTRUM_HEIGHT + AXIS_HEIGHT
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="speech-picture" role="img" '
        f'width="{LEFT + width}" height="{height}" viewBox="{-LEFT} 0 {LEFT + width} {height}" '
        'font-family="system-ui, sans-serif" font-size="12" fill="currentColor">'
    )
    parts = [
        opening,
        f"<title>Waveform, words and spectrogram of {seconds:.2f} seconds of speech</title>",
        _waveform(samples, width),
        _spectrogram(samples, audio.sample_rate, width),
        *(_word(word, scale) for word in audio.words),
        *_frequency_axis(),
        *_time_axis(seconds, scale),
        "</svg>",
    ]
    return "".join(parts)


def _mono(audio: Audio) -> NDArray[np.float32]:
    samples = np.asarray(audio.samples, dtype=np.float32)
    mono: NDArray[np.float32] = samples if samples.ndim == 1 else samples.mean(axis=1)
    return mono


def _waveform(samples: NDArray[np.float32], width: int) -> str:
    """The outline of the samples, one column a pixel, scaled to the loudest."""
    edges = np.linspace(0, len(samples), width + 1).astype(int)[:-1]
    peak = max(1e-3, float(np.abs(samples).max()))
    half = WAVE_HEIGHT / 2
    high = half - (half - 3) * np.maximum.reduceat(samples, edges) / peak
    low = half - (half - 3) * np.minimum.reduceat(samples, edges) / peak
    columns = "".join(
        f"M{x} {top:.1f}V{bottom + 0.5:.1f}"
        for x, (top, bottom) in enumerate(zip(high.tolist(), low.tolist(), strict=True))
    )
    return f'<path class="wave" d="{columns}" stroke="#6d5ae6" stroke-width="1.1" fill="none"/>'


def _spectrogram(samples: NDArray[np.float32], rate_hz: int, width: int) -> str:
    """Power in decibels to 8 kHz, as an embedded PNG, one column a pixel."""
    half = _WINDOW_SAMPLES // 2
    padded = np.pad(samples, half)
    starts = np.linspace(0, max(0, len(samples) - 1), width).astype(int)
    bins = min(half + 1, round(MAX_FREQUENCY_HZ / rate_hz * _WINDOW_SAMPLES))
    window = np.hanning(_WINDOW_SAMPLES).astype(np.float32)
    levels = np.empty((bins, width), np.float32)
    for at in range(0, width, 1024):
        place = starts[at : at + 1024, None] + np.arange(_WINDOW_SAMPLES)
        spectrum = np.fft.rfft(padded[place] * window)[:, :bins]
        levels[:, at : at + 1024] = 10 * np.log10(np.abs(spectrum.T) ** 2 + 1e-10)
    top = float(levels.max())
    shade = np.clip((levels - top + _RANGE_DB) / _RANGE_DB, 0, 1) * (len(_COLOURS) - 1)
    index = np.arange(len(_COLOURS))
    pixels = np.stack([np.interp(shade, index, _COLOURS[:, c]) for c in range(3)], axis=-1)
    buffer = io.BytesIO()
    Image.fromarray(pixels[::-1].astype(np.uint8)).quantize(64).save(buffer, "PNG", optimize=True)
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    return (
        f'<image class="spectrum" x="0" y="{WAVE_HEIGHT + WORDS_HEIGHT}" width="{width}" '
        f'height="{SPECTRUM_HEIGHT}" preserveAspectRatio="none" href="data:image/png;base64,{data}"/>'
    )


def _word(word: Span, scale: float) -> str:
    start, end = word.start * scale, word.end * scale
    text = html.escape(word.text)
    length = max(1.0, end - start - 4)
    # a long word in a short time is squeezed into its place
    fit = (
        f' textLength="{length:.1f}" lengthAdjust="spacingAndGlyphs"'
        if _is_tight(word, length)
        else ""
    )
    bottom = WAVE_HEIGHT + WORDS_HEIGHT + SPECTRUM_HEIGHT
    return (
        f'<g class="word"><title>{text}: {word.start:.2f} to {word.end:.2f} s</title>'
        f'<rect x="{start:.1f}" y="{WAVE_HEIGHT + 3}" width="{max(1.0, end - start - 1):.1f}" '
        f'height="{WORDS_HEIGHT - 6}" rx="4" fill="#6d5ae6" fill-opacity="0.16"/>'
        f'<path d="M{start:.1f} {WAVE_HEIGHT + WORDS_HEIGHT}V{bottom}" stroke="#fff" '
        'stroke-opacity="0.35"/>'
        f'<text x="{(start + end) / 2:.1f}" y="{WAVE_HEIGHT + WORDS_HEIGHT - 9}" '
        f'text-anchor="middle"{fit}>{text}</text></g>'
    )


def _is_tight(word: Span, length: float) -> bool:
    return 7.0 * len(word.text) > length


def _frequency_axis() -> list[str]:
    top, scale = WAVE_HEIGHT + WORDS_HEIGHT, SPECTRUM_HEIGHT / MAX_FREQUENCY_HZ
    return [
        f'<text x="-6" y="{top + SPECTRUM_HEIGHT - khz * 1000 * scale + 4:.0f}" text-anchor="end">'
        f"{khz}{' kHz' if khz == 8 else ''}</text>"
        for khz in (0, 2, 4, 6, 8)
    ]


def _time_axis(seconds: float, scale: float) -> list[str]:
    y = WAVE_HEIGHT + WORDS_HEIGHT + SPECTRUM_HEIGHT
    step = next(s for s in (0.5, 1, 2, 5, 10, 30, 60, 600, 1e9) if s * scale >= 60)
    ticks = np.arange(0, max(step / 2, seconds - 40 / scale), step).tolist()  # with room for labels
    return [
        f'<path d="M{t * scale:.1f} {y}v5" stroke="currentColor"/>'
        f'<text x="{t * scale + 3:.1f}" y="{y + 16}">{t:g} s</text>'
        for t in ticks
    ]
