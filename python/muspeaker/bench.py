"""The cost of speaking on this machine: CPU and wall seconds, memory, by part and by number of threads.

CPU seconds are the sum over all threads. On a busy machine they are the figure to read: wall
seconds also count the time in which other programs ran.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from muspeaker.loading import DEFAULT_MODEL, load
from muspeaker.threads import available_cores
from muspeaker.voice import Voice

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from muspeaker.sound.recording import RecordingLike
    from muspeaker.tts import Synthesizer

TEXT = (
    "The birch canoe slid on the smooth planks. Glue the sheet to the dark blue background. "
    "It is easy to tell the depth of a well. These days a chicken leg is a rare dish."
)
TEN_WORDS = "The birch canoe slid on the smooth and shiny planks."
PROMPT_SECONDS = 5.0
PROMPT_RATE_HZ = 22050
REMAINDER = "text and Python"
# The instruction sets that the kernels use, as Linux names them.
INSTRUCTION_SETS = (
    *("avx2", "fma", "avx_vnni", "avx512f", "avx512_vnni"),
    *("asimd", "asimddp", "i8mm"),
)
_CHILD = """
import json, sys
from muspeaker.bench import in_fresh_process
json.dump(in_fresh_process(**json.loads(sys.argv[1])), sys.stdout)
"""


@dataclass(frozen=True)
class Cost:
    """The least CPU time and the least wall time of several runs.

    Attributes:
        cpu_seconds: CPU time of the process, summed over its threads.
        wall_seconds: Elapsed time.
    """

    cpu_seconds: float
    wall_seconds: float


@dataclass(frozen=True)
class Result:
    """The cost of one model at one number of threads.

    Attributes:
        num_threads: Number of threads of the engine.
        audio_seconds: Length of the speech that `speak` made.
        speak: Cost of text to samples.
        parts: CPU seconds of each part for a second of speech, in the order of work.
        first_chunk: Cost of the first chunk of a sentence of ten words, from the call of `stream` on.
        first_chunk_seconds: Length of that chunk.
        clone: Cost of a prompt to a voice.
        load: Cost of `muspeaker.load` in a new process.
        cold: Cost of the first chunk in that process, which also loads the text front end.
        peak_bytes: Highest resident memory of a new process that loads and speaks.
        start_bytes: Resident memory before loading: Python and its packages.
    """

    num_threads: int
    audio_seconds: float
    speak: Cost
    parts: dict[str, float]
    first_chunk: Cost
    first_chunk_seconds: float
    clone: Cost
    load: Cost
    cold: Cost
    peak_bytes: int
    start_bytes: int

    @property
    def rtf_cpu(self) -> float:
        """CPU seconds for a second of speech."""
        return self.speak.cpu_seconds / self.audio_seconds

    @property
    def rtf_wall(self) -> float:
        """Wall seconds for a second of speech."""
        return self.speak.wall_seconds / self.audio_seconds


def best_of(work: Callable[[], object], repeats: int) -> Cost:
    """Run something several times. Other programs can only add to a run, so the least is closest."""
    cpu_seconds, wall_seconds = [], []
    for _ in range(repeats):
        cpu_started, wall_started = time.process_time(), time.perf_counter()
        work()
        cpu_seconds.append(time.process_time() - cpu_started)
        wall_seconds.append(time.perf_counter() - wall_started)
    return Cost(min(cpu_seconds), min(wall_seconds))


def generated_prompt(seconds: float = PROMPT_SECONDS, seed: int = 0) -> NDArray[np.float32]:
    """Harmonics of a gliding pitch, alternating with noise, as loud as speech; (samples,) float32 at 22.05 kHz."""
    rng = np.random.default_rng(seed)
    at = np.arange(round(seconds * PROMPT_RATE_HZ)) / PROMPT_RATE_HZ
    phase = 2 * np.pi * np.cumsum(150 + 40 * np.sin(2 * np.pi * 0.7 * at)) / PROMPT_RATE_HZ
    voiced = sum((np.sin(k * phase) / k for k in range(1, 20)), np.zeros_like(at))
    noise = rng.standard_normal(at.size)
    hiss = (at * 5).astype(int) % 4 == 3  # 50 ms in 200
    return np.where(hiss, 0.03 * noise, 0.1 * voiced + 0.002 * noise).astype(np.float32)


def measure(
    model: Path | None = None,
    *,
    num_threads: int = 1,
    prompt: Path | None = None,
    text: str = TEXT,
    repeats: int = 3,
) -> Result:
    """Measure one model at one number of threads.

    Args:
        model: Model file; None is the one that ships.
        num_threads: Number of threads of the engine.
        prompt: Recording to clone; None is 5 s of generated sound.
        text: Text that is spoken.
        repeats: Number of runs of each measurement; the least counts.

    Raises:
        OSError: If a file cannot be read.
        RuntimeError: If the new process fails.
        TypeError: If an argument has another type.
        ValueError: If an argument is out of range.
    """
    if repeats < 1:
        raise ValueError(f"repeats must be at least 1, got {repeats}")
    tts = load(model, num_threads=num_threads)
    heard: RecordingLike = (generated_prompt(), PROMPT_RATE_HZ) if prompt is None else prompt
    voice = tts.clone(heard, name="bench")
    audio_seconds = tts.synthesize(text, voice).duration  # and warm
    speak = best_of(lambda: tts.synthesize(text, voice), repeats)
    chunk = next(iter(tts.stream(TEN_WORDS, voice)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.voice"
        voice.save(path)
        fresh = [
            run_in_fresh_process(model, num_threads=num_threads, voice=path, text=text)
            for _ in range(repeats)
        ]
    return Result(
        num_threads=num_threads,
        audio_seconds=audio_seconds,
        speak=speak,
        parts=parts_of(tts, voice, text),
        first_chunk=best_of(lambda: next(iter(tts.stream(TEN_WORDS, voice))), repeats),
        first_chunk_seconds=chunk.duration,
        clone=best_of(lambda: tts.clone(heard, name="bench"), repeats),
        load=Cost(*(min(run[key] for run in fresh) for key in ("load_cpu", "load_wall"))),
        cold=Cost(*(min(run[key] for run in fresh) for key in ("cold_cpu", "cold_wall"))),
        peak_bytes=int(min(run["peak_bytes"] for run in fresh)),
        start_bytes=int(min(run["start_bytes"] for run in fresh)),
    )


def parts_of(tts: Synthesizer, voice: Voice, text: str) -> dict[str, float]:
    """CPU seconds of each part of the engine, and of all the rest, for a second of speech."""
    audio_seconds = 0.0
    before = tts.timings
    started = time.process_time()
    for chunk in tts.stream(text, voice):
        audio_seconds += chunk.duration
    whole = time.process_time() - started
    parts = {part: total - before.get(part, 0.0) for part, total in tts.timings.items()}
    parts = {part: seconds for part, seconds in parts.items() if seconds > 0}
    parts[REMAINDER] = max(0.0, whole - sum(parts.values()))
    return {part: seconds / audio_seconds for part, seconds in parts.items()}


def run_in_fresh_process(
    model: Path | None, *, num_threads: int, voice: Path, text: str
) -> dict[str, float]:
    """Run `in_fresh_process` in a new interpreter, with this one's environment.

    Raises:
        RuntimeError: If it fails, with the last line that it wrote.
    """
    request = {
        "model": None if model is None else str(model),
        "num_threads": num_threads,
        "voice": str(voice),
        "text": text,
    }
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, json.dumps(request)],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["(no message)"])[-1]
        raise RuntimeError(f"the measuring process ended with {done.returncode}: {last}")
    result: dict[str, float] = json.loads(done.stdout)
    return result


def in_fresh_process(
    model: str | None, num_threads: int, voice: str, text: str
) -> dict[str, float]:
    """Load, speak the first chunk of ten words, then speak the text; keep no speech.

    Returns:
        Seconds to load (`load_*`), to the first chunk of the ten words (`cold_*`, which also loads the text
        front end) and to speak the text; the length of its speech; memory before loading and at its peak.
    """
    start_bytes = peak_bytes()
    cpu_started, wall_started = time.process_time(), time.perf_counter()
    tts = load(model, num_threads=num_threads)
    load_cpu, load_wall = time.process_time() - cpu_started, time.perf_counter() - wall_started
    speaker = Voice.load(voice)
    cold = best_of(lambda: next(iter(tts.stream(TEN_WORDS, speaker))), 1)
    cpu_started = time.process_time()
    audio_seconds = sum(chunk.duration for chunk in tts.stream(text, speaker))
    return {
        "start_bytes": start_bytes,
        "load_cpu": load_cpu,
        "load_wall": load_wall,
        "cold_cpu": cold.cpu_seconds,
        "cold_wall": cold.wall_seconds,
        "speak_cpu": time.process_time() - cpu_started,
        "audio_seconds": audio_seconds,
        "peak_bytes": peak_bytes(),
    }


def peak_bytes() -> int:
    """Highest resident memory of this process so far.

    Read from /proc on Linux, where getrusage also counts the process that started this one.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    import resource  # noqa: PLC0415 (absent on Windows)

    kilobytes_each = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * kilobytes_each


def machine() -> dict[str, str | int | float]:
    """Facts needed to read the figures: processor, available cores, load average and the like."""
    name, flags = platform.processor() or platform.machine(), set[str]()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                name = value.strip()
            elif key.strip() in {"flags", "Features"}:
                flags.update(value.split())
    load_average = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return {
        "processor": name,
        "architecture": platform.machine(),
        "instruction_sets": " ".join(flag for flag in INSTRUCTION_SETS if flag in flags),
        "cores": available_cores(),
        "load_average": round(load_average, 2),
        "forced_isa": os.environ.get("MUSPEAKER_CPU_ISA", ""),
        "python": platform.python_version(),
    }


def report(model: Path | None, results: Sequence[Result]) -> dict[str, Any]:
    """Everything as plain data, for JSON."""
    tts = load(model, num_threads=1)
    return {
        "model": {
            "name": tts.config.get("name"),
            "weight_type": tts.config.get("weight_type"),
            "fingerprint": tts.fingerprint,
            "parameters": tts.num_parameters,
            "bytes": (model or DEFAULT_MODEL).stat().st_size,
        },
        "machine": machine(),
        "results": [result_as_dict(result) for result in results],
    }


def result_as_dict(result: Result) -> dict[str, Any]:
    """One result as plain data, seconds and bytes, with the two real-time factors."""
    costs = ("speak", "first_chunk", "clone", "load", "cold")
    return {
        "num_threads": result.num_threads,
        "rtf_cpu": result.rtf_cpu,
        "rtf_wall": result.rtf_wall,
        "parts_rtf_cpu": result.parts,
        "audio_seconds": result.audio_seconds,
        **{
            f"{cost}_{kind}_seconds": getattr(getattr(result, cost), f"{kind}_seconds")
            for cost in costs
            for kind in ("cpu", "wall")
        },
        "first_chunk_audio_seconds": result.first_chunk_seconds,
        "peak_bytes": result.peak_bytes,
        "start_bytes": result.start_bytes,
    }
