"""The folder of the files: what was spoken before, and files that are written whole."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, Any

from muspeaker.sound.files import write_whole
from muspeaker.text.respelling import read_lexicon

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from muspeaker.batch.jobs import Job
    from muspeaker.batch.speaker import Manner, Spoken
    from muspeaker.voice import Voice

JOURNAL = "batch.jsonl"  # a line for each file that is whole
REPORT = "batch.json"

_LEFT_OVER = re.compile(r"\..+\.[0-9a-f]{16}\.tmp")  # of `whole_file`, in a process that was killed


class OutputFolder:
    """Files of jobs, and a journal that says what each was made from.

    Args:
        path: The folder, made if it is missing.
        fingerprint: Fingerprint of the model.
        manner: What is the same for all jobs.

    Raises:
        OSError: If the folder cannot be made.
    """

    def __init__(self, path: Path, fingerprint: str, manner: Manner) -> None:
        path.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._fingerprint = fingerprint
        self._manner = manner
        self._kept: dict[str, dict[str, Any]] = {}
        self._digests: dict[Voice, str] = {}
        self._journal: IO[bytes] = io.BytesIO()  # until it is opened

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Keep others out, and forget what a killed process left.

        Raises:
            BlockingIOError: If another batch is writing into the folder.
            OSError: If nothing can be written there.
        """
        with (self.path / JOURNAL).open("a+b") as journal:
            _lock(journal.fileno(), self.path)
            for left_over in self.path.rglob(".*.tmp"):
                if _LEFT_OVER.fullmatch(left_over.name):
                    left_over.unlink(missing_ok=True)
            journal.seek(0)
            text = journal.read()
            self._kept = _read_journal(text)
            if text and not text.endswith(b"\n"):
                journal.write(b"\n")
            self._journal = journal
            yield

    def file_of(self, job: Job) -> Path:
        """Where the file of a job goes."""
        return self.path / f"{job.name}{self._manner.suffix}"

    def kept(self, job: Job) -> float | None:
        """Seconds of a file that was made from the same job before and is whole; None if there is none."""
        line = self._kept.get(job.name)
        with suppress(OSError):
            if (
                line is not None
                and line["key"] == self._key(job)
                and line["bytes"] == self.file_of(job).stat().st_size
            ):
                return float(line["seconds"])
        return None

    def keep(self, job: Job, spoken: Spoken) -> None:
        """Write a file, and then its line into the journal."""
        path = self.file_of(job)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, spoken.sound)
        line: dict[str, Any] = {"name": job.name, "file": path.relative_to(self.path).as_posix()}
        line |= {"seconds": round(spoken.seconds, 4), "bytes": len(spoken.sound)}
        line |= {"key": self._key(job)}
        self._journal.write(json.dumps(line).encode() + b"\n")
        self._journal.flush()

    def _key(self, job: Job) -> str:
        """Tells files apart by all that their sound depends on."""
        options = self._manner.options_of(job)
        lexicon = read_lexicon(options.get("lexicon"))
        options["lexicon"] = lexicon and lexicon.fingerprint
        styles = [style] if (style := options.pop("style", None)) is not None else []
        voices = [
            voice if isinstance(voice, str) else self._digest(voice)  # a named style is its name
            for voice in (self._manner.voices[job.voice], *styles)
        ]
        told = [self._fingerprint, job.text, voices, options, self._manner.bit_rate]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:32]

    def _digest(self, voice: Voice) -> str:
        if voice not in self._digests:
            about = voice.vector.tobytes() + voice.style.tobytes() + voice.language.encode()
            about += voice.changes.tobytes() if voice.changes else b""
            self._digests[voice] = hashlib.sha256(about).hexdigest()[:32]
        return self._digests[voice]


def _read_journal(text: bytes) -> dict[str, dict[str, Any]]:
    """Lines by name, the last of each; one that a killed process left unfinished is passed over."""
    kept = {}
    for written in text.splitlines():
        with suppress(ValueError, KeyError, TypeError):
            line = json.loads(written)
            kept[str(line["name"])] = {name: line[name] for name in ("key", "bytes", "seconds")}
    return kept


def _lock(descriptor: int, folder: Path) -> None:
    """Hold a file for as long as it is open, where the system can."""
    try:
        import fcntl  # noqa: PLC0415 (POSIX has it)
    except ImportError:
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise BlockingIOError(f"another batch is writing into {os.fspath(folder)!r}") from error
