"""A text in pieces: what stands between marks such as `[pause 0.5s]`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from muspeaker.text.manner import PLAIN, Manner
from muspeaker.text.traced import TracedText

JOINT_SECONDS = 0.06  # silence where the manner changes within a sentence
MAX_PAUSE_SECONDS = 60.0  # silence of one mark
DEFAULT_PAUSE_SECONDS = 0.5  # of a mark without a length

_MARK = re.compile(
    r"\[\s*pause(?:(?:\s*:\s*|\s+)(?P<length>[-+.\d][^\]\n]{0,40}))?\s*\]"
    r"|<break(?:\s+time\s*=\s*([\"'])(?P<time>[^\"'<>\n]{0,40})\2)?\s*/?>(?:</break>)?",
    re.IGNORECASE,
)
_LENGTH = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*(ms|s)\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Piece:
    """A stretch of a text that is read by itself.

    Attributes:
        text: The stretch, with its place in the whole.
        seconds: Silence after it; None where none is asked for.
        manner: How it is spoken.
        joint: Pause where nothing else is asked for, in seconds at the usual speed.
    """

    text: TracedText
    seconds: float | None = None
    manner: Manner = PLAIN
    joint: float = 0.0


def split_at_marks(text: str) -> list[Piece]:
    """Pieces of a text, each with the silence that the mark after it asks for.

    Raises:
        ValueError: If a mark has no readable length or is too long.
    """
    pieces: list[Piece] = []
    position = 0
    for mark in _MARK.finditer(text):
        seconds = _mark_seconds(mark)
        pieces.append(Piece(_stretch(text, position, mark.start()), seconds))
        position = mark.end()
    return [*pieces, Piece(_stretch(text, position, len(text)))]


def _stretch(text: str, start: int, end: int) -> TracedText:
    traced = TracedText(text)
    if (start, end) != (0, len(text)):
        traced.compose([(start, end, None)])
    return traced


def _mark_seconds(mark: re.Match[str]) -> float:
    written = mark["length"] or mark["time"]
    return DEFAULT_PAUSE_SECONDS if written is None else seconds_of(written, mark[0])


def seconds_of(written: str, shown: str) -> float:
    """The length of a silence, such as `0.5s` or `300ms`.

    Raises:
        ValueError: If it cannot be read or is too long; the message shows `shown`.
    """
    length = _LENGTH.fullmatch(written)
    if length is None:
        raise ValueError(
            f"cannot read {shown!r}: expected a length such as [pause 0.5s] or [pause 300ms]"
        )
    seconds = float(length[1]) * (0.001 if length[2].lower() == "ms" else 1.0)
    if seconds > MAX_PAUSE_SECONDS:
        raise ValueError(f"{shown!r} is too long: expected at most {MAX_PAUSE_SECONDS:g} s")
    return seconds
