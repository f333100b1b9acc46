"""How a text is to be spoken."""

from __future__ import annotations

import math
import secrets
from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from muspeaker.voice import Voice

SPEED_RANGE = (0.5, 2.0)
PITCH_RANGE = (-12.0, 12.0)
ENERGY_RANGE = (0.25, 4.0)
TEMPERATURE_RANGE = (0.0, 2.0)
PAUSE_RANGE = (0.0, 10.0)
MAX_SEED = 2**63 - 1


class OptionFields(TypedDict, total=False):
    """Keywords of `Synthesizer.synthesize`; the meanings stand in `SynthesisOptions`."""

    speed: float
    pitch: float
    energy: float
    temperature: float
    seed: int | None
    language: str | None
    phonemes: bool
    style: Voice | None
    pause: float | None


@dataclass(frozen=True, kw_only=True)
class SynthesisOptions:
    """How a text is to be spoken.

    Attributes:
        speed: Rate of speech, 0.5 to 2; 2 halves every duration.
        pitch: Shift in semitones, -12 to 12.
        energy: Gain of the energy contour, 0.25 to 4.
        temperature: Spread of the noise that varies the delivery, 0 to 2; 0 is the most even.
        seed: Start of that noise. The same seed gives the same samples; None draws a new one.
        language: Tag such as "en-us"; None is the model's first language.
        phonemes: The text is IPA already.
        style: Another Voice whose manner is taken, with the timbre of the first.
        pause: Silence between sentences in seconds, 0 to 10, not changed by speed; the pauses between
            paragraphs and clauses keep their proportion to it. None is 0.2 s, divided by speed.

    Raises:
        TypeError: If a field has another type.
        ValueError: If a number is out of its range.
    """

    speed: float = 1.0
    pitch: float = 0.0
    energy: float = 1.0
    temperature: float = 0.2
    seed: int | None = 0
    language: str | None = None
    phonemes: bool = False
    style: Voice | None = None
    pause: float | None = None

    def __post_init__(self) -> None:
        check_number("speed", self.speed, SPEED_RANGE)
        check_number("pitch", self.pitch, PITCH_RANGE)
        check_number("energy", self.energy, ENERGY_RANGE)
        check_number("temperature", self.temperature, TEMPERATURE_RANGE)
        _check_seed(self.seed)
        if not isinstance(self.phonemes, bool):
            raise TypeError(f"phonemes must be a bool, got {type(self.phonemes).__name__}")
        if self.style is not None and not isinstance(self.style, Voice):
            raise TypeError(f"style must be a Voice, got {type(self.style).__name__}")
        if self.pause is not None:
            check_number("pause", self.pause, PAUSE_RANGE)

    def drawn_seed(self) -> int:
        """The seed given, or a new one."""
        return secrets.randbelow(MAX_SEED) if self.seed is None else int(self.seed)


def sentence_seed(seed: int, index: int) -> int:
    """The seed of sentence `index`: well mixed, so that neighbouring seeds share nothing.

    Source: splitmix64, Steele et al. 2014, "Fast splittable pseudorandom number generators".
    """
    mask = 2**64 - 1
    x = (seed + (index + 1) * 0x9E3779B97F4A7C15) & mask
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & mask
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & mask
    return (x ^ (x >> 31)) & MAX_SEED


def check_number(name: str, value: object, bounds: tuple[float, float]) -> None:
    """Raise TypeError if a value is no number, ValueError if it is out of its bounds."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"{name} must be a number, got {type(value).__name__}")
    low, high = bounds
    if not (math.isfinite(value) and low <= value <= high):
        raise ValueError(f"{name} must be {low:g} to {high:g}, got {value}")


def _check_seed(seed: object) -> None:
    if seed is None:
        return
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
        raise TypeError(f"seed must be an int or None, got {type(seed).__name__}")
    if not 0 <= seed <= MAX_SEED:
        raise ValueError(f"seed must be 0 to 2**63 - 1, got {seed}")


class ConversionFields(TypedDict, total=False):
    """Keywords of `Synthesizer.convert`; the meanings stand in `SynthesisOptions`."""

    pitch: float
    energy: float
    seed: int | None
    language: str | None
    phonemes: bool


def conversion_options(given: ConversionFields) -> SynthesisOptions:
    """Check the keywords of `Synthesizer.convert`.

    Raises:
        TypeError: If one is unknown, or of another type.
        ValueError: If a number is out of its range.
    """
    known = ConversionFields.__annotations__
    for name in given:
        if name not in known:
            raise TypeError(f"unknown option {name!r}: expected one of {', '.join(known)}")
    return SynthesisOptions(**given)
