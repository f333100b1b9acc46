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
    ],
)
def test_a_file_that_is_read_is_not_written_over(
    run: Any, tone: np.ndarray, args: tuple[str, ...], read: str
) -> None:
    soundfile.write("ben.wav", tone, 24000)
    Path("link.voice").symlink_to("ben.wav")
    Path("a.txt").write_text("Hi.")
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
