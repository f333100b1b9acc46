"""SSML: a text with tags that say how it is spoken."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from xml.parsers import expat

from muspeaker.text.manner import PLAIN, Manner
from muspeaker.text.pieces import (
    DEFAULT_PAUSE_SECONDS,
    JOINT_SECONDS,
    Piece,
    seconds_of,
)
from muspeaker.text.say_as import spoken_as
from muspeaker.text.sentences import PARAGRAPH_PAUSE_SECONDS, SENTENCE_PAUSE_SECONDS
from muspeaker.text.traced import TracedText

if TYPE_CHECKING:
    from collections.abc import Callable

TAGS = ("speak", "p", "s", "break", "say-as", "sub", "phoneme", "prosody", "emphasis")
MAX_DEPTH = 32

_STRENGTHS = {
    "none": 0.0,
    "x-weak": 0.1,
    "weak": 0.2,
    "medium": 0.5,
    "strong": 0.75,
    "x-strong": 1.0,
}
_RATES = {"x-slow": 0.5, "slow": 0.75, "medium": 1.0, "default": 1.0, "fast": 1.25, "x-fast": 1.5}
_PITCHES = {"x-low": -6.0, "low": -3.0, "medium": 0.0, "default": 0.0, "high": 3.0, "x-high": 6.0}
_VOLUMES = {
    "silent": 0.0, "x-soft": 0.25, "soft": 0.5, "medium": 1.0, "default": 1.0, "loud": 1.4, "x-loud": 2.0,
}  # fmt: skip
_EMPHASES = {
    "strong": Manner(0.85, 1.5, 1.3), "moderate": Manner(0.92, 0.8, 1.15), "none": PLAIN,
    "reduced": Manner(1.08, -0.5, 0.8),
}  # fmt: skip
_PERCENT = re.compile(r"([+-]?)(\d+(?:\.\d+)?)%")
_SEMITONES = re.compile(r"([+-]?\d+(?:\.\d+)?)st")
_DECIBELS = re.compile(r"([+-]\d+(?:\.\d+)?)dB", re.IGNORECASE)
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_SPACES = re.compile(r"\s{2,}|[^\S ]")
_SENTENCE_END = re.compile(r"[.?!…][\"'”’)\]]*\s*$")
_ALLOWED = {
    "say-as": {"interpret-as", "format", "detail"}, "sub": {"alias"}, "phoneme": {"ph", "alphabet"},
    "prosody": {"rate", "pitch", "volume"}, "emphasis": {"level"}, "break": {"time", "strength"}, "p": set(), "s": set(),
}  # fmt: skip


def begins_ssml(text: str) -> bool:
    """Whether a text is SSML, by its beginning."""
    return re.match(r"\s*(?:<\?xml[^>]{0,200}\?>\s*)?<speak[\s>]", text) is not None


def read_ssml(text: str) -> list[Piece]:
    """The pieces of a text in SSML.

    Document types and entities are refused, as is every tag but `TAGS`.

    Raises:
        ValueError: If it is no XML, or has a tag or a value that is not known.
    """
    reader = _Reader(text)
    reader.parse()
    return reader.pieces()


@dataclass(frozen=True)
class _Element:
    """An open tag, and what it means for the text in it."""

    name: str
    manner: Manner
    attributes: dict[str, str]
    first: int = 0  # stretches of the text before it


class _Reader:
    """Collects what stands between the tags."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._bytes = text.encode("utf-8", "replace")
        self._starts = _byte_starts(text)
        self._open: list[_Element] = []
        self._stretches: list[tuple[int, int, str | None]] = []  # of the piece that is collected
        self._found: list[Piece] = []
        self._parser = expat.ParserCreate("utf-8")

    def parse(self) -> None:
        parser = self._parser
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = _refuse_doctype
        try:
            parser.Parse(self._bytes, True)
        except expat.ExpatError as error:
            raise ValueError(
                f"cannot read the SSML: {expat.errors.messages[error.code]}, "
                f"line {error.lineno}, column {error.offset + 1}"
            ) from error

    def pieces(self) -> list[Piece]:
        """The pieces; those without text pass their pause on to the one before."""
        self._finish()
        found: list[Piece] = []
        for piece in self._found:
            if piece.text.text.strip() or not found:
                found.append(piece)
            elif piece.seconds is not None:
                seconds = (found[-1].seconds or 0.0) + piece.seconds
                found[-1] = replace(found[-1], seconds=seconds)
            else:
                found[-1] = replace(found[-1], joint=max(found[-1].joint, piece.joint))
        return found

    def _at(self) -> int:
        """The place in the text that the parser is at."""
        return bisect_right(self._starts, self._parser.CurrentByteIndex) - 1

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        outer = self._open[-1].manner if self._open else PLAIN
        self._check(name, attributes)
        element = _Element(name, _manner(name, attributes).within(outer), attributes)
        if name == "break":
            self._finish(seconds=_break_seconds(attributes))
        elif name in {"p", "s"}:
            self._finish(joint=PARAGRAPH_PAUSE_SECONDS if name == "p" else SENTENCE_PAUSE_SECONDS)
        elif element.manner != outer:
            self._finish()
        self._open.append(replace(element, first=len(self._stretches)))

    def _end(self, name: str) -> None:
        element = self._open.pop()
        outer = self._open[-1].manner if self._open else PLAIN
        if name in {"sub", "say-as", "phoneme"}:
            self._rewrite(element)
        elif name in {"p", "s"}:
            joint = PARAGRAPH_PAUSE_SECONDS if name == "p" else SENTENCE_PAUSE_SECONDS
            self._finish(joint=joint, manner=element.manner)
        elif element.manner != outer:
            self._finish(manner=element.manner)

    def _characters(self, data: str) -> None:
        start = self._at()
        if data == self._text[start : start + len(data)]:
            self._stretches.append((start, start + len(data), None))
        else:  # a reference such as &amp;
            end = self._text.find(";", start) + 1
            self._stretches.append((start, end or start + 1, data))

    def _check(self, name: str, attributes: dict[str, str]) -> None:
        if name not in TAGS:
            raise ValueError(f"<{name}> is not understood: expected {', '.join(TAGS)}")
        if (name == "speak") == bool(self._open):
            raise ValueError("SSML must have one <speak> around all of it")
        if len(self._open) >= MAX_DEPTH:
            raise ValueError(f"SSML is nested too deeply: expected at most {MAX_DEPTH} levels")
        if self._open and self._open[-1].name in {"sub", "say-as", "phoneme", "break"}:
            raise ValueError(f"<{name}> cannot stand in <{self._open[-1].name}>")
        unknown = set(attributes) - _ALLOWED[name] - {"xml:lang"} if name in _ALLOWED else set()
        if unknown:
            raise ValueError(f"<{name}> has no attribute {min(unknown)!r}")

    def _rewrite(self, element: _Element) -> None:
        """Put in place of an element's text what is said for it."""
        inside = self._stretches[element.first :]
        if not inside:
            return
        written = "".join(self._text[s:e] if new is None else new for s, e, new in inside)
        start, end = inside[0][0], inside[-1][1]
        if element.name == "sub":
            new = _attribute(element, "alias")
        elif element.name == "phoneme":
            alphabet = element.attributes.get("alphabet", "ipa")
            if alphabet.lower() != "ipa":
                raise ValueError(f"<phoneme> has alphabet {alphabet!r}: expected 'ipa'")
            phones = _attribute(element, "ph").replace("/", "")
            new = f"[{written.strip()}](/{phones}/)" if written.strip() else ""
        else:
            kind, form = _attribute(element, "interpret-as"), element.attributes.get("format", "")
            new = spoken_as(written, kind, form)
        self._stretches[element.first :] = [(start, end, f" {new} ")]

    def _finish(
        self,
        *,
        seconds: float | None = None,
        joint: float | None = None,
        manner: Manner | None = None,
    ) -> None:
        """End the piece that is collected."""
        if manner is None:
            manner = self._open[-1].manner if self._open else PLAIN
        text = TracedText(self._text)
        text.compose(self._stretches)
        text.sub(_SPACES, " ")  # in XML the end of a line is but a space
        self._stretches = []
        self._open = [replace(element, first=0) for element in self._open]
        if joint is None:
            ends = _SENTENCE_END.search(text.text) is not None
            joint = SENTENCE_PAUSE_SECONDS if ends else JOINT_SECONDS
        self._found.append(Piece(text, seconds, manner, joint))


def _byte_starts(text: str) -> list[int]:
    """The byte that each character begins at, in UTF-8."""
    starts, at = [], 0
    for letter in text:
        starts.append(at)
        at += len(letter.encode("utf-8", "replace"))
    return starts


def _refuse_doctype(*_given: object) -> None:
    raise ValueError("SSML with a document type or entities is refused")


def _attribute(element: _Element, name: str) -> str:
    value = element.attributes.get(name, "").strip()
    if not value:
        raise ValueError(f"<{element.name}> lacks its {name}")
    return value


def _break_seconds(attributes: dict[str, str]) -> float:
    time, strength = attributes.get("time"), attributes.get("strength")
    if time is not None:
        return seconds_of(time.strip(), f'<break time="{time}"/>')
    if strength is None:
        return DEFAULT_PAUSE_SECONDS
    return _named("break", "strength", strength, _STRENGTHS)


def _manner(name: str, attributes: dict[str, str]) -> Manner:
    if name == "emphasis":
        level = attributes.get("level", "moderate")
        if level not in _EMPHASES:
            raise _unknown("emphasis", "level", level, _EMPHASES)
        return _EMPHASES[level]
    if name != "prosody":
        return PLAIN
    return Manner(
        _value("rate", attributes, _RATES, _rate),
        _value("pitch", attributes, _PITCHES, _pitch),
        _value("volume", attributes, _VOLUMES, _volume),
    )


def _value(
    name: str,
    attributes: dict[str, str],
    names: dict[str, float],
    measured: Callable[[str], float | None],
) -> float:
    """A value of <prosody>: one of some names, or measured; that of `default` where there is none."""
    written = attributes.get(name, "default").strip()
    value = names.get(written)
    value = measured(written) if value is None else value
    if value is None:
        raise _unknown("prosody", name, written, names)
    return value


def _rate(written: str) -> float | None:
    percent = _PERCENT.fullmatch(written)
    if percent:
        value = float(percent[2]) / 100
        factor = {"": value, "+": 1 + value, "-": 1 - value}[percent[1]]
    elif _NUMBER.fullmatch(written):
        factor = float(written)
    else:
        return None
    return factor if 0.1 <= factor <= 10 else None


def _pitch(written: str) -> float | None:
    semitones, percent = _SEMITONES.fullmatch(written), _PERCENT.fullmatch(written)
    if semitones:
        return _within(float(semitones[1]), 24)
    if percent and percent[1]:
        factor = 1 + float(percent[1] + percent[2]) / 100
        return _within(12 * math.log2(factor), 24) if factor > 0 else None
    return None


def _volume(written: str) -> float | None:
    decibels, percent = _DECIBELS.fullmatch(written), _PERCENT.fullmatch(written)
    if decibels:
        return 10 ** (float(decibels[1]) / 20) if abs(float(decibels[1])) <= 60 else None
    if percent and percent[1]:
        return max(0.0, 1 + float(percent[1] + percent[2]) / 100)
    if percent or _NUMBER.fullmatch(written):
        value = float(percent[2]) if percent else float(written)
        return value / 100 if value <= 100 else None
    return None


def _within(value: float, most: float) -> float | None:
    return value if abs(value) <= most else None


def _named(tag: str, name: str, written: str, names: dict[str, float]) -> float:
    if written not in names:
        raise _unknown(tag, name, written, names)
    return names[written]


def _unknown(tag: str, name: str, written: str, names: object) -> ValueError:
    known = ", ".join(names) if isinstance(names, dict) else ""
    more = {"rate": ", 80%, +20%, 1.2", "pitch": ", +2st, -10%", "volume": ", +6dB, 50"}.get(
        name, ""
    )
    return ValueError(f'<{tag} {name}="{written}"> is not understood: expected {known}{more}')
