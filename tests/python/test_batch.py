"""Many texts into many files: every file whole and once, whoever dies in between."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import soundfile
from typer.testing import CliRunner

import muspeaker
from muspeaker.batch import crew as crews
from muspeaker.batch.crew import Gone, Ready, share_out
from muspeaker.batch.folder import JOURNAL, OutputFolder
from muspeaker.batch.jobs import Job, read_jobs
from muspeaker.batch.processes import START, ProcessCrew
from muspeaker.batch.recorder import BatchRecorder, manner_of
from muspeaker.batch.speaker import JobSpeaker, Refusal, Spoken
from muspeaker.cli import app
from muspeaker.options import STYLES
from muspeaker.voice import Voice
from tests.serving import PATIENCE_SECONDS, wait_until

if TYPE_CHECKING:
    from muspeaker.tts import Synthesizer

SOURCES = str(Path(muspeaker.__file__).parents[1])
forks = pytest.mark.skipif(START != "fork", reason="a fake engine reaches processes by a fork")


def table(folder: Path, text: str, name: str = "jobs.tsv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def lines_of(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / JOURNAL).read_text().splitlines()]


def has_lines(out: Path) -> bool:
    return (out / JOURNAL).is_file() and bool(lines_of(out))


# Lists of jobs


def test_columns_without_headings(tmp_path: Path) -> None:
    path = table(tmp_path, 'a\tHello.\n\nsub/b\tBye, "you".\tanna.voice\r\n')
    assert read_jobs(path) == [
        Job("a", "Hello."),
        Job("sub/b", 'Bye, "you".', "anna.voice"),
    ]


def test_headings_name_options(tmp_path: Path) -> None:
    text = "text\tname\tspeed\tseed\tpayload\tssml\tlanguage\tstyle\n"
    text += "Hi.\ta\t1.5\t7\t9\tyes\ten-gb\tcalm\nBye.\tb\t\t\t\t\t\t\n"
    first, second = read_jobs(table(tmp_path, text))
    whole = {"seed": 7, "payload": 9}
    assert (
        dict(first.options)
        == {"speed": 1.5, "ssml": True, "language": "en-gb", "style": "calm"} | whole
    )
    assert second == Job("b", "Bye.")


def test_json_lines_hold_several_lines_of_text(tmp_path: Path) -> None:
    text = json.dumps({"name": "a", "text": "One.\n\nTwo.", "pause": 1}) + "\n"
    assert read_jobs(table(tmp_path, text, "a.jsonl")) == [
        Job("a", "One.\n\nTwo.", None, {"pause": 1})
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\n", "has no jobs"),
        ("a\tHi.\nb\n", "line 2: it has no text"),
        ("a\tHi.\nA\tHi.\n", "line 2: the name 'A' stands there twice"),
        ("a\tHi.\tanna\tmore\n", "line 1: unknown column '4th column'"),
        ("name\ttext\tcolour\na\tHi.\tred\n", "line 2: unknown column 'colour'"),
        ("name\ttext\tspeed\na\tHi.\tfast\n", "line 2: speed must be a number, got 'fast'"),
        ("name\ttext\tspeed\na\tHi.\t9\n", "line 2: speed must be 0.5 to 2"),
        ("name\ttext\tssml\na\tHi.\tmaybe\n", "line 2: ssml must be true or false"),
        *[
            (f"{name}\tHi.\n", "cannot be the name of a file")
            for name in ("../a", "/a", "a//b", ".a", "a/.", "a:b", "a\\b", "a.", "b" * 201)
        ],
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_jobs(table(tmp_path, text))


@pytest.mark.parametrize("line", ["{", "[]", '{"name": "a", "text": 3}', "[" * 100_000])
def test_a_bad_line_of_json_is_named(tmp_path: Path, line: str) -> None:
    with pytest.raises(ValueError, match="line 1: "):
        read_jobs(table(tmp_path, f"{line}\n", "a.jsonl"))


# Sharing


class Scripted:
    """A crew whose workers die as they are told to."""

    def __init__(self, deaths: list[str]) -> None:
        self.deaths = deaths  # names of jobs, "" for a start
        self.events: list[tuple[int, Any]] = []
        self.hired = 0

    def hire(self) -> int:
        self.hired += 1
        self._answer(self.hired, "", Ready())
        return self.hired

    def give(self, worker: int, job: Job) -> None:
        self._answer(worker, job.name, Spoken(job.name.encode(), 1.0))

    def _answer(self, worker: int, name: str, answer: Any) -> None:
        if name in self.deaths:
            self.deaths.remove(name)
            answer = Gone("it died")
        self.events.append((worker, answer))

    def wait(self) -> list[tuple[int, Any]]:
        events, self.events = self.events, []
        assert events, "nobody is at work"
        return events


JOBS = [Job(name, "Hi.") for name in "abcdefg"]


@pytest.mark.parametrize("size", [1, 2, 20])
@pytest.mark.parametrize("deaths", [[], ["", ""], ["c"], ["g", "g"], ["a", "", "b", "b", "g"]])
def test_every_job_is_done_once(size: int, deaths: list[str]) -> None:
    crew = Scripted(deaths)
    done = list(share_out(JOBS, crew, size))
    assert sorted((job.name, outcome) for job, outcome in done) == [
        (job.name, Spoken(job.name.encode(), 1.0)) for job in JOBS
    ]
    assert deaths == []


def test_a_job_that_kills_its_workers_is_given_up() -> None:
    crew = Scripted(["c"] * crews.MAX_TRIES)
    done = {job.name: outcome for job, outcome in share_out(JOBS, crew, 2)}
    assert done.pop("c") == Refusal("it died, 3 times")
    assert len(done) == len(JOBS) - 1
    assert crew.hired == 2 + crews.MAX_TRIES


def test_workers_that_cannot_start_are_an_error() -> None:
    with pytest.raises(RuntimeError, match="workers cannot start: it died"):
        list(share_out(JOBS, Scripted([""] * 100), 2))


# Processes


def record(tts: Synthesizer, jobs: list[Job], out: Path, **options: Any) -> Any:
    manner = manner_of(jobs, tts, None, options, ".wav", None)
    with ProcessCrew(tts, None, manner) as crew:
        return BatchRecorder(jobs, out, tts, manner).record(crew, 2)


@pytest.fixture
def speaking(tts: Synthesizer, voice: Voice, monkeypatch: pytest.MonkeyPatch) -> Synthesizer:
    """A model that finds one voice under every name."""
    monkeypatch.setattr(type(tts), "voice", lambda *_: voice)
    return tts


@forks
def test_a_worker_that_is_killed_is_replaced(
    speaking: Synthesizer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mark = tmp_path / "killed"
    synthesize = type(speaking).synthesize

    def dying(self: Any, text: str, *args: Any, **options: Any) -> Any:
        if text == "Kill." or (text == "Kill once." and not mark.exists()):
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return synthesize(self, text, *args, **options)

    monkeypatch.setattr(type(speaking), "synthesize", dying)
    texts = ["Hi.", "Kill once.", "Bye.", "Kill.", "\u4f60\u597d"]
    jobs = [Job(f"j{number}", text) for number, text in enumerate(texts)]
    report = record(speaking, jobs, tmp_path / "out")
    assert report.spoken == 3
    assert report.failed.keys() == {"j3", "j4"}
    assert report.failed["j3"] == "the worker ended by signal 9, 3 times"
    assert sorted(line["name"] for line in lines_of(tmp_path / "out")) == ["j0", "j1", "j2"]
    for name in ("j0", "j1", "j2"):
        assert soundfile.info(tmp_path / "out" / f"{name}.wav").frames > 0


@forks
def test_what_was_spoken_is_kept_until_it_changes(speaking: Synthesizer, tmp_path: Path) -> None:
    out = tmp_path / "out"
    jobs = [Job(f"sub/{number}", f"Number {number}.") for number in range(4)]
    assert record(speaking, jobs, out).spoken == 4
    journal = (out / JOURNAL).read_bytes()
    (out / JOURNAL).write_bytes(journal + b'{"name": "sub/3", "key": "torn')
    (out / ".sub.wav.0123456789abcdef.tmp").write_bytes(b"half")
    again = record(speaking, jobs, out)
    assert (again.spoken, again.kept) == (0, 4)
    assert not list(out.glob(".*"))

    (out / "sub/0.wav").write_bytes(b"cut")
    (out / "sub/1.wav").unlink()
    jobs[2] = Job("sub/2", "Another text.")
    assert (report := record(speaking, jobs, out)).spoken == 3
    assert report.kept == 1
    assert record(speaking, jobs, out).kept == 4
    assert record(speaking, jobs, out, speed=2.0).kept == 0


@pytest.mark.parametrize("lost", [1, 2, 40, 10_000])  # bytes, of a line of some 120
def test_a_journal_that_was_cut_short(speaking: Synthesizer, tmp_path: Path, lost: int) -> None:
    jobs = JOBS[:4]
    manner = manner_of(jobs, speaking, None, {}, ".wav", None)
    journal = tmp_path / JOURNAL

    def keep(*chosen: Job) -> list[float | None]:
        folder = OutputFolder(tmp_path, "f", manner)
        with folder.opened():
            found = [folder.kept(job) for job in jobs]
            for job in chosen:
                folder.keep(job, Spoken(job.name.encode(), 1.0))
                written = journal.read_bytes().splitlines()  # at once, not when it is closed
                assert json.loads(written[-1])["name"] == job.name
        return found

    assert keep(*jobs[:2]) == [None] * 4
    first, last = journal.read_bytes().splitlines(keepends=True)
    cut = last[: max(0, len(last) - lost)]
    journal.write_bytes(first + cut)
    second = 1.0 if lost == 1 else None  # a line without its end says all the same
    assert keep(*jobs[1:3]) == [1.0, second, None, None]
    assert keep(jobs[3]) == [1.0, 1.0, 1.0, None]
    assert keep() == [1.0] * 4
    assert journal.read_bytes().startswith(first + cut + (b"\n" if cut else b""))


def test_a_file_that_cannot_be_written_is_in_no_journal(
    speaking: Synthesizer, tmp_path: Path
) -> None:
    folder = OutputFolder(tmp_path, "f", manner_of(JOBS, speaking, None, {}, ".wav", None))
    (tmp_path / "a.wav").mkdir()
    with folder.opened(), pytest.raises(OSError, match=r"a\.wav"):
        folder.keep(JOBS[0], Spoken(b"a", 1.0))
    assert lines_of(tmp_path) == []


@forks
def test_a_style_is_named_or_is_another_voice(
    tts: Synthesizer, engine: Any, voice: Voice, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bert = Voice(voice.vector, 2 * voice.style, name="bert", fingerprint=voice.fingerprint)
    known = {None: voice, "bert": bert}
    monkeypatch.setattr(
        type(tts), "voice", lambda _, given: given if isinstance(given, Voice) else known[given]
    )
    styles = [None, "calm", "lively", "bert"]
    jobs = [Job(f"j{style}", "Hi.", None, {"style": style} if style else {}) for style in styles]
    speaker = JobSpeaker(tts, manner_of(jobs, tts, None, {"style": "calm"}, ".wav", None))
    for job in jobs:
        assert isinstance(speaker.speak(job), Spoken)
    speeds = [call["speed"] for call in engine.calls]
    assert speeds == pytest.approx([STYLES["calm"].speed] * 2 + [STYLES["lively"].speed, 1.0])
    assert [call["style"] is bert.style for call in engine.calls] == [False, False, False, True]

    assert record(tts, jobs, tmp_path, style="calm").spoken == 4
    assert record(tts, jobs, tmp_path, style="calm").kept == 4
    assert record(tts, jobs, tmp_path, style="bert").kept == 3


@pytest.mark.skipif(sys.platform == "win32", reason="needs locks of POSIX")
def test_a_folder_has_one_batch(speaking: Synthesizer, tmp_path: Path) -> None:
    manner = manner_of(JOBS, speaking, None, {}, ".wav", None)
    with OutputFolder(tmp_path, "f", manner).opened():
        other = OutputFolder(tmp_path, "f", manner).opened()
        with pytest.raises(BlockingIOError, match="another batch is writing"), other:
            pass
    with OutputFolder(tmp_path, "f", manner).opened():
        pass


@forks
def test_the_command_reports(
    speaking: Synthesizer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(muspeaker, "load", lambda *_, **__: speaking, raising=False)
    jobs = table(tmp_path, "a\tHello.\nb\t\u4f60\u597d\n")
    arguments = ["batch", str(jobs), str(tmp_path / "out"), "--format", "flac", "--workers", "1"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 1
    assert "1 files" in result.stdout
    assert "1 failed" in result.stdout
    assert "warning: b: " in result.stderr
    assert soundfile.info(tmp_path / "out/a.flac").format == "FLAC"
    report = json.loads((tmp_path / "out/batch.json").read_text())
    assert (report["jobs"], report["spoken"], list(report["failed"])) == (2, 1, ["b"])
    again = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)
    assert (again["spoken"], again["kept"]) == (0, 1)


# Each process waits before its second job until the test goes on, else a busy tester may come when all are done.
WAITING = """
import itertools, pathlib, sys, time
from muspeaker.batch.speaker import JobSpeaker
from muspeaker.cli import main
speak, turns = JobSpeaker.speak, itertools.count()
def waiting(self, job):
    while next(turns) and not pathlib.Path("go on").exists():
        time.sleep(0.01)
    return speak(self, job)
JobSpeaker.speak = waiting
main()
"""


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("victim", ["worker", "parent"])
def test_the_command_survives_a_kill(tmp_path: Path, victim: str) -> None:
    texts = [f"This is number {number}, which takes a little while." for number in range(12)]
    jobs = table(tmp_path, "".join(f"j{i}\t{text}\n" for i, text in enumerate(texts)))
    out = tmp_path / "out"
    arguments = ["batch", str(jobs), str(out), "-w", "2", "--json"]
    starter = [sys.executable, "-c", WAITING, *arguments]
    environment = os.environ | {"PYTHONPATH": SOURCES}
    with subprocess.Popen(
        starter, env=environment, cwd=tmp_path, stdout=subprocess.PIPE, text=True
    ) as running:
        wait_until(lambda: has_lines(out) or running.poll() is not None)
        workers = children(running.pid)
        os.kill(workers[0] if victim == "worker" else running.pid, signal.SIGKILL)
        (tmp_path / "go on").touch()
        report, _ = running.communicate(timeout=PATIENCE_SECONDS)
    if victim == "parent":
        wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))
        before = {line["name"]: (out / line["file"]).stat().st_mtime_ns for line in lines_of(out)}
        assert 1 <= len(before) < len(texts)
        command = [sys.executable, "-m", "muspeaker", *arguments]
        report = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=True
        ).stdout
        assert json.loads(report)["kept"] == len(before)
        for name, changed in before.items():
            assert (out / f"{name}.wav").stat().st_mtime_ns == changed
    else:
        assert json.loads(report)["spoken"] == len(texts)
    assert sorted(line["name"] for line in lines_of(out)) == sorted(
        f"j{i}" for i in range(len(texts))
    )
    for line in lines_of(out):
        assert soundfile.info(out / line["file"]).duration == pytest.approx(
            line["seconds"], abs=1e-3
        )
    assert not list(out.glob(".*"))
