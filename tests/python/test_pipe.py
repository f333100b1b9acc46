"""The command in real pipes of the shell, with the model that ships."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

import muspeaker

SAY = f"{sys.executable} -m muspeaker say"
TEXT = "Speech in a pipe. Two sentences."


def shell(command: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    package = Path(muspeaker.__file__).resolve().parents[1]
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        cwd=folder, env=os.environ | {"PYTHONPATH": str(package)}, capture_output=True, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def spoken() -> muspeaker.Audio:
    return muspeaker.load(num_threads=1).synthesize(TEXT, muspeaker.Voice.builtin())


def test_text_in_and_samples_out(tmp_path: Path, spoken: muspeaker.Audio) -> None:
    done = shell(f"echo '{TEXT}' | {SAY} --raw --threads 1 | cat > a.pcm", tmp_path)
    assert (done.returncode, done.stderr) == (0, b"")
    assert (tmp_path / "a.pcm").read_bytes() == spoken.encode(".pcm")


def test_wav_out_and_into_a_clone(tmp_path: Path, spoken: muspeaker.Audio) -> None:
    done = shell(f"{SAY} '{TEXT}' -o - --threads 1 > a.wav", tmp_path)
    assert (done.returncode, done.stderr) == (0, b"")
    samples, rate = soundfile.read(tmp_path / "a.wav", dtype="float32")
    assert rate == spoken.sample_rate
    np.testing.assert_allclose(samples, np.clip(spoken.samples, -1, 1), atol=1e-4)
    again = shell(f"echo '{TEXT}' | {SAY} --voice a.wav -o b.wav", tmp_path)
    assert again.returncode == 0, again.stderr
    assert b"b.wav: " in again.stdout


def test_a_reader_that_leaves_is_no_crash(tmp_path: Path) -> None:
    done = shell(f"{SAY} '{TEXT}' --raw --threads 1 | head -c 10 | wc -c", tmp_path)
    assert done.stdout.strip() == b"10"
    assert done.returncode == 1  # of the speaker
    assert done.stderr == b""


def test_errors_go_to_standard_error(tmp_path: Path) -> None:
    done = shell(f"echo '?!' | {SAY} --raw", tmp_path)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.startswith(b"error: nothing to speak in")
    assert shell(f"{SAY} < /dev/null", tmp_path).returncode == 2
    assert list(tmp_path.iterdir()) == []


def test_completion_for_the_shell(tmp_path: Path) -> None:
    done = shell(f"{sys.executable} -m muspeaker --show-completion bash", tmp_path)
    assert done.returncode == 0, done.stderr
    assert b"complete" in done.stdout
