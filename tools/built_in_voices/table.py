"""The table of built-in voices, `voices.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from muspeaker.voice import VOICES_FOLDER, Voice

if TYPE_CHECKING:
    from collections.abc import Iterable

FILE = Path(__file__).with_name("voices.toml")
GENDERS = ("female", "male")
LANGUAGES = {"us": "en-us", "gb": "en-gb"}
ACCENTS = {"us": "American", "gb": "British"}
FIELDS = {
    "pack": {"gender", "accent", "pack", "heard"},
    "recording": {"gender", "accent", "recording", "source", "licence", "heard"},
}
TEACHER = ("synthetic speech of Kokoro-82M v1.0", "Apache-2.0")


@dataclass(frozen=True)
class BuiltIn:
    """One voice that ships, or may.

    Args:
        name: Our name for it, also the stem of its file.
        gender: One of `GENDERS`.
        accent: A key of `LANGUAGES`.
        heard: Sentence of its sample.
        pack: Kokoro's voice that reads the prompt; else empty.
        read: What it reads as the prompt; empty where that is `prompt.txt`, or a recording.
        recording: Path of the prompt in the folder of corpora; else empty.
        source: Where the prompt comes from, in words.
        licence: Licence of the prompt.
    """

    name: str
    gender: str
    accent: str
    heard: str
    pack: str
    read: str
    recording: str
    source: str
    licence: str

    @property
    def language(self) -> str:
        """Tag of the language in which it speaks where none is asked for."""
        return LANGUAGES[self.accent]

    @property
    def origin(self) -> str:
        """Where it comes from, and under which licence."""
        pack = f", voice {self.pack}" if self.pack else ""
        return f"{self.source}{pack} ({self.licence})"


def read_table(path: Path = FILE) -> dict[str, BuiltIn]:
    """The voices of a table by their names, in its order.

    Raises:
        ValueError: If it is no table, or an entry lacks a field, has another, or a value that is unknown.
    """
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path}: {error}") from error
    return {name: _entry(f"{path}: {name}", name, entry) for name, entry in entries.items()}


def _entry(what: str, name: str, entry: object) -> BuiltIn:
    if not isinstance(entry, dict) or not all(isinstance(v, str) for v in entry.values()):
        raise ValueError(f"{what}: expected a table of texts")
    expected = FIELDS["pack" if "pack" in entry else "recording"]
    optional = {"read"} if "pack" in entry else set()
    if entry.keys() - optional != expected:
        raise ValueError(f"{what}: expected the fields {' '.join(sorted(expected))}")
    if not (name.isascii() and name.isalpha() and name.islower()):
        raise ValueError(f"{what}: expected a name of the letters a to z")
    for field, known in (("gender", GENDERS), ("accent", LANGUAGES)):
        if entry[field] not in known:
            raise ValueError(f"{what}: {field} is {entry[field]!r}: expected {' or '.join(known)}")
    source, licence = TEACHER
    made = {"pack": "", "read": "", "recording": "", "source": source, "licence": licence}
    return BuiltIn(name, **(made | entry))


def choose(table: dict[str, BuiltIn], only: Iterable[str] | None) -> list[BuiltIn]:
    """The voices of some names, or all.

    Raises:
        ValueError: If a name is not in the table.
    """
    names = list(table) if only is None else list(only)
    unknown = [name for name in names if name not in table]
    if unknown:
        raise ValueError(f"no voice {unknown[0]!r}: expected some of {' '.join(table)}")
    return [table[name] for name in names]


def shipped(folder: Path | None = None) -> list[BuiltIn]:
    """The voices that ship, in the table's order.

    Args:
        folder: Folder of voice files; None is that of the package.

    Raises:
        ValueError: If a file has no entry, is of another name, or has another origin or language than its entry.
    """
    table, folder = read_table(), folder or VOICES_FOLDER
    names = {path.stem for path in folder.glob("*.voice")}
    voices = [each for each in table.values() if each.name in names]
    if extra := sorted(names - table.keys()):
        raise ValueError(f"{folder}: {extra[0]} is not in {FILE.name}")
    for each in voices:
        voice = Voice.load(folder / f"{each.name}.voice")
        found = (voice.name, voice.consent, voice.language)
        if found != (each.name, each.origin, each.language):
            raise ValueError(f"{folder}: {each.name} is not that of {FILE.name}: {found}")
    return voices
