"""Voices kept on disk: a SQLite table and one voice file each, in one folder."""

from __future__ import annotations

import re
import secrets
import sqlite3
import time
import unicodedata
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from muspeaker.voice import SUFFIX, Voice

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ID_PREFIX = "voice_"
MAX_NAME_CHARACTERS = 100
ORPHAN_SECONDS = 3600.0
LOCK_SECONDS = 30.0

_ID = re.compile(rf"{ID_PREFIX}[0-9a-f]{{24}}")
_TABLE = """
CREATE TABLE IF NOT EXISTS voices (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  folded_name TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL,
  consent TEXT NOT NULL,
  fingerprint TEXT NOT NULL
) STRICT
"""
_COLUMNS = "id, name, created_at, consent, fingerprint"


@dataclass(frozen=True)
class StoredVoice:
    """One row.

    Attributes:
        id: Identifier made by the store. It names the file.
        name: Name for people, and for `voice` in a request.
        created_at: Unix time in seconds.
        consent: Who agreed to the cloning, and how.
        fingerprint: Fingerprint of the model that made the voice.
    """

    id: str
    name: str
    created_at: int
    consent: str
    fingerprint: str


class NameTakenError(ValueError):
    """Another voice has this name."""


class StoreFullError(ValueError):
    """There is no room for another voice."""


class VoiceStore:
    """The voices of one data folder; several threads and processes may use it together.

    A voice exists if its row does. The file is written before the row and deleted after it, so a crash in
    between leaves at most a file without a row, which the next start removes.

    Args:
        folder: Folder of the files. It is made if it is missing, readable by its owner only.
        max_voices: Number of voices kept, over all processes.

    Raises:
        OSError: If the folder cannot be made.
        ValueError: If there is another kind of file in the place of the database.
    """

    def __init__(self, folder: Path, max_voices: int) -> None:
        self._files = folder / "voices"
        self._database = folder / "voices.sqlite3"
        self._max_voices = max_voices
        self._files.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            with self._connected() as database:
                database.execute(_TABLE)
        except sqlite3.DatabaseError as error:
            message = f"{str(self._database)!r} cannot be used as the list of voices: {error}"
            raise ValueError(message) from error
        self._database.chmod(0o600)
        self._remove_orphans()

    def add(self, voice: Voice, name: str, consent: str) -> StoredVoice:
        """Keep a voice.

        Raises:
            NameTakenError: If another has this name, upper and lower case being the same.
            StoreFullError: If there are max_voices.
        """
        row = StoredVoice(
            f"{ID_PREFIX}{secrets.token_hex(12)}",
            name,
            int(time.time()),
            consent,
            voice.fingerprint,
        )
        path = self._path(row.id)
        voice.save(path)
        try:
            with self._connected() as database:
                database.execute("BEGIN IMMEDIATE")
                self._require_room(database)
                database.execute(
                    f"INSERT INTO voices ({_COLUMNS}, folded_name) VALUES (?, ?, ?, ?, ?, ?)",
                    (row.id, name, row.created_at, consent, row.fingerprint, folded(name)),
                )
        except BaseException as error:
            path.unlink(missing_ok=True)
            if isinstance(error, sqlite3.IntegrityError):
                raise NameTakenError(f"a voice named {name!r} exists already") from error
            raise
        return row

    def all(self) -> list[StoredVoice]:
        """Every voice, oldest first."""
        with self._connected() as database:
            rows = database.execute(f"SELECT {_COLUMNS} FROM voices ORDER BY created_at, id")
            return [StoredVoice(*row) for row in rows]

    def find(self, reference: str) -> StoredVoice | None:
        """The voice with an identifier, else the voice with a name; None if there is none."""
        with self._connected() as database:
            row = database.execute(
                f"SELECT {_COLUMNS} FROM voices WHERE id = ? OR folded_name = ? ORDER BY id != ?",
                (reference, folded(reference), reference),
            ).fetchone()
        return None if row is None else StoredVoice(*row)

    def load(self, row: StoredVoice) -> Voice:
        """The voice of a row.

        Raises:
            FileNotFoundError: If its file is gone.
            ValueError: If its file is damaged.
        """
        return Voice.load(self._path(row.id))

    def has_file(self, row: StoredVoice) -> bool:
        """Whether the file of a row is there."""
        return self._path(row.id).is_file()

    def delete(self, voice_id: str) -> bool:
        """Delete a voice and its file; False if there was none."""
        if _ID.fullmatch(voice_id) is None:
            return False
        with self._connected() as database:
            deleted = database.execute("DELETE FROM voices WHERE id = ?", (voice_id,)).rowcount
        self._path(voice_id).unlink(missing_ok=True)
        return bool(deleted)

    def _require_room(self, database: sqlite3.Connection) -> None:
        (count,) = database.execute("SELECT count(*) FROM voices").fetchone()
        if count >= self._max_voices:
            raise StoreFullError(f"there are {count} voices, the most this server keeps")

    def _path(self, voice_id: str) -> Path:
        return self._files / f"{voice_id}{SUFFIX}"

    def _remove_orphans(self) -> None:
        """Remove old files without a row. A young file may be a voice that another process is adding."""
        known = {row.id for row in self.all()}
        for path in self._files.glob(f"{ID_PREFIX}*{SUFFIX}"):
            is_ours = _ID.fullmatch(path.stem) is not None and path.stem not in known
            if is_ours and time.time() - path.stat().st_mtime > ORPHAN_SECONDS:
                path.unlink(missing_ok=True)

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        """One transaction on a connection of its own."""
        with closing(sqlite3.connect(self._database, timeout=LOCK_SECONDS)) as database, database:
            yield database


def folded(name: str) -> str:
    """A name in the form in which names are compared."""
    return unicodedata.normalize("NFKC", name).casefold().strip()


def checked_name(name: str) -> str:
    """Check that people can read and type a name.

    Raises:
        ValueError: If it is empty, too long, has control characters, or looks like an identifier.
    """
    name = unicodedata.normalize("NFC", name).strip()
    if not 1 <= len(name) <= MAX_NAME_CHARACTERS:
        raise ValueError(f"expected 1 to {MAX_NAME_CHARACTERS} characters, got {len(name)}")
    if any(unicodedata.category(letter).startswith("C") for letter in name):
        raise ValueError("expected no control characters")
    if name.casefold().startswith(ID_PREFIX):
        raise ValueError(
            f"expected a name that does not begin with {ID_PREFIX!r}, as identifiers do"
        )
    return name
