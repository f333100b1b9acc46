"""Corpora: what was said, by whom, in which file."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Utterance:
    """One recording with its speaker and, where there is one, its text."""

    id: str
    source: str
    speaker: str
    gender: str
    language: str
    rate_hz: int
    path: Path
    text: str


def read_manifest(path: Path) -> list[Utterance]:
    """Read a tab-separated manifest with a header line and no quoting.

    Args:
        path: File with the columns id, speaker, language, path and text, and optionally source,
            gender and sample_rate; audio paths are relative to it.

    Raises:
        ValueError: If a needed column is missing.
    """
    with path.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    missing = {"id", "speaker", "language", "path", "text"} - set(rows[0] if rows else ())
    if missing:
        raise ValueError(f"{path}: expected the columns {sorted(missing)}, found none of them")
    return [
        Utterance(
            id=row["id"],
            source=row.get("source") or path.parent.name,
            speaker=row["speaker"],
            gender=row.get("gender") or "",
            language=row["language"],
            rate_hz=int(row.get("sample_rate") or 0),
            path=path.parent / row["path"],
            text=row["text"].strip(),
        )
        for row in rows
    ]


def plain_words(text: str) -> str:
    """The words of a text in lower case, for comparing texts."""
    return " ".join(re.sub(r"[^a-z' ]", " ", text.lower()).split())


def without_texts(utterances: list[Utterance], held_out: Path) -> list[Utterance]:
    """Drop every utterance whose words stand in the `text` column of a held-out table."""
    with held_out.open(encoding="utf-8") as lines:
        rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        banned = {plain_words(row["text"]) for row in rows}
    return [u for u in utterances if plain_words(u.text) not in banned]
