"""What `muspeaker bench` says and how it fails; never how fast anything is."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner, Result

from muspeaker import bench
from muspeaker.cli import app
from muspeaker.tts import Synthesizer

if TYPE_CHECKING:
    import numpy as np

    from muspeaker.voice import Voice

TINY = Path(__file__).parents[1] / "golden" / "v1-q8.bin"


@pytest.fixture(scope="module")
def measured() -> bench.Result:
    return bench.measure(TINY, num_threads=1, text="Take a back deck.", repeats=1)


@pytest.fixture
def one_process(measured: bench.Result, monkeypatch: pytest.MonkeyPatch) -> None:
    """No further process is started: each gives what the one of `measured` gave."""
    run = {
        "start_bytes": measured.start_bytes,
        "load_cpu": measured.load.cpu_seconds,
        "load_wall": measured.load.wall_seconds,
        "cold_cpu": measured.cold.cpu_seconds,
        "cold_wall": measured.cold.wall_seconds,
        "peak_bytes": measured.peak_bytes,
    }
    monkeypatch.setattr(bench, "run_in_fresh_process", lambda *_, **__: run)


def run(*args: str) -> Result:
    return CliRunner().invoke(app, ["bench", *args])


def test_measures_every_figure(measured: bench.Result) -> None:
    shown = bench.result_as_dict(measured)
    parts = shown.pop("parts_rtf_cpu")
    assert all(value > 0 for value in shown.values()), shown
    assert all(value >= 0 for value in parts.values()), parts
    assert measured.peak_bytes > measured.start_bytes
    assert measured.rtf_cpu == measured.speak.cpu_seconds / measured.audio_seconds
    assert measured.rtf_wall == measured.speak.wall_seconds / measured.audio_seconds


def test_report_is_plain_data(measured: bench.Result) -> None:
    report = json.loads(json.dumps(bench.report(TINY, [measured])))
    assert report["model"]["name"] == "tiny"
    assert report["model"]["bytes"] == TINY.stat().st_size
    assert report["machine"]["cores"] >= 1
    assert [result["num_threads"] for result in report["results"]] == [1]


def test_parts_and_the_rest_are_given_by_second_of_speech(
    tts: Synthesizer, voice: Voice, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = tts.synthesize("Hello there.", voice).duration
    totals = iter([{"vocoder": 1.0, "clone": 2.0}, {"clone": 2.0, "decoder": 0.5, "vocoder": 4.0}])
    monkeypatch.setattr(Synthesizer, "timings", property(lambda _: next(totals)))
    parts = bench.parts_of(tts, voice, "Hello there.")
    assert list(parts) == ["decoder", "vocoder", bench.REMAINDER]  # what did not run is left out
    assert parts["vocoder"] == pytest.approx(3.0 / seconds)
    assert parts["decoder"] == pytest.approx(0.5 / seconds)
    assert parts[bench.REMAINDER] == 0.0  # never negative


def test_the_least_of_several_runs_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu, wall = iter([0.0, 5.0, 5.0, 7.0]), iter([0.0, 1.0, 1.0, 9.0])
    monkeypatch.setattr(bench.time, "process_time", lambda: next(cpu))
    monkeypatch.setattr(bench.time, "perf_counter", lambda: next(wall))
    assert bench.best_of(lambda: None, 2) == bench.Cost(2.0, 1.0)


def test_peak_memory_counts_what_was_freed() -> None:
    code = """
import numpy as np
from muspeaker.bench import peak_bytes
before = peak_bytes()
np.ones(8_000_000)
print(peak_bytes() - before)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 50e6 < int(done.stdout) < 100e6


def test_peak_memory_is_not_that_of_the_process_before(tmp_path: Path) -> None:
    voice = tmp_path / "tiny.voice"
    tts = bench.load(TINY, num_threads=1)
    tts.clone((bench.generated_prompt(), bench.PROMPT_RATE_HZ)).save(voice)
    ballast = bytearray(300_000_000)
    request = {"num_threads": 1, "voice": voice, "text": "Take a back deck."}
    assert bench.run_in_fresh_process(TINY, **request)["peak_bytes"] < len(ballast)


def test_a_failing_process_says_why(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"ended with 1: .*no\.voice"):
        bench.run_in_fresh_process(TINY, num_threads=1, voice=tmp_path / "no.voice", text="Take.")


def test_repeats_are_checked() -> None:
    with pytest.raises(ValueError, match="repeats must be at least 1, got 0"):
        bench.measure(TINY, repeats=0)


@pytest.mark.usefixtures("one_process")
def test_command_shows_a_table_and_writes_json(tmp_path: Path) -> None:
    path = tmp_path / "bench.json"
    result = run("-m", str(TINY), "--threads", "1", "--repeats", "1", "--json", str(path))
    assert result.exit_code == 0, result.output
    for label in (
        "RTF, CPU",
        "RTF, wall",
        "first chunk",
        "clone",
        "load",
        "peak memory",
        "1 thread",
    ):
        assert label in result.output
    assert json.loads(path.read_text())["model"]["weight_type"] == "q8"


@pytest.mark.usefixtures("one_process")
def test_command_clones_a_recording_and_writes_json_alone(tmp_path: Path, tone: np.ndarray) -> None:
    soundfile = pytest.importorskip("soundfile")
    prompt = tmp_path / "prompt.wav"
    soundfile.write(prompt, tone, 24000)
    threads = ("--threads", "2", "--threads", "1", "--threads", "2")
    args = ("-m", str(TINY), "--prompt", str(prompt), "--repeats", "1", *threads)
    result = run(*args, "--json", "-")
    assert result.exit_code == 0, result.output
    results = json.loads(result.stdout)["results"]
    assert [one["num_threads"] for one in results] == [2, 1]


@pytest.mark.parametrize(
    ("args", "exit_code", "message"),
    [
        (("-m", "no.bin"), 1, "error: model file 'no.bin' does not exist"),
        (("-m", str(TINY), "--prompt", "no.wav"), 1, "error: prompt file 'no.wav' does not exist"),
        (("-m", str(TINY), "--threads", "0"), 2, "--threads"),
        (("--repeats", "none"), 2, "--repeats"),
        (("--colour",), 2, "No such option"),
    ],
)
def test_command_fails_with_1_or_2(args: tuple[str, ...], exit_code: int, message: str) -> None:
    result = run(*args)
    assert result.exit_code == exit_code
    assert message in result.output
