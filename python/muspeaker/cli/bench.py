"""`muspeaker bench`: what speaking costs here."""

from __future__ import annotations

import json
import sys
from pathlib import Path  # noqa: TC003 (typer reads it at run time)
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from muspeaker import bench as measuring
from muspeaker.cli.terminal import ModelOption, failing_cleanly, progress, to_stdout
from muspeaker.sound.files import check_is_not, write_whole
from muspeaker.threads import MAX_THREADS

if TYPE_CHECKING:
    from collections.abc import Callable

    from muspeaker.bench import Cost, Result

DEFAULT_THREADS = (1, 2)
THREADS_HELP = " and ".join(map(str, DEFAULT_THREADS))


def bench(
    model: ModelOption = None,
    threads: Annotated[
        list[int] | None,
        typer.Option(
            "--threads",
            min=1,
            max=MAX_THREADS,
            help=f"Repeat it for several. Default: {THREADS_HELP}.",
        ),
    ] = None,
    prompt: Annotated[
        Path | None,
        typer.Option(
            help=f"Recording to clone. Default: {measuring.PROMPT_SECONDS:g} s of generated sound."
        ),
    ] = None,
    repeats: Annotated[
        int, typer.Option(min=1, max=100, help="Runs of each measurement; the least counts.")
    ] = 3,
    json_path: Annotated[
        Path | None,
        typer.Option("--json", help="Write the figures to this file too; - prints them instead."),
    ] = None,
) -> None:
    """Measure speed, latency and memory of a model on this machine."""
    with failing_cleanly():
        if json_path is not None:
            check_is_not(json_path, model, prompt)
        results = []
        with progress("measuring") as bar:
            for num_threads in dict.fromkeys(threads or DEFAULT_THREADS):
                bar.update(bar.task_ids[0], description=f"measuring, threads: {num_threads}")
                results.append(
                    measuring.measure(
                        model, num_threads=num_threads, prompt=prompt, repeats=repeats
                    )
                )
        report = measuring.report(model, results)
        if str(json_path) == "-":
            sys.stdout.write(json.dumps(report, indent=1) + "\n")
            return
        if json_path is not None:
            write_whole(json_path, (json.dumps(report, indent=1) + "\n").encode())
        to_stdout().print(table_of(report, results))


def table_of(report: dict[str, dict[str, object]], results: list[Result]) -> Table:
    """One column for each number of threads."""
    of, machine = report["model"], report["machine"]
    title = f"{of['name']} {of['weight_type']}, {machine['processor']}, {machine['cores']} cores"
    forced = f", forced to {machine['forced_isa']}" if machine["forced_isa"] else ""
    caption = (
        f"{machine['instruction_sets']}{forced}; load average {machine['load_average']}; "
        "CPU is of all threads together"
    )
    table = Table(title=title, caption=caption)
    table.add_column("")
    for result in results:
        table.add_column(f"{result.num_threads} thread{'s' * (result.num_threads > 1)}")
    for label, shown in rows_of(results):
        table.add_row(label, *(shown(result) for result in results))
    return table


def rows_of(results: list[Result]) -> list[tuple[str, Callable[[Result], str]]]:
    """Label and text of each row."""

    def part_row(part: str) -> tuple[str, Callable[[Result], str]]:
        return f"  {part}", lambda result: f"{result.parts.get(part, 0.0):.4f}"

    parts = dict.fromkeys(part for result in results for part in result.parts)
    return [
        ("RTF, CPU", lambda result: f"{result.rtf_cpu:.4f}"),
        *(part_row(part) for part in parts),
        ("RTF, wall", lambda result: f"{result.rtf_wall:.4f}"),
        ("first chunk of ten words, CPU / wall", lambda result: milliseconds(result.first_chunk)),
        ("  length of that chunk", lambda result: f"{result.first_chunk_seconds:.2f} s"),
        ("  the first in a new process", lambda result: milliseconds(result.cold)),
        ("clone a prompt, CPU / wall", lambda result: milliseconds(result.clone)),
        ("load, CPU / wall", lambda result: milliseconds(result.load)),
        ("peak memory", lambda result: f"{result.peak_bytes / 1e6:.0f} MB"),
        ("  of it Python, before loading", lambda result: f"{result.start_bytes / 1e6:.0f} MB"),
    ]


def milliseconds(cost: Cost) -> str:
    """CPU and wall time of a cost."""
    return f"{cost.cpu_seconds * 1e3:.0f} / {cost.wall_seconds * 1e3:.0f} ms"
