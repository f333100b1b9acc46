"""Manifests: tables of recordings, and what they say of each."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# Durations in a manifest are those of Kokoro-82M, whose frame is 600 samples at 24 kHz.
GIVEN_FRAME_SECONDS = 600 / 24000
NEEDED = ("id", "speaker", "language", "path", "text")
YES, NO = ("1", "yes", "true"), ("", "0", "no", "false")


@dataclass(frozen=True)
class CorpusClip:
    """One recording of a corpus.

    Attributes:
        id: Name of the clip, unique in its corpus.
        source: Name of the corpus it comes from.
        speaker: Label of the speaker.
        gender: As the corpus writes it; may be empty.
        language: Tag such as `en-us`.
        rate_hz: Sample rate of the recording before it was stored; 0 if it is that of the file.
        path: The sound file.
        text: What is said; empty if it is not known.
        weight: How often the clip is drawn in training, relative to its length.
        band_hz: Highest frequency that the recording holds; 0 if that is half of the rate.
        certain: Whether the speaker label is known to be right.
        phones: What is said in phones; empty if it is not known.
        durations: Frames of `GIVEN_FRAME_SECONDS` for the silence before the phones, each character of
            them and the silence after; empty if they are not known.
    """

    id: str
    source: str
    speaker: str
    gender: str
    language: str
    rate_hz: int
    path: Path
    text: str
    weight: float = 1.0
    band_hz: float = 0.0
    certain: bool = False
    phones: str = ""
    durations: tuple[int, ...] = ()


def read_manifest(path: Path) -> list[CorpusClip]:
    """Read a tab-separated manifest with a header line and no quoting.

    Args:
        path: File with the columns id, speaker, language, path and text, and optionally source, gender,
            sample_rate, weight, bandwidth (Hz), certain (1 or 0), phones and durations (numbers between
            spaces); audio paths are relative to it.

    Raises:
        ValueError: If a needed column is missing, or a number is none; the text has the line.
    """
    rows = _rows(path)
    missing = set(NEEDED) - set(rows[0] if rows else ())
    if missing:
        raise ValueError(f"{path}: expected the columns {sorted(missing)}, found none of them")
    return [
        CorpusClip(
            id=row["id"],
            source=row.get("source") or path.parent.name,
            speaker=row["speaker"],
            gender=row.get("gender") or "",
            language=row["language"],
            rate_hz=int(row.get("sample_rate") or 0),
            path=path.parent / row["path"],
            text=row["text"].strip(),
            weight=_number(row, "weight", 1.0, place),
            band_hz=_number(row, "bandwidth", 0.0, place),
            certain=_yes(row, "certain", place),
            phones=(row.get("phones") or "").strip(),
            durations=_durations(row, place),
        )
        for place, row in _placed(path, rows)
    ]


@dataclass(frozen=True)
class SourceNote:
    """What a table says of all clips of one source; None where it says nothing."""

    weight: float | None = None
    band_hz: float | None = None
    certain: bool | None = None


def read_sources(path: Path) -> dict[str, SourceNote]:
    """Read a tab-separated table with a line for each source.

    Args:
        path: File with the column source, and any of weight, bandwidth (Hz) and certain (1 or 0); an empty
            cell says nothing.

    Raises:
        ValueError: If the column source is missing, or a cell is malformed; the text has the line.
    """
    rows = _rows(path)
    if not rows or "source" not in rows[0]:
        raise ValueError(f"{path}: expected the column 'source'")
    return {
        row["source"]: SourceNote(
            weight=_number(row, "weight", 1.0, place) if row.get("weight") else None,
            band_hz=_number(row, "bandwidth", 0.0, place) if row.get("bandwidth") else None,
            certain=_yes(row, "certain", place) if row.get("certain") else None,
        )
        for place, row in _placed(path, rows)
    }


def with_notes(clips: list[CorpusClip], notes: Mapping[str, SourceNote]) -> list[CorpusClip]:
    """The clips with what a table says of their sources, which goes before what their manifests say."""
    changes = {
        source: {name: value for name, value in vars(note).items() if value is not None}
        for source, note in notes.items()
    }
    return [replace(clip, **changes.get(clip.source, {})) for clip in clips]


def plain_words(text: str) -> str:
    """The words of a text in lower case, for comparing texts."""
    return " ".join(re.sub(r"[^a-z' ]", " ", text.lower()).split())


def without_texts(clips: list[CorpusClip], held_out: Path) -> list[CorpusClip]:
    """Drop every clip whose words stand in the `text` column of a held-out table."""
    banned = {plain_words(row["text"]) for row in _rows(held_out)}
    return [clip for clip in clips if plain_words(clip.text) not in banned]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def _placed(path: Path, rows: list[dict[str, str]]) -> list[tuple[str, dict[str, str]]]:
    """Rows with where they stand, for messages; the header is line 1."""
    return [(f"{path}, line {number}", row) for number, row in enumerate(rows, 2)]


def _number(row: Mapping[str, str], name: str, default: float, place: str) -> float:
    text = row.get(name)
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise ValueError(f"{place}: expected a {name} of 0 or more, got {text!r}")
    return value


def _yes(row: Mapping[str, str], name: str, place: str) -> bool:
    text = (row.get(name) or "").lower()
    if text not in YES + NO:
        raise ValueError(f"{place}: expected 1 or 0 as {name}, got {text!r}")
    return text in YES


def _durations(row: Mapping[str, str], place: str) -> tuple[int, ...]:
    words = (row.get("durations") or "").split()
    if not all(word.isdecimal() for word in words):
        raise ValueError(f"{place}: expected whole numbers of frames as durations")
    expected = len((row.get("phones") or "").strip()) + 2
    if words and len(words) != expected:
        raise ValueError(
            f"{place}: expected {expected} durations, of {expected - 2} characters of phones and the "
            f"silences around them, got {len(words)}"
        )
    return tuple(map(int, words))
