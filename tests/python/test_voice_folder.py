"""The voices that a server offers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from muspeaker.serve.voice_folder import VoiceFolder
from muspeaker.voice import Voice

if TYPE_CHECKING:
    from pathlib import Path

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
