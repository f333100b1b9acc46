"""`muspeaker batch`: many texts into many files."""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager, redirect_stdout
from pathlib import Path  # noqa: TC003 (typer reads it at run time)
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

import muspeaker
from muspeaker.batch.jobs import OPTION_COLUMNS, read_jobs
from muspeaker.batch.recorder import BatchRecorder, manner_of
from muspeaker.cli.speech_options import JsonOption, VoiceOption, files_of, takes_speech_options
from muspeaker.cli.terminal import ModelOption, failing_cleanly, print_json, to_stdout, warn
from muspeaker.sound.files import check_is_not, names_file
from muspeaker.sound.writers import (
    MAX_BIT_RATE,
    MEDIA_FORMATS,
    MIN_BIT_RATE,
    check_bit_rate,
    known_suffix,
)
from muspeaker.threads import MAX_THREADS, available_cores

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from muspeaker.batch.jobs import Job
    from muspeaker.batch.recorder import Report

LINE_SECONDS = 30.0  # between lines of progress where no bar can be shown
JOBS_HELP = (
    "List of jobs: tab-separated columns name, text and perhaps voice; or, after a line of headings, any of "
    f"name, text, voice, {', '.join(OPTION_COLUMNS)}. A .jsonl file has a JSON object a line."
)
RAY_HELP = (
    "Address of a Ray cluster whose machines share the work, such as auto or 10.0.0.1:6379; "
    "local starts one here. Needs muspeaker[ray]."
)
WORKERS_HELP = (
    "Texts at once, each on a core. Default: the cores of this machine, or of the cluster."
)


@takes_speech_options()
def batch(  # noqa: PLR0913, PLR0917 (one parameter an option of the command line)
    jobs: Annotated[Path, typer.Argument(help=JOBS_HELP)],
    out: Annotated[Path, typer.Argument(help="Folder of the files, made if it is missing.")],
    sound_format: Annotated[
        str, typer.Option("--format", "-f", help="Format of the files, such as flac.")
    ] = "wav",
    bit_rate: Annotated[
        int | None,
        typer.Option(
            min=MIN_BIT_RATE, max=MAX_BIT_RATE, help="Bits per second, where it has them."
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", "-w", min=1, max=4096, help=WORKERS_HELP)
    ] = None,
    ray: Annotated[str | None, typer.Option("--ray", metavar="ADDRESS", help=RAY_HELP)] = None,
    as_json: JsonOption = False,
    voice: VoiceOption = None,
    model: ModelOption = None,
    **options: Any,
) -> None:
    """Speak many texts into many files, several at once.

    Stopped, or killed, the same command goes on where it was: every file is whole, and is not spoken again
    unless its text, voice or options have changed. The options are those of jobs that have none of their own.
    """
    with failing_cleanly():
        suffix = known_suffix(sound_format)
        if suffix in MEDIA_FORMATS:
            raise typer.BadParameter(f"{suffix} files cannot be made in a batch")
        check_bit_rate(bit_rate, suffix)
        listed = read_jobs(jobs)
        if workers is not None and ray is None and workers > MAX_THREADS:
            raise typer.BadParameter(f"--workers must be at most {MAX_THREADS} on one machine")
        _check_keeps(listed, out, suffix, (jobs, voice, model, *files_of(options)))
        tts = muspeaker.load(model, num_threads=1)
        manner = manner_of(listed, tts, voice, options, suffix, bit_rate)
        with _progress() as show:
            recorder = BatchRecorder(listed, out, tts, manner, show)
            report = _record(recorder, tts, model, manner, workers, ray)
    _tell(report, out, as_json=as_json)


def _check_keeps(
    listed: Sequence[Job], out: Path, suffix: str, sources: Iterable[str | Path | None]
) -> None:
    """Raise FileExistsError if a job would write over a file that it or another reads."""
    named = {*sources, *(v for job in listed for v in (job.voice, job.options.get("style")))}
    read = {
        os.path.realpath(source) for source in named if source is not None and names_file(source)
    }
    for job in listed:
        path = out / f"{job.name}{suffix}"
        if os.path.realpath(path) in read:  # many jobs, many voices: not each compared with each
            check_is_not(path, path)


def _record(
    recorder: BatchRecorder,
    tts: Any,
    model: Path | None,
    manner: Any,
    workers: int | None,
    address: str | None,
) -> Report:
    try:
        if address is not None:
            from muspeaker.batch.cluster import RayCrew  # noqa: PLC0415 (an extra)

            # Ray tells of workers that died on standard output, which is for the report
            with redirect_stdout(sys.stderr), RayCrew(address, tts, model, manner) as cluster:
                return recorder.record(cluster, workers or cluster.cores)
        from muspeaker.batch.processes import ProcessCrew  # noqa: PLC0415 (a cluster needs none)

        with ProcessCrew(tts, model, manner) as processes:
            return recorder.record(processes, workers or available_cores())
    except ModuleNotFoundError as error:
        raise RuntimeError(f"{error}: pip install 'muspeaker[ray]'") from error
    except KeyboardInterrupt:
        typer.echo("stopped; the same command goes on where it was", err=True)
        raise typer.Exit(1) from None


@contextmanager
def _progress() -> Iterator[Callable[[Report, float], None]]:
    """A bar on standard error if that is a terminal, else a line now and then.

    The bar has no thread of its own: workers are forks of this process.
    """
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.percentage:.0f} %"),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    told = time.monotonic()
    with Progress(
        *columns,
        console=console,
        transient=True,
        disable=not console.is_terminal,
        auto_refresh=False,
    ) as bar:
        task = bar.add_task("speaking", total=1.0)

        def show(report: Report, share: float) -> None:
            nonlocal told
            text = f"{report.spoken + report.kept} of {report.jobs} files"
            text += f", {len(report.failed)} failed" if report.failed else ""
            bar.update(task, completed=share, description=text, refresh=True)
            if bar.disable and time.monotonic() - told > LINE_SECONDS:
                told = time.monotonic()
                console.print(f"{text}, {100 * share:.0f} %", markup=False, highlight=False)

        yield show


def _tell(report: Report, out: Path, *, as_json: bool) -> None:
    """Say what became of the jobs; exit with 1 if some failed."""
    for name, reason in report.failed.items():
        warn(f"{name}: {reason}")
    if as_json:
        print_json(report.as_dict())
    else:
        minutes, seconds = divmod(round(report.speech_seconds), 60)
        text = f"{out}: {report.spoken} files, {minutes} min {seconds} s of speech"
        if report.spoken:
            text += f", {report.speech_seconds / report.wall_seconds:.1f} times real time"
        text += f"; {report.kept} were there" if report.kept else ""
        text += f"; {len(report.failed)} failed" if report.failed else ""
        to_stdout().print(text, markup=False)
    if report.failed:
        raise typer.Exit(1)
