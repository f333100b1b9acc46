"""Words with their times to subtitles, in SubRip (.srt) and WebVTT (.vtt)."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from muspeaker.sound.span import Span

LINE_CHARACTERS = 42
NUM_LINES = 2
MAX_SECONDS = 7.0
MIN_SECONDS = 1.0  # if the next cue leaves room
GAP_SECONDS = 0.5  # a silence that ends a cue
SENTENCE_MARKS = frozenset(".?!")


@dataclass(frozen=True)
class Cue:
    """Lines shown from start to end, in seconds."""

    lines: tuple[str, ...]
    start: float
    end: float
    speaker: str = ""


def cues(words: Sequence[Span], duration: float) -> list[Cue]:
    """Group words: a sentence is a cue, or several where it is long.

    A cue holds the words of one speaker, as they are written in the text: at most two lines of 42 characters,
    and at most 7 s.

    Args:
        words: Words in the order of their times.
        duration: Length of the recording in seconds. No cue ends later.
    """
    groups: list[list[Span]] = []
    for word in words:
        if groups and _belongs(word, groups[-1]):
            groups[-1].append(word)
        else:
            groups.append([word])
    limits = [*(group[0].start for group in groups[1:]), duration]
    found = []
    for group, limit in zip(groups, limits, strict=False):
        start, end = group[0].start, group[-1].end
        end = max(end, min(start + MIN_SECONDS, limit))
        lines = _lines(_shown(group))
        found.append(Cue(tuple(lines), start, end, group[0].speaker))
    return found


def to_srt(cues: Sequence[Cue]) -> str:
    """SubRip: numbered cues, with the speaker's name before the text where it is known."""
    blocks = []
    for number, cue in enumerate(cues, 1):
        lines = [*cue.lines]
        if cue.speaker:
            lines[0] = f"{cue.speaker}: {lines[0]}"
        times = f"{_clock(cue.start, ',')} --> {_clock(cue.end, ',')}"
        blocks.append("\n".join([str(number), times, *lines]) + "\n")
    return "\n".join(blocks)


def to_vtt(cues: Sequence[Cue]) -> str:
    """WebVTT, with the speaker as a voice span."""
    blocks = ["WEBVTT\n"]
    for cue in cues:
        lines = [escape(line, quote=False) for line in cue.lines]
        if cue.speaker:
            lines[0] = f"<v {escape(cue.speaker, quote=False)}>{lines[0]}"
        times = f"{_clock(cue.start, '.')} --> {_clock(cue.end, '.')}"
        blocks.append("\n".join([times, *lines]) + "\n")
    return "\n".join(blocks)


def _belongs(word: Span, group: list[Span]) -> bool:
    last = group[-1]
    return (
        last.mark not in SENTENCE_MARKS
        and last.speaker == word.speaker
        and word.start - last.end < GAP_SECONDS
        and word.end - group[0].start <= MAX_SECONDS
        and len(_lines(_shown([*group, word]))) <= NUM_LINES
    )


def _shown(words: Sequence[Span]) -> list[str]:
    """The words as they are written, each once where several are said for it."""
    shown: list[str] = []
    last: Span | None = None
    for word in words:
        if last is not None and word.place is not None and word.place == last.place:
            shown[-1] = (word.written or word.text) + word.mark
        else:
            shown.append((word.written or word.text) + word.mark)
        last = word
    return shown


def _lines(texts: Sequence[str]) -> list[str]:
    """Words packed into lines. A word longer than a line gets a line of its own."""
    lines: list[str] = []
    for text in texts:
        if lines and len(lines[-1]) + 1 + len(text) <= LINE_CHARACTERS:
            lines[-1] += f" {text}"
        else:
            lines.append(text)
    return lines


def _clock(seconds: float, point: str) -> str:
    milliseconds = round(seconds * 1000)
    minutes, milliseconds = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{milliseconds // 1000:02}{point}{milliseconds % 1000:03}"
