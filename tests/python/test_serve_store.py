"""The voices on disk: restarts, crashes, several processes, damage."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest

from muspeaker.serve.openai.store import (
    ORPHAN_SECONDS,
    NameTakenError,
    StoreFullError,
    VoiceStore,
    checked_name,
)

if TYPE_CHECKING:
    from pathlib import Path

    from muspeaker.voice import Voice

CONSENT = "She agreed, in writing."


@pytest.fixture
def store(tmp_path: Path) -> VoiceStore:
    return VoiceStore(tmp_path / "data", max_voices=100)


def files(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "data" / "voices").iterdir())


def test_a_voice_comes_back_in_another_process(
    store: VoiceStore, voice: Voice, tmp_path: Path
) -> None:
    row = store.add(voice, "Anna", CONSENT)
    again = VoiceStore(tmp_path / "data", max_voices=100)
    assert again.all() == [row]
    assert (row.name, row.consent, row.fingerprint) == ("Anna", CONSENT, voice.fingerprint)
    assert np.array_equal(again.load(row).style, voice.style)


def test_found_by_identifier_first_and_by_folded_name(store: VoiceStore, voice: Voice) -> None:
    anna, strasse = store.add(voice, "Anna", CONSENT), store.add(voice, "Straße", CONSENT)
    assert store.find(anna.id) == anna
    assert store.find("  ANNA ") == anna
    assert store.find("STRASSE") == strasse
    assert store.find("Ann") is None
    assert store.find("' OR 1=1 --") is None


def test_a_taken_name_leaves_no_file(store: VoiceStore, voice: Voice, tmp_path: Path) -> None:
    row = store.add(voice, "Anna", CONSENT)
    with pytest.raises(NameTakenError, match="exists already"):
        store.add(voice, "aNNA", CONSENT)
    assert files(tmp_path) == [f"{row.id}.voice"]


def test_a_full_store_leaves_no_file(voice: Voice, tmp_path: Path) -> None:
    store = VoiceStore(tmp_path / "data", max_voices=1)
    row = store.add(voice, "Anna", CONSENT)
    with pytest.raises(StoreFullError, match="there are 1 voices"):
        store.add(voice, "Bob", CONSENT)
    assert files(tmp_path) == [f"{row.id}.voice"]
    assert store.delete(row.id)
    store.add(voice, "Bob", CONSENT)


def test_deleting_removes_row_and_file(store: VoiceStore, voice: Voice, tmp_path: Path) -> None:
    row = store.add(voice, "Anna", CONSENT)
    assert store.delete(row.id)
    assert not store.delete(row.id)
    assert store.all() == []
    assert files(tmp_path) == []


@pytest.mark.parametrize(
    "voice_id", ["", "..", "voice_", "voice_../../x", "voice_" + "0" * 23 + "/"]
)
def test_only_identifiers_are_deleted(store: VoiceStore, voice_id: str, tmp_path: Path) -> None:
    (tmp_path / "data" / "voices" / f"{voice_id.replace('/', '_')}.voice").touch()
    before = files(tmp_path)
    assert not store.delete(voice_id)
    assert files(tmp_path) == before


def test_old_files_without_a_row_are_removed(
    store: VoiceStore, voice: Voice, tmp_path: Path
) -> None:
    row = store.add(voice, "Anna", CONSENT)
    folder = tmp_path / "data" / "voices"
    orphan, young = (folder / f"voice_{letter * 24}.voice" for letter in "ab")
    foreign = folder / "voice_mine.voice"
    for path in (orphan, young, foreign):
        path.touch()
    past = orphan.stat().st_mtime - ORPHAN_SECONDS - 60
    for path in (orphan, foreign, folder / f"{row.id}.voice"):
        os.utime(path, (past, past))
    VoiceStore(tmp_path / "data", max_voices=100)
    assert files(tmp_path) == sorted([f"{row.id}.voice", young.name, foreign.name])


def test_a_lost_or_damaged_file_is_told_from_a_good_one(
    store: VoiceStore, voice: Voice, tmp_path: Path
) -> None:
    row = store.add(voice, "Anna", CONSENT)
    path = tmp_path / "data" / "voices" / f"{row.id}.voice"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match="damaged"):
        store.load(row)
    assert store.has_file(row)
    path.unlink()
    assert not store.has_file(row)


def test_many_at_once(voice: Voice, tmp_path: Path) -> None:
    stores = [VoiceStore(tmp_path / "data", max_voices=12) for _ in range(2)]

    def add(index: int) -> bool:
        try:
            stores[index % 2].add(voice, f"Voice {index // 2}", CONSENT)
        except (NameTakenError, StoreFullError):
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        added = list(pool.map(add, range(40)))
    assert sum(added) == 12
    assert len({row.name for row in stores[0].all()}) == 12
    assert len(files(tmp_path)) == 12


def test_nobody_else_may_read(store: VoiceStore, tmp_path: Path) -> None:
    assert store.all() == []
    assert stat.S_IMODE((tmp_path / "data" / "voices.sqlite3").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "data" / "voices").stat().st_mode) == 0o700


def test_a_foreign_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "voices.sqlite3").write_bytes(b"not a database, but long enough to be read" * 10)
    with pytest.raises(ValueError, match="cannot be used as the list of voices"):
        VoiceStore(tmp_path, max_voices=1)


@pytest.mark.parametrize(
    ("name", "message"),
    [(" ", "1 to 100"), ("a" * 101, "1 to 100"), ("a\tb", "control"), ("VOICE_x", "identifiers")],
)
def test_names_that_people_cannot_type(name: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        checked_name(name)


def test_names_are_normalised() -> None:
    assert checked_name("  A\u030angstro\u0308m  ") == "\u00c5ngstr\u00f6m"
