"""Corpora: readers of the layouts in which public data sets come."""

from __future__ import annotations

import csv
from functools import partial
from typing import TYPE_CHECKING

from muspeaker.train.corpus.manifest import CorpusClip, read_manifest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

GENDERS = {"F": "female", "M": "male"}
# Common Voice has its own words for accents; of those that it offers, espeak-ng has two.
ACCENTS = {"United States English": "en-us", "England English": "en-gb"}
ACCOUNT_DIGITS = (
    12  # characters of a Common Voice client id, which is one account and nearly always one person
)

# The speaker labels of these data sets are known to be right.
Labelled = partial(CorpusClip, certain=True)


def read_ljspeech(folder: Path) -> list[CorpusClip]:
    """Read LJSpeech 1.1: `metadata.csv` of id, text and spelled-out text, and `wavs/`.

    Raises:
        ValueError: If a line has no text.
    """
    clips = []
    for number, line in enumerate(_lines(folder / "metadata.csv"), 1):
        name, *texts = line.split("|")
        if not texts:
            raise ValueError(f"{folder / 'metadata.csv'}, line {number}: expected id|text|text")
        path = folder / "wavs" / f"{name}.wav"
        clips.append(
            Labelled(name, "ljspeech", "LJ", "female", "en-us", 0, path, texts[-1].strip())
        )
    return clips


def read_vctk(folder: Path) -> list[CorpusClip]:
    """Read VCTK 0.92 (`wav48_silence_trimmed`, first microphone) or 0.80 (`wav48`), and `txt/`.

    Recordings without a text, such as those of p315, are listed with an empty one.
    """
    info = {}
    if (folder / "speaker-info.txt").exists():
        for line in _lines(folder / "speaker-info.txt")[1:]:
            name, _, gender, *_ = [*line.split(), "", ""]
            info[f"p{name.lstrip('p')}"] = GENDERS.get(gender, "")
    trimmed = folder / "wav48_silence_trimmed"
    pattern = "*/*_mic1.flac" if trimmed.is_dir() else "*/*.wav"
    clips = []
    for path in sorted((trimmed if trimmed.is_dir() else folder / "wav48").glob(pattern)):
        name, speaker = path.stem.removesuffix("_mic1"), path.parent.name
        words = folder / "txt" / speaker / f"{name}.txt"
        text = words.read_text(encoding="utf-8").strip() if words.exists() else ""
        gender = info.get(speaker, "")
        clips.append(Labelled(name, "vctk", speaker, gender, "en-gb", 0, path, text))
    return clips


def read_libritts(folder: Path) -> list[CorpusClip]:
    """Read LibriTTS or LibriTTS-R: `subset/speaker/chapter/*.wav` each with a `.normalized.txt`.

    The folder may be the root, with `speakers.tsv`, or one subset.
    """
    info = {}
    for table in (folder / "speakers.tsv", folder.parent / "speakers.tsv"):
        if table.exists():
            for line in _lines(table)[1:]:
                name, gender, *_ = [*line.split("\t"), "", ""]
                info[name] = GENDERS.get(gender.strip(), "")
            break
    clips = []
    for path in sorted(folder.rglob("*.wav")):
        words = path.with_suffix(".normalized.txt")
        text = words.read_text(encoding="utf-8").strip() if words.exists() else ""
        speaker = path.parent.parent.name
        gender = info.get(speaker, "")
        clips.append(Labelled(path.stem, "libritts", speaker, gender, "en-us", 0, path, text))
    return clips


def read_aishell3(folder: Path) -> list[CorpusClip]:
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
    clips = []
    for table in sorted(folder.glob("*/content.txt")):
        for number, line in enumerate(_lines(table), 1):
            name, *words = line.split()
            if not name.endswith(".wav") or len(words) % 2:
                raise ValueError(
                    f"{table}, line {number}: expected file, then character pinyin ..."
                )
            speaker = name[:7]
            clips.append(Labelled(
                name.removesuffix(".wav"), "aishell3", speaker, info.get(speaker, ""), "cmn", 0,
                table.parent / "wav" / speaker / name, "".join(words[::2]),
            ))  # fmt: skip
    return clips


def read_librispeech(folder: Path) -> list[CorpusClip]:
    """Read LibriSpeech or Mini LibriSpeech: `subset/speaker/chapter/*.flac` and a `.trans.txt` a chapter.

    The folder may be the root, with `SPEAKERS.TXT`, or one subset. Texts are in capitals without
    punctuation, as the data set has them.

    Raises:
        ValueError: If a line of a transcript has no text.
    """
    info = {}
    for table in (folder / "SPEAKERS.TXT", folder.parent / "SPEAKERS.TXT"):
        if table.exists():
            for line in _lines(table):
                if not line.startswith(";"):
                    name, gender, *_ = (word.strip() for word in [*line.split("|"), ""])
                    info[name] = GENDERS.get(gender, "")
            break
    clips = []
    for table in sorted(folder.rglob("*.trans.txt")):
        for number, line in enumerate(_lines(table), 1):
            name, _, text = line.partition(" ")
            if not text:
                raise ValueError(f"{table}, line {number}: expected id TEXT")
            speaker, path = name.partition("-")[0], table.parent / f"{name}.flac"
            gender = info.get(speaker, "")
            clips.append(Labelled(name, "librispeech", speaker, gender, "en-us", 0, path, text))
    return clips


def read_commonvoice(folder: Path) -> list[CorpusClip]:
    """Read one language of Mozilla Common Voice: `validated.tsv` and `clips/`.

    Raises:
        ValueError: If the table lacks a column.
    """
    with (folder / "validated.tsv").open(encoding="utf-8-sig") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    missing = {"client_id", "path", "sentence"} - set(rows[0] if rows else ())
    if rows and missing:
        raise ValueError(f"{folder / 'validated.tsv'}: expected the columns {sorted(missing)}")
    clips = []
    for row in rows:
        accent = ACCENTS.get(row.get("accents") or row.get("accent") or "")
        gender = (row.get("gender") or "").partition("_")[0]  # such as female_feminine
        file = row["path"] if row["path"].endswith(".mp3") else f"{row['path']}.mp3"
        clips.append(CorpusClip(
            file.removesuffix(".mp3"), "commonvoice", row["client_id"][:ACCOUNT_DIGITS],
            gender if gender in GENDERS.values() else "", accent or row.get("locale") or "en", 0,
            folder / "clips" / file, row["sentence"].strip(),
        ))  # fmt: skip
    return clips


def _lines(path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    return [line for line in lines if line.strip()]


READERS: dict[str, Callable[[Path], list[CorpusClip]]] = {
    "manifest": read_manifest,
    "ljspeech": read_ljspeech,
    "vctk": read_vctk,
    "libritts": read_libritts,
    "librispeech": read_librispeech,
    "commonvoice": read_commonvoice,
    "aishell3": read_aishell3,
}

# A file or folder that each layout has, and none above it in this table.
MARKS = {
    "ljspeech": "metadata.csv",
    "vctk": "txt/",
    "commonvoice": "validated.tsv",
    "aishell3": "*/content.txt",
    "libritts": "**/*.normalized.txt",
    "librispeech": "**/*.trans.txt",
}


def layout_of(path: Path) -> str:
    """Which reader a corpus needs, by what lies in its folder.

    Raises:
        ValueError: If it has none of the known layouts.
    """
    if path.is_file():
        return "manifest"
    for layout, pattern in MARKS.items():
        if next(path.glob(pattern), None):
            return layout
    raise ValueError(
        f"{path} is no manifest and has none of the layouts {', '.join(list(READERS)[1:])}"
    )


def read_corpus(path: Path, layout: str = "auto") -> list[CorpusClip]:
    """Every clip of a corpus.

    Args:
        path: A manifest, or the folder of a corpus.
        layout: One of `READERS`, or `auto`.

    Raises:
        ValueError: If the layout is not known or a table is malformed.
        OSError: If something cannot be read.
    """
    if not path.exists():
        raise FileNotFoundError(f"{path} is not there")
    clips = READERS[layout_of(path) if layout == "auto" else layout](path)
    if not clips:
        raise ValueError(f"{path} has no recordings")
    return clips
