"""Corpora: what was said, by whom, in which file."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
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


def read_ljspeech(folder: Path) -> list[Utterance]:
    """Read LJSpeech 1.1: `metadata.csv` of id, text and spelled-out text, and `wavs/`.

    Raises:
        ValueError: If a line has no text.
    """
    utterances = []
    for number, line in enumerate(_lines(folder / "metadata.csv"), 1):
        name, *texts = line.split("|")
        if not texts:
            raise ValueError(f"{folder / 'metadata.csv'}, line {number}: expected id|text|text")
        path = folder / "wavs" / f"{name}.wav"
        utterances.append(
            Utterance(name, "ljspeech", "LJ", "female", "en-us", 0, path, texts[-1].strip())
        )
    return utterances


def read_vctk(folder: Path) -> list[Utterance]:
    """Read VCTK 0.92 (`wav48_silence_trimmed`, first microphone) or 0.80 (`wav48`), and `txt/`.

    Recordings without a text, such as those of p315, are listed with an empty one.
    """
    info = {}
    if (folder / "speaker-info.txt").exists():
        for line in _lines(folder / "speaker-info.txt")[1:]:
            name, _, gender, *_ = [*line.split(), "", ""]
            info[f"p{name.lstrip('p')}"] = {"F": "female", "M": "male"}.get(gender, "")
    trimmed = folder / "wav48_silence_trimmed"
    pattern = "*/*_mic1.flac" if trimmed.is_dir() else "*/*.wav"
    utterances = []
    for path in sorted((trimmed if trimmed.is_dir() else folder / "wav48").glob(pattern)):
        name, speaker = path.stem.removesuffix("_mic1"), path.parent.name
        words = folder / "txt" / speaker / f"{name}.txt"
        text = words.read_text(encoding="utf-8").strip() if words.exists() else ""
        gender = info.get(speaker, "")
        utterances.append(Utterance(name, "vctk", speaker, gender, "en-gb", 0, path, text))
    return utterances


def read_libritts(folder: Path) -> list[Utterance]:
    """Read LibriTTS or LibriTTS-R: `subset/speaker/chapter/*.wav` with `.normalized.txt` beside.

    The folder may be the root, with `speakers.tsv`, or one subset.
    """
    info = {}
    for table in (folder / "speakers.tsv", folder.parent / "speakers.tsv"):
        if table.exists():
            for line in _lines(table)[1:]:
                name, gender, *_ = [*line.split("\t"), "", ""]
                info[name] = {"F": "female", "M": "male"}.get(gender.strip(), "")
            break
    utterances = []
    for path in sorted(folder.rglob("*.wav")):
        words = path.with_suffix(".normalized.txt")
        text = words.read_text(encoding="utf-8").strip() if words.exists() else ""
        speaker = path.parent.parent.name
        gender = info.get(speaker, "")
        utterances.append(Utterance(path.stem, "libritts", speaker, gender, "en-us", 0, path, text))
    return utterances


def read_aishell3(folder: Path) -> list[Utterance]:
    """Read AISHELL-3: `train/` and `test/`, each with `content.txt` and `wav/speaker/`.

    The text alternates characters and pinyin; the characters are kept.

    Raises:
        ValueError: If a line of `content.txt` is not understood.
    """
    info = {}
    if (folder / "spk-info.txt").exists():
        for line in _lines(folder / "spk-info.txt"):
            name, *rest = line.split()
            info[name] = next((word for word in rest if word in {"female", "male"}), "")
    utterances = []
    for table in sorted(folder.glob("*/content.txt")):
        for number, line in enumerate(_lines(table), 1):
            name, *words = line.split()
            if not name.endswith(".wav") or len(words) % 2:
                raise ValueError(
                    f"{table}, line {number}: expected file, then character pinyin ..."
                )
            speaker = name[:7]
            utterances.append(Utterance(
                name.removesuffix(".wav"), "aishell3", speaker, info.get(speaker, ""), "cmn", 0,
                table.parent / "wav" / speaker / name, "".join(words[::2]),
            ))  # fmt: skip
    return utterances


def _lines(path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    return [line for line in lines if line.strip()]


READERS: dict[str, Callable[[Path], list[Utterance]]] = {
    "manifest": read_manifest,
    "ljspeech": read_ljspeech,
    "vctk": read_vctk,
    "libritts": read_libritts,
    "aishell3": read_aishell3,
}


def layout_of(path: Path) -> str:
    """Which reader a corpus needs, by what lies in its folder.

    Raises:
        ValueError: If it has none of the known layouts.
    """
    if path.is_file():
        return "manifest"
    if (path / "metadata.csv").exists():
        return "ljspeech"
    if (path / "txt").is_dir():
        return "vctk"
    if next(path.glob("*/content.txt"), None):
        return "aishell3"
    if next(path.rglob("*.normalized.txt"), None):
        return "libritts"
    raise ValueError(
        f"{path} is no manifest and has none of the layouts {', '.join(list(READERS)[1:])}"
    )


def read_corpus(path: Path, layout: str = "auto") -> list[Utterance]:
    """Every utterance of a corpus.

    Args:
        path: A manifest, or the folder of a corpus.
        layout: One of `READERS`, or `auto`.

    Raises:
        ValueError: If the layout is not known or a table is malformed.
        OSError: If something cannot be read.
    """
    if not path.exists():
        raise FileNotFoundError(f"{path} is not there")
    utterances = READERS[layout_of(path) if layout == "auto" else layout](path)
    if not utterances:
        raise ValueError(f"{path} has no recordings")
    return utterances


def plain_words(text: str) -> str:
    """The words of a text in lower case, for comparing texts."""
    return " ".join(re.sub(r"[^a-z' ]", " ", text.lower()).split())


def without_texts(utterances: list[Utterance], held_out: Path) -> list[Utterance]:
    """Drop every utterance whose words stand in the `text` column of a held-out table."""
    with held_out.open(encoding="utf-8") as lines:
        rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        banned = {plain_words(row["text"]) for row in rows}
    return [u for u in utterances if plain_words(u.text) not in banned]
