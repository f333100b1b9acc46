"""Recordings whose samples are too large for a float32, or no numbers: an error, and no warning of NumPy."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

from muspeaker.sound.recording import read_channels, read_prompt, read_searched, read_source

if TYPE_CHECKING:
    from collections.abc import Callable

RATE_HZ = 24000
READERS: dict[str, Callable[[Any], Any]] = {
    "prompt": read_prompt,
    "source": read_source,
    "channels": read_channels,
    "searched": lambda recording: read_searched(recording, 1.0),
}


def noise(channels: int = 1, seconds: float = 2.0) -> np.ndarray:
    shape = (round(seconds * RATE_HZ), channels)
    return np.random.default_rng(0).uniform(-1, 1, shape)


@pytest.fixture(autouse=True)
def strict() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("largest", [1e39, 1e154, 1e200, 1.7e308])
@pytest.mark.parametrize("reader", READERS)
def test_what_no_float32_holds_is_refused(reader: str, largest: float, channels: int) -> None:
    with pytest.raises(
        ValueError, match=r"non-finite samples: the first is (-?inf|nan) at .* float32"
    ):
        READERS[reader]((largest * noise(channels), RATE_HZ))


@pytest.mark.parametrize("reader", READERS)
def test_in_a_file_too(reader: str) -> None:
    file = io.BytesIO()
    soundfile.write(file, 1e200 * noise(), RATE_HZ, subtype="DOUBLE", format="WAV")
    with pytest.raises(ValueError, match="non-finite samples"):
        READERS[reader](file.getvalue())


@pytest.mark.parametrize("reader", READERS)
def test_infinities_of_two_signs_are_refused(reader: str) -> None:
    """Also at the start of a recording so long that silence there is left out."""
    samples = noise(2, seconds=40.0)
    samples[30] = np.inf, -np.inf
    samples[31] = -np.inf, np.nan
    with pytest.raises(ValueError, match=r"the first is (inf|nan) at index 30"):
        READERS[reader]((samples, RATE_HZ))


def test_the_first_is_named_in_any_channel() -> None:
    samples = noise(2)
    samples[40000, 1] = np.nan
    with pytest.raises(ValueError, match="the first is nan at index 40000"):
        read_channels((samples, RATE_HZ))


def test_what_a_longdouble_holds_alone_is_refused() -> None:
    huge = np.full(2 * RATE_HZ, np.finfo(np.longdouble).max)
    with pytest.raises(ValueError, match="the first is inf at index 0"):
        read_prompt((huge, RATE_HZ))


def test_the_largest_float32_is_read() -> None:
    samples, _ = read_prompt((noise() * float(np.finfo(np.float32).max), RATE_HZ))
    assert np.abs(samples).max() == 1.0
