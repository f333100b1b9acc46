"""Lists of jobs: which text goes into which file, in which voice."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, get_type_hints

from muspeaker.options import OPTIONS, SynthesisOptions
from muspeaker.sound.files import check_readable
from muspeaker.text.encodings import decoded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

LINES_SUFFIX = ".jsonl"
NAME, TEXT, VOICE = "name", "text", "voice"
COLUMNS = (NAME, TEXT, VOICE)  # of a list without a line of headings
OPTION_COLUMNS = tuple(name for name in OPTIONS if name != "lexicon")

_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_TYPES = get_type_hints(SynthesisOptions)
_RESERVED = frozenset('<>:"|?*\\')  # file systems keep these for themselves


@dataclass(frozen=True)
class Job:
    """One text that goes into one file.

    Attributes:
        name: Path of the file in the output folder, with `/` between folders and without suffix.
        text: What is spoken.
        voice: Voice as `Synthesizer.voice` understands it; None is that of the whole list.
        options: Options of this text alone; `style` is a name of `STYLES`, or a voice in the same form.
    """

    name: str
    text: str
    voice: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


def read_jobs(path: Path) -> list[Job]:
    """Read a list of jobs.

    Args:
        path: Tab-separated columns: name, text and perhaps voice; or, after a line of headings, any columns
            of these and of `OPTION_COLUMNS`. A file that ends in `.jsonl` has a JSON object a line instead,
            with the same keys. Empty lines are passed over.

    Raises:
        OSError: If the file cannot be read.
        ValueError: If a line is no job, or two have the same name; the message has the line's number.
    """
    check_readable(path, "list of jobs")
    text = decoded(path.read_bytes(), f"list of jobs {str(path)!r}")
    lines = [
        (number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip("\r\t ")
    ]
    rows = _objects(lines) if path.suffix.lower() == LINES_SUFFIX else _rows(lines)
    jobs: dict[str, Job] = {}
    for number, row in rows:
        try:
            job = _job(row)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{path}, line {number}: {error}") from error
        if job.name.lower() in jobs:  # some file systems take both for one
            raise ValueError(f"{path}, line {number}: the name {job.name!r} stands there twice")
        jobs[job.name.lower()] = job
    if not jobs:
        raise ValueError(f"list of jobs {str(path)!r} has no jobs")
    return list(jobs.values())


def _rows(lines: Iterable[tuple[int, str]]) -> Iterator[tuple[int, dict[str, Any]]]:
    """The cells of tab-separated lines by the names of their columns. Empty cells are left out."""
    columns: tuple[str, ...] = ()
    for number, line in lines:
        cells = line.rstrip("\r").split("\t")
        if not columns:
            has_headings = {NAME, TEXT} <= set(cells)
            columns = tuple(cells) if has_headings else COLUMNS
            if has_headings:
                continue
        if len(cells) > len(columns):
            cells = [*cells[: len(columns)], "\t".join(cells[len(columns) :])]
            columns_here = (*columns, f"{len(columns) + 1}th column")
        else:
            columns_here = columns
        yield number, {c: cell for c, cell in zip(columns_here, cells, strict=False) if cell}


def _objects(lines: Iterable[tuple[int, str]]) -> Iterator[tuple[int, Any]]:
    for number, line in lines:
        try:
            yield number, json.loads(line)
        except (ValueError, RecursionError) as error:
            yield number, error


def _job(row: Any) -> Job:
    """A job from its cells, which are strings or, in JSON, values."""
    if isinstance(row, Exception):
        raise ValueError(f"it is no JSON: {row}")  # noqa: TRY004 (the line is wrong, not our type)
    if not isinstance(row, dict):
        raise TypeError(f"expected a JSON object, got {type(row).__name__}")
    unknown = [key for key in row if key not in COLUMNS and key not in OPTION_COLUMNS]
    if unknown:
        known = ", ".join((*COLUMNS, *OPTION_COLUMNS))
        raise ValueError(f"unknown column {unknown[0]!r}: expected {known}")
    for key in COLUMNS[:2]:
        if not isinstance(row.get(key), str) or not row[key].strip():
            raise ValueError(f"it has no {key}")
    voice = row.get(VOICE)
    if voice is not None and not isinstance(voice, str):
        raise TypeError(f"voice must be a string, got {type(voice).__name__}")
    given = {key: row[key] for key in OPTION_COLUMNS if row.get(key) is not None}
    options = {key: _value(key, value) for key, value in given.items()}
    SynthesisOptions(**{key: value for key, value in options.items() if key != "style"})
    return Job(_checked_name(row[NAME]), row[TEXT], voice, options)


def _value(key: str, value: Any) -> Any:
    """An option's value from the cell of a table; values of JSON are as they are."""
    if not isinstance(value, str) or key in {"style", "language"}:
        return value
    if _TYPES[key] is bool:
        if value.lower() not in _FLAGS:
            raise ValueError(f"{key} must be true or false, got {value!r}")
        return _FLAGS[value.lower()]
    try:
        return int(value) if key in {"seed", "payload"} else float(value)
    except ValueError as error:
        raise ValueError(f"{key} must be a number, got {value!r}") from error


def _checked_name(name: str) -> str:
    """The name, if it is that of a file in the output folder on any file system."""
    parts = name.split("/")
    is_bad = any(
        not part.strip() or part.startswith(".") or part[-1] in ". " or len(part) > 200
        for part in parts
    )
    if is_bad or any(c in _RESERVED or not c.isprintable() for c in name):
        raise ValueError(f"{name!r} cannot be the name of a file")
    return str(PurePosixPath(*parts))
