"""The voices that a server offers."""

from __future__ import annotations

import os
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from muspeaker.serve.voice_folder import VoiceFolder
from muspeaker.voice import _PREAMBLE, MAGIC, Voice

if TYPE_CHECKING:
    from muspeaker.tts import Synthesizer


@pytest.fixture
def folder(voice: Voice, tmp_path: Path) -> Path:
    """Two voices."""
    voice.save(tmp_path / "anna.voice")
    bert = Voice(voice.vector, voice.style, name="Bert B.", fingerprint=voice.fingerprint)
    bert.save(tmp_path / "bert.voice")
    return tmp_path


def test_new_voices_need_no_restart(tts: Synthesizer, voice: Voice, folder: Path) -> None:
    voices = VoiceFolder(tts.fingerprint, folder, default="anna")
    assert set(voices.voices()) == {"anna", "bert"}
    voice.save(folder / "carla.voice")
    assert set(voices.voices()) == {"anna", "bert", "carla"}
    assert voices.get("carla") is voices.get("carla")  # read once
    assert voices.get("Bert B.") is voices.get("bert")
    (folder / "carla.voice").unlink()
    with pytest.raises(ValueError, match="unknown voice 'carla': expected one of anna, bert"):
        voices.get("carla")
    with pytest.raises(ValueError, match=r"unknown voice '\.\./anna'"):
        voices.get("../anna")


def test_a_folder_without_voices_is_refused(tts: Synthesizer, voice: Voice, tmp_path: Path) -> None:
    with pytest.raises(NotADirectoryError):
        VoiceFolder(tts.fingerprint, tmp_path / "none")
    with pytest.raises(ValueError, match="no voice of model"):
        VoiceFolder(tts.fingerprint, tmp_path)
    voice.save(tmp_path / "anna.voice")
    with pytest.raises(ValueError, match="unknown voice 'zoe'"):
        VoiceFolder(tts.fingerprint, tmp_path, default="zoe")


def damaged(header: bytes) -> bytes:
    """A voice file with this header and the checksum that belongs to it."""
    return _PREAMBLE.pack(MAGIC, 1, len(header), zlib.crc32(header)) + header


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes and names in bytes are POSIX's")
def test_bad_files_are_skipped_with_one_warning_each(
    tts: Synthesizer, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "deep.voice").write_bytes(damaged(b'{"a":' + 100_000 * b"[" + b"}"))
    os.mkfifo(folder / "pipe.voice")
    (folder / "dangling.voice").symlink_to(folder / "nowhere")
    (folder / "folder.voice").mkdir()
    whole = (folder / "anna.voice").read_bytes()
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff.voice")).write_bytes(whole)
    voices = VoiceFolder(tts.fingerprint, folder)
    for _ in range(3):
        assert {"anna", "bert"} <= set(voices.voices())
        assert not {"deep", "pipe", "dangling", "folder", "\udcff"} & set(voices.voices())
    said = [record.getMessage() for record in caplog.records]
    warned = [message for message in said if folder.name in message]
    assert len(warned) == 5
    for reason in (
        "damaged header",
        "pipe or a device",
        "No such file",
        "is a folder",
        "no text",
    ):
        assert sum(reason in message for message in warned) == 1


def test_a_name_is_text(voice: Voice) -> None:
    with pytest.raises(ValueError, match="name has a lone surrogate"):
        Voice(voice.vector, voice.style, name="a\ud800", fingerprint=voice.fingerprint)


def test_a_stored_name_is_text(voice: Voice, tmp_path: Path) -> None:
    voice.save(tmp_path / "a.voice")
    data = (tmp_path / "a.voice").read_bytes()
    body = data[_PREAMBLE.size :].replace(b'"name": "anna"', b'"name":"\\ud800"')
    header_bytes = body.index(b"}") + 1
    (tmp_path / "a.voice").write_bytes(
        _PREAMBLE.pack(MAGIC, 1, header_bytes, zlib.crc32(body)) + body
    )
    with pytest.raises(ValueError, match="lone surrogate"):
        Voice.load(tmp_path / "a.voice")
