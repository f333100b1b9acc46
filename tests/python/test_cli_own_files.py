"""No command destroys the file that it reads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import soundfile

if TYPE_CHECKING:
    import numpy as np


@pytest.mark.parametrize(
    ("args", "read"),
    [
        (("clone", "ben.wav", "-o", "./ben.wav"), "ben.wav"),
        (("clone", "ben.wav", "--force", "-o", "link.voice"), "ben.wav"),
        (("convert", "ben.wav", "--text", "Hi.", "-o", "ben.wav"), "ben.wav"),
        (("edit", "ben.wav", "--from", "Hi.", "--to", "Ho.", "-o", "ben.wav"), "ben.wav"),
        (("say", "Hi.", "--voice", "ben.wav", "-o", "ben.wav"), "ben.wav"),
        (("say", "--file", "a.txt", "--raw", "-o", "a.txt"), "a.txt"),
        (("say", "Hi.", "--style", "ben.wav", "-o", "ben.wav"), "ben.wav"),
        (("say", "-f", "a.srt", "--subtitles", "a.srt", "-o", "o.wav"), "a.srt"),
        (("say", "Hi.", "--lexicon", "a.tsv", "--raw", "-o", "a.tsv"), "a.tsv"),
        (("say", "Hi.", "--model", "a.bin", "--raw", "-o", "a.bin"), "a.bin"),
        (("say", "-f", "speech.wav", "--force"), "speech.wav"),
        (("dialogue", "ben.wav", "--cast", "anna=nell", "-o", "ben.wav"), "ben.wav"),
        (("dialogue", "a.txt", "--cast", "anna=ben.wav", "-o", "ben.wav"), "ben.wav"),
        (("dialogue", "a.txt", "--quotes", "ben.wav", "-o", "ben.wav"), "ben.wav"),
        (("dialogue", "a.srt", "--subtitles", "a.srt", "-o", "o.wav"), "a.srt"),
        (("convert", "a.wav", "--text", "Hi.", "--lexicon", "ben.wav", "-o", "ben.wav"), "ben.wav"),
        (("clone", "ben.wav", "--model", "a.bin", "-o", "a.bin"), "a.bin"),
        (("quantize", "a.bin", "-o", "a.bin"), "a.bin"),
        (("bench", "--model", "a.bin", "--json", "a.bin"), "a.bin"),
        (("batch", "jobs.tsv", "."), "ben.wav"),
        (("batch", "others.tsv", ".", "--voice", "link.voice"), "ben.wav"),
    ],
)
def test_a_file_that_is_read_is_not_written_over(
    run: Any, tone: np.ndarray, args: tuple[str, ...], read: str
) -> None:
    soundfile.write("ben.wav", tone, 24000)
    Path("link.voice").symlink_to("ben.wav")
    soundfile.write("speech.wav", tone, 24000)
    for name in ("a.txt", "a.srt", "a.tsv", "a.bin"):
        Path(name).write_text("Hi.")
    Path("jobs.tsv").write_text("anna\tHi.\nben\tHi.\tben.wav\n")
    Path("others.tsv").write_text("anna\tHi.\nben\tHi.\n")
    before = Path(read).read_bytes()
    refused = run(*args)
    assert refused.exit_code == 1
    assert "is a file that is read: name another one" in refused.stderr
    assert Path(read).read_bytes() == before


def test_a_voice_is_not_written_as_a_sound(run: Any, tone: np.ndarray) -> None:
    soundfile.write("ben.wav", tone, 24000)
    refused = run("clone", "ben.wav", "-o", "anna.wav")
    assert refused.exit_code == 1
    assert "a voice is no sound: expected anna.voice, got anna.wav" in refused.stderr
    assert not Path("anna.wav").exists()


def test_subtitles_and_speech_are_two_files(run: Any) -> None:
    Path("link.srt").symlink_to("a.srt")
    for path in ("a.srt", "./a.srt", "link.srt"):
        refused = run("say", "Hi.", "--raw", "-o", "a.srt", "--subtitles", path)
        assert refused.exit_code == 2
        assert "the same file" in refused.stderr
        assert not Path("a.srt").exists()


def test_force_replaces_the_recording(run: Any, tone: np.ndarray) -> None:
    soundfile.write("ben.wav", tone, 24000)
    refused = run("edit", "ben.wav", "--from", "Hi.", "--to", "Ho.", "-o", "ben.wav", "--force")
    assert "is a file that is read" not in refused.stderr
