"""A batch from start to end: what is left of a list of jobs, spoken into a folder, and a report."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from muspeaker.batch.crew import share_out
from muspeaker.batch.folder import REPORT, OutputFolder
from muspeaker.batch.speaker import Manner, Refusal
from muspeaker.options import STYLES
from muspeaker.sound.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from muspeaker.batch.crew import Crew
    from muspeaker.batch.jobs import Job
    from muspeaker.tts import Synthesizer
    from muspeaker.voice import Voice

VOICE_OF_ALL = None


@dataclass
class Report:
    """What became of the jobs.

    Attributes:
        jobs: Number of jobs.
        spoken: Number of files that were written.
        kept: Number of files that an earlier run wrote.
        failed: Reason by name of those that could not be spoken.
        speech_seconds: Duration of the files that were written.
        wall_seconds: How long it took, without loading.
        workers: Number of workers.
    """

    jobs: int
    workers: int = 0
    spoken: int = 0
    kept: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    speech_seconds: float = 0.0
    wall_seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """For JSON, rounded."""
        return {k: round(v, 3) if isinstance(v, float) else v for k, v in asdict(self).items()}


def manner_of(
    jobs: Iterable[Job],
    tts: Synthesizer,
    voice: str | None,
    options: Mapping[str, Any],
    suffix: str,
    bit_rate: int | None,
) -> Manner:
    """Find every voice that the jobs name, each once; a recording is cloned.

    Args:
        jobs: Jobs.
        tts: Model.
        voice: Voice of the jobs that name none.
        options: Options of all jobs; `style` is a voice or a name of `STYLES`.
        suffix: Format of the files.
        bit_rate: Bits a second, where the format has them.

    Raises:
        FileNotFoundError: If a voice does not exist.
        ValueError: If it cannot be used; the message has the name of a job that does.
    """
    voices: dict[str | None, Voice] = {VOICE_OF_ALL: tts.voice(voice)}
    for job in jobs:
        for name in (job.voice, job.options.get("style")):
            if name in voices or name in STYLES:
                continue
            try:
                voices[name] = tts.voice(name)
            except (OSError, ValueError) as error:
                raise type(error)(f"{job.name}: {error}") from error
    chosen = dict(options)
    style = chosen.get("style")
    if isinstance(style, str) and style not in STYLES:
        chosen["style"] = tts.voice(style)
    return Manner(voices, chosen, suffix, bit_rate)


class BatchRecorder:
    """Speaks what is left of a list of jobs.

    Args:
        jobs: Jobs, with names of their own.
        folder: Where the files go.
        tts: Model.
        manner: What is the same for all jobs.
        on_progress: Called with the report so far and the share of the work that is done, 0 to 1.
    """

    def __init__(
        self,
        jobs: list[Job],
        folder: Path,
        tts: Synthesizer,
        manner: Manner,
        on_progress: Callable[[Report, float], None] = lambda *_: None,
    ) -> None:
        self._jobs = jobs
        self._folder = OutputFolder(folder, tts.fingerprint, manner)
        self._on_progress = on_progress

    def record(self, crew: Crew, workers: int) -> Report:
        """Have the jobs done that have no file yet, and write the report.

        Raises:
            BlockingIOError: If another batch is writing into the folder.
            OSError: If a file cannot be written.
            RuntimeError: If no worker can be started.
        """
        report = Report(len(self._jobs), workers)
        start = time.monotonic()
        with self._folder.opened():
            left = [job for job in self._jobs if self._folder.kept(job) is None]
            report.kept = len(self._jobs) - len(left)
            left.sort(
                key=lambda job: len(job.text), reverse=True
            )  # long ones last would be waited for
            total = sum(len(job.text) for job in left)
            done = 0
            self._on_progress(report, 0.0)
            for job, outcome in share_out(left, crew, workers):
                done += len(job.text)
                if isinstance(outcome, Refusal):
                    report.failed[job.name] = outcome.reason
                else:
                    self._folder.keep(job, outcome)
                    report.spoken += 1
                    report.speech_seconds += outcome.seconds
                report.wall_seconds = time.monotonic() - start
                self._on_progress(report, done / total)
            text = json.dumps(report.as_dict(), indent=1, ensure_ascii=False)
            write_whole(self._folder.path / REPORT, f"{text}\n".encode())
        return report
