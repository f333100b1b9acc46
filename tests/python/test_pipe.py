"""The command in real pipes and terminals, with the model that ships."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import soundfile

import muspeaker

SAY = f"{sys.executable} -m muspeaker say"
TEXT = "Speech in a pipe. Two sentences."
TIME_LEFT = re.compile(rb" [1-9]\d? % [^\r]*?\d:\d\d:\d\d")


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
    """A program finds the shell among its parents, so bash must stay one: `-c` with one command is replaced by it."""
    command = tmp_path / "muspeaker"
    command.write_text(f"#!{sys.executable}\nfrom muspeaker.cli import main\nmain()\n")
    command.chmod(0o755)
    begun = "COMP_WORDS=(muspeaker dia); COMP_CWORD=1; _muspeaker_completion ./muspeaker"
    script = f'script=$(./muspeaker --show-completion) && eval "$script" && {begun}'
    done = shell(f'{script} && echo "${{COMPREPLY[@]}}"', tmp_path)
    assert (done.returncode, done.stdout) == (0, b"dialogue\n"), done.stderr


def test_a_recording_as_telephones_make_it(tmp_path: Path) -> None:
    pytest.importorskip("av", reason="needs muspeaker[media]")
    done = shell(f"{SAY} '{TEXT}' -o a.m4a && {SAY} Hi. --voice a.m4a -o b.wav --json", tmp_path)
    assert done.returncode == 0, done.stderr
    assert b'"voice": "a"' in done.stdout
    assert soundfile.info(tmp_path / "b.wav").duration > 0.2


def book(folder: Path, chapters: int) -> None:
    pages = [
        f"# Chapter {n}\n\nIt rained on day {n}, and nobody went out." for n in range(chapters)
    ]
    (folder / "lake.md").write_text("\n\n".join(pages))


def test_a_book_is_heard_while_it_is_spoken(tmp_path: Path) -> None:
    book(tmp_path, chapters=1500)  # too long for one text
    environment = os.environ | {"PYTHONPATH": str(Path(muspeaker.__file__).resolve().parents[1])}
    # processor time, which no load changes; the whole, more than an hour of speech, takes more
    command = f"ulimit -t 8 && exec {SAY} lake.md --raw --threads 1"
    with subprocess.Popen(
        ["bash", "-c", command], cwd=tmp_path, env=environment, stdout=subprocess.PIPE
    ) as speaking:
        assert speaking.stdout is not None
        assert len(speaking.stdout.read(48_000)) == 48_000  # the first second
        assert speaking.poll() is None
        speaking.stdout.close()
        assert speaking.wait(60) == 1  # as of any pipe whose reader has left


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs POSIX")
def test_a_terminal_shows_the_time_left_of_a_book(tmp_path: Path) -> None:
    book(tmp_path, chapters=15)
    ours, its = os.openpty()
    environment = os.environ | {"PYTHONPATH": str(Path(muspeaker.__file__).resolve().parents[1])}
    environment |= {"TERM": "xterm", "COLUMNS": "100"}
    command = [*SAY.split(), "lake.md", "-o", "lake.mp3"]
    seen = b""
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=its, stderr=its
    ) as speaking:
        os.close(its)
        with suppress(OSError):  # the terminal's end
            while not TIME_LEFT.search(seen):
                seen += os.read(ours, 1 << 16)
        speaking.send_signal(signal.SIGKILL)
    os.close(ours)
    assert TIME_LEFT.search(seen), seen[-500:]
