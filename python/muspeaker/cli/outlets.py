"""Destinations of speech: a file, a pipe, the sound card."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

import muspeaker
from muspeaker.cli.terminal import print_json, to_stdout
from muspeaker.sound.audio import check_sound_path
from muspeaker.sound.files import check_is_not, check_path, write_whole
from muspeaker.sound.player import Player, open_player

if TYPE_CHECKING:
    from collections.abc import Iterable

    from muspeaker.sound.audio import Audio

DEFAULT_OUTPUT = Path("speech.wav")
STDOUT = Path("-")


def unnamed(path: Path, *, force: bool) -> Path:
    """A path that nobody gave, where nothing is lost.

    Raises:
        FileExistsError: If something is there, and is not to be replaced.
    """
    if path.exists() and not force:
        raise FileExistsError(
            f"{str(path)!r} is there already: name another file with -o, or replace it with --force"
        )
    return path


@dataclass
class Outlets:
    """Destinations of speech. Pipes and the sound card get samples at once, files at the end."""

    output: Path | None
    subtitles: Path | None
    raw: bool
    play: bool
    as_json: bool
    bit_rate: int | None = None
    bits: int | None = None
    chunks: list[Audio] = field(default_factory=list)
    player: Player | None = None

    @classmethod
    def chosen(
        cls,
        output: Path | None,
        subtitles: Path | None,
        *,
        raw: bool,
        play: bool,
        as_json: bool,
        force: bool = False,
        sources: Iterable[str | Path | None] = (),
    ) -> Outlets:
        """Check the destinations that were asked for; without any, it is the file `DEFAULT_OUTPUT`.

        Args:
            output: Sound file, or standard output.
            subtitles: Subtitle file.
            raw: Whether samples have no header.
            play: Whether the sound card plays.
            as_json: Whether a report is printed.
            force: Whether the file of the default name is replaced.
            sources: What the command reads; none of it is written over.

        Raises:
            typer.BadParameter: If standard output or one file would get two things, or subtitles have no format.
            OSError: If a file cannot be written, or is one that is read.
            ValueError: If the suffix of a sound file is unknown.
        """
        if output is None and (raw or not play):
            output = STDOUT if raw else unnamed(DEFAULT_OUTPUT, force=force)
        if as_json and output == STDOUT:
            raise typer.BadParameter("standard output takes either speech or --json, not both")
        if subtitles is not None and subtitles.suffix.lower() not in {".srt", ".vtt"}:
            raise typer.BadParameter(f"--subtitles must end in .srt or .vtt, got {subtitles}")
        read = tuple(sources)
        if subtitles is not None:
            check_path(subtitles)
            check_is_not(subtitles, *read)
        if output is not None and output != STDOUT:
            (check_path if raw else check_sound_path)(output)
            check_is_not(output, *read)
            if subtitles is not None and os.path.realpath(subtitles) == os.path.realpath(output):
                raise typer.BadParameter(f"--subtitles and --output are the same file, {subtitles}")
        return cls(output, subtitles, raw, play, as_json)

    def open(self, sample_rate: int, channels: int = 1) -> None:
        """Get ready for the first chunk."""
        if self.play:
            self.player = open_player(sample_rate, channels)

    def write(self, chunk: Audio) -> None:
        """Pass one chunk on, and keep it for a file."""
        self.pass_on(chunk)
        self.chunks.append(chunk)

    def pass_on(self, chunk: Audio) -> None:
        """Pass one chunk to the sound card and the pipe, where they are wanted."""
        if self.player is not None:
            self.player.write(chunk)
        if self.raw and self.output == STDOUT:
            sys.stdout.buffer.write(chunk.encode(".pcm"))
            sys.stdout.buffer.flush()

    def close(self) -> None:
        """Wait until the last chunk is heard."""
        if self.player is not None:
            self.player.close()

    def finish(self, voice: str) -> None:
        """Write the files, and report."""
        audio = muspeaker.Audio.join(self.chunks)
        if self.subtitles is not None:
            is_srt = self.subtitles.suffix.lower() == ".srt"
            write_whole(self.subtitles, (audio.to_srt() if is_srt else audio.to_vtt()).encode())
        if self.output == STDOUT:
            if not self.raw:
                sys.stdout.buffer.write(audio.encode(".wav", bits=self.bits))
                sys.stdout.buffer.flush()
        elif self.output is not None and self.raw:
            write_whole(self.output, audio.encode(".pcm"))
        elif self.output is not None:
            audio.save(self.output, bit_rate=self.bit_rate, bits=self.bits)
        self.close()
        if self.as_json:
            print_json(self._report(audio, voice))
        elif self.output not in {None, STDOUT}:
            to_stdout().print(f"{self.output}: {audio.duration:.2f} s", markup=False)

    def _report(self, audio: Audio, voice: str) -> dict[str, Any]:
        return {
            "file": None if self.output is None else str(self.output),
            "voice": voice,
            "seconds": round(audio.duration, 4),
            "sample_rate": audio.sample_rate,
            "words": [
                {
                    "text": w.text,
                    "start": round(w.start, 4),
                    "end": round(w.end, 4),
                    "mark": w.mark,
                    "written": w.written,
                    "place": w.place,
                }
                for w in audio.words
            ],
            "phones": [
                {"text": p.text, "start": round(p.start, 4), "end": round(p.end, 4)}
                for p in audio.phones
            ],
        }
