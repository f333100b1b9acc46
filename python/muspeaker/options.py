"""Options of speech, each described once: for the library, the command line, the server and the demo page."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict

import numpy as np

from muspeaker.text.respelling import UserLexicon, read_lexicon
from muspeaker.voice import Voice

if TYPE_CHECKING:
    from muspeaker.text.respelling import LexiconLike
    from muspeaker.voice_like import VoiceLike

MAX_SEED = 2**63 - 1
MAX_PAYLOAD = 2**32 - 1
_ABOUT = "about"

StyleName: TypeAlias = Literal["calm", "lively"]


class OptionFields(TypedDict, total=False):
    """Keywords of `Synthesizer.synthesize`; `SynthesisOptions` says what they mean."""

    speed: float
    pitch: float
    energy: float
    volume: float
    expression: float
    temperature: float
    variation: float
    seed: int | None
    language: str | None
    phonemes: bool
    style: VoiceLike | StyleName | None
    pause: float | None
    lexicon: LexiconLike | None
    ssml: bool
    skip_unreadable: bool
    emoji: bool
    watermark: bool
    payload: int


class ConversionFields(TypedDict, total=False):
    """Keywords of `Synthesizer.convert`; `SynthesisOptions` says what they mean."""

    pitch: float
    energy: float
    volume: float
    seed: int | None
    language: str | None
    phonemes: bool
    lexicon: LexiconLike | None
    watermark: bool
    payload: int


class EditFields(TypedDict, total=False):
    """Keywords of `Synthesizer.edit`; `SynthesisOptions` says what they mean."""

    speed: float
    temperature: float
    seed: int | None
    language: str | None
    phonemes: bool
    watermark: bool
    payload: int


@dataclass(frozen=True)
class Style:
    """A named way of speaking: factors of options. Nothing else of the speech changes."""

    speed: float = 1.0
    energy: float = 1.0
    expression: float = 1.0


STYLES: dict[str, Style] = {
    "calm": Style(speed=0.92, energy=0.9, expression=0.7),
    "lively": Style(speed=1.06, energy=1.15, expression=1.45),
}


@dataclass(frozen=True)
class About:
    """One option, as the command line, the server and the demo page offer it.

    Attributes:
        help: What it does, in a sentence or two.
        low: Least value; None where the option is no number.
        high: Greatest value; None where the option is no number.
        default: Value where the option is not given.
    """

    help: str
    low: Any = None
    high: Any = None
    default: Any = None


def _about(text: str, low: float | None = None, high: float | None = None) -> dict[str, About]:
    """Metadata of a field of `SynthesisOptions`."""
    return {_ABOUT: About(text, low, high)}


_NO_STYLE = Style()
_NUMBERS = ("speed", "pitch", "energy", "volume", "expression", "temperature", "variation")


@dataclass(frozen=True, kw_only=True)
class SynthesisOptions:
    """Options of speech: how a text is spoken.

    Attributes:
        speed: Rate of speech, 0.5 to 2; 2 halves every duration.
        pitch: Shift in semitones, -12 to 12.
        energy: Gain of the energy contour, 0.25 to 4.
        volume: Gain of the finished speech, 0 to 4. True peaks stay below -1 dBFS.
        expression: Width of the melody, 0 to 2: 0 is one tone, 2 twice the ups and downs.
        temperature: Spread of the noise that varies the sounds, 0 to 2; 0 is the most even.
        variation: How far another seed than 0 changes melody and rhythm, 0 to 2.
        seed: Number of the delivery. The same seed gives the same samples; 0 is the model's own delivery,
            None draws a seed.
        language: Tag such as "en-us"; None is the voice's language, or else the model's first.
        phonemes: Whether the text is IPA already.
        style: Another Voice whose manner is taken, with the timbre of the first; or a name of `STYLES`, which
            multiplies speed, energy and expression.
        pause: Silence between sentences in seconds, 0 to 10, not changed by speed; the pauses between
            paragraphs and clauses keep their proportion to it. None is 0.2 s, divided by speed.
        lexicon: Words with another spelling or with phones: a dict, or the path of a TSV file.
        ssml: Whether the text is SSML.
        skip_unreadable: Whether letters that cannot be read are passed over with a warning, not refused.
        emoji: Whether emoji are read by their names; needs `muspeaker[emoji]`.
        watermark: Whether the speech is marked, inaudibly, as made by this program.
        payload: Number that the watermark carries, 0 to 2**32 - 1.

    Raises:
        FileNotFoundError: If the lexicon is a file that does not exist.
        TypeError: If a field has another type.
        ValueError: If a number is out of its range.
    """

    speed: float = field(
        default=1.0, metadata=_about("Rate of speech. 2 halves every duration.", 0.5, 2.0)
    )
    pitch: float = field(default=0.0, metadata=_about("Shift in semitones.", -12.0, 12.0))
    energy: float = field(default=1.0, metadata=_about("Gain of the energy contour.", 0.25, 4.0))
    volume: float = field(
        default=1.0, metadata=_about("Gain of the finished speech. It never clips.", 0.0, 4.0)
    )
    expression: float = field(
        default=1.0,
        metadata=_about("Width of the melody. 0 is one tone, 2 twice the ups and downs.", 0.0, 2.0),
    )
    temperature: float = field(
        default=0.2,
        metadata=_about(
            "Spread of the noise that varies the sounds. 0 is the most even.", 0.0, 2.0
        ),
    )
    variation: float = field(
        default=0.4,
        metadata=_about(
            "How far another seed than 0 changes melody and rhythm. 0 is not at all.", 0.0, 2.0
        ),
    )
    seed: int | None = field(
        default=0,
        metadata=_about(
            "Number of the delivery. The same seed gives the same samples.", 0, MAX_SEED
        ),
    )
    language: str | None = field(
        default=None,
        metadata=_about(
            "Language tag such as en-us. Default: the voice's, or else the model's first."
        ),
    )
    phonemes: bool = field(default=False, metadata=_about("The text is IPA."))
    style: Voice | str | None = field(
        default=None,
        metadata=_about("Another voice whose manner is taken; or calm, or lively."),
    )
    pause: float | None = field(
        default=None,
        metadata=_about(
            "Seconds between sentences, whatever the speed. Default: 0.2, divided by the speed.",
            0.0,
            10.0,
        ),
    )
    lexicon: UserLexicon | None = field(
        default=None,
        metadata=_about("TSV file: words, and how each is respelled or pronounced."),
    )
    ssml: bool = field(default=False, metadata=_about("The text is SSML."))
    skip_unreadable: bool = field(
        default=False,
        metadata=_about("Pass over letters that cannot be read, instead of refusing the text."),
    )
    emoji: bool = field(
        default=False,
        metadata=_about("Read emoji by their names. Needs muspeaker[emoji]."),
    )
    watermark: bool = field(
        default=True,
        metadata=_about("Mark the speech, inaudibly, as made by this program."),
    )
    payload: int = field(
        default=0, metadata=_about("Number that the watermark carries, of 32 bits.", 0, MAX_PAYLOAD)
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "lexicon", read_lexicon(self.lexicon))
        for name in _NUMBERS:
            check_number(name, getattr(self, name), bounds(name))
        if self.seed is not None:
            _check_whole("seed", self.seed, MAX_SEED, "an int or None", "2**63 - 1")
        _check_whole("payload", self.payload, MAX_PAYLOAD, "an int", "2**32 - 1")
        for name in ("phonemes", "ssml", "skip_unreadable", "emoji", "watermark"):
            if not isinstance(getattr(self, name), bool):
                raise TypeError(f"{name} must be a bool, got {type(getattr(self, name)).__name__}")
        if self.phonemes and self.ssml:
            raise ValueError("phonemes and ssml exclude each other: SSML has <phoneme>")
        if isinstance(self.style, str) and self.style not in STYLES:
            raise ValueError(f"style must be a Voice, {' or '.join(STYLES)}, got {self.style!r}")
        if not (self.style is None or isinstance(self.style, (Voice, str))):
            raise TypeError(f"style must be a Voice, got {type(self.style).__name__}")
        if self.pause is not None:
            check_number("pause", self.pause, bounds("pause"))

    @property
    def manner(self) -> Style:
        """The factors of the named style; all 1 where there is none."""
        return manner_of(self.style)

    @property
    def pace(self) -> float:
        """The speed with the factor of the named style, within the range of `speed`."""
        return bounded("speed", float(self.speed) * self.manner.speed)

    @property
    def style_voice(self) -> Voice | None:
        """The other voice whose manner is taken."""
        return self.style if isinstance(self.style, Voice) else None

    @property
    def own_variation(self) -> float:
        """The variation, or 0 for the model's own delivery: that of seed 0."""
        return 0.0 if self.seed == 0 else float(self.variation)

    def drawn_seed(self) -> int:
        """The seed given, or a new one."""
        if self.seed is not None:
            return int(self.seed)
        return int.from_bytes(os.urandom(8)) & MAX_SEED

    def marked_with(self) -> int | None:
        """What the mark carries; None where there is to be none."""
        return int(self.payload) if self.watermark else None


def manner_of(style: object) -> Style:
    """The factors of a style; all 1 where it is none of `STYLES`."""
    return STYLES.get(style, _NO_STYLE) if isinstance(style, str) else _NO_STYLE


# Every option by its name, in the order of the fields.
OPTIONS: dict[str, About] = {
    item.name: replace(item.metadata[_ABOUT], default=item.default)
    for item in fields(SynthesisOptions)
}


def bounds(name: str) -> tuple[float, float]:
    """Least and greatest value of a numeric option."""
    return float(OPTIONS[name].low), float(OPTIONS[name].high)


def bounded(name: str, value: float) -> float:
    """A value that a style or the manner of a passage has changed, within the range of its option."""
    low, high = bounds(name)
    return min(max(value, low), high)


def checked_options(
    given: OptionFields | ConversionFields | EditFields, known: type[Any] = OptionFields
) -> SynthesisOptions:
    """Check keywords that a caller gave.

    Args:
        given: The keywords.
        known: OptionFields for speaking, ConversionFields for converting, EditFields for editing.

    Raises:
        TypeError: If a keyword is unknown, or its value is of another type.
        ValueError: If a number is out of its range.
    """
    names = known.__annotations__
    for name in given:
        if name not in names:
            raise TypeError(f"unknown option {name!r}: expected one of {', '.join(names)}")
    return SynthesisOptions(**given)


def sentence_seed(seed: int, index: int) -> int:
    """The seed of sentence `index`: well mixed, so that neighbouring seeds share nothing.

    Source: splitmix64, Steele et al. 2014, "Fast splittable pseudorandom number generators".
    """
    mask = 2**64 - 1
    x = (seed + (index + 1) * 0x9E3779B97F4A7C15) & mask
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & mask
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & mask
    return (x ^ (x >> 31)) & MAX_SEED


def check_number(name: str, value: object, limits: tuple[float, float]) -> None:
    """Raise TypeError if a value is no number, ValueError if it is out of its limits."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"{name} must be a number, got {type(value).__name__}")
    low, high = limits
    if not (math.isfinite(value) and low <= value <= high):
        raise ValueError(f"{name} must be {low:g} to {high:g}, got {value}")


def _check_whole(name: str, value: object, most: int, kind: str, written: str) -> None:
    """Raise TypeError if a value is no whole number, ValueError if it is not 0 to `most`."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be {kind}, got {type(value).__name__}")
    if not 0 <= value <= most:
        raise ValueError(f"{name} must be 0 to {written}, got {value}")
