"""`muspeaker say`: speak a text, into a file, a pipe or the sound card."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import muspeaker
from muspeaker.audio import check_path, check_sound_path, write_whole
from muspeaker.cli.player import Player, open_player
from muspeaker.cli.speech_options import (
    DEFAULTS,
    EnergyOption,
    JsonOption,
    LanguageOption,
    PauseOption,
    PhonemesOption,
    PitchOption,
    SeedOption,
    SpeedOption,
    StyleOption,
    TemperatureOption,
    VoiceOption,
)
from muspeaker.cli.terminal import (
    ModelOption,
    ThreadsOption,
    failing_cleanly,
    find_voice,
    progress,
    to_stdout,
)

if TYPE_CHECKING:
    from rich.progress import Progress

    from muspeaker.audio import Audio
    from muspeaker.speech import SpeechStream

DEFAULT_OUTPUT = Path("speech.wav")
STDOUT = Path("-")
OUTPUT_HELP = "Sound file; its suffix is the format, - is WAV to stdout. Default: speech.wav."
RAW_HELP = "16-bit little-endian mono samples, as they are spoken, to stdout or -o."


def say(  # noqa: PLR0913, PLR0917 (one parameter an option of the command line)
    text: Annotated[
        str | None, typer.Argument(help="What to say; without it, or -, standard input.")
    ] = None,
    file: Annotated[Path | None, typer.Option("--file", "-f", help="Text file to read.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help=OUTPUT_HELP)] = None,
    raw: Annotated[bool, typer.Option("--raw", help=RAW_HELP)] = False,
    play: Annotated[bool, typer.Option("--play", help="Play on the sound card.")] = False,
    subtitles: Annotated[
        Path | None, typer.Option(help="Write subtitles here too: .srt or .vtt.")
    ] = None,
    as_json: JsonOption = False,
    voice: VoiceOption = None,
    style: StyleOption = None,
    model: ModelOption = None,
    speed: SpeedOption = DEFAULTS.speed,
    pitch: PitchOption = DEFAULTS.pitch,
    energy: EnergyOption = DEFAULTS.energy,
    temperature: TemperatureOption = DEFAULTS.temperature,
    pause: PauseOption = DEFAULTS.pause,
    seed: SeedOption = DEFAULTS.seed,
    language: LanguageOption = DEFAULTS.language,
    phonemes: PhonemesOption = DEFAULTS.phonemes,
    threads: ThreadsOption = None,
) -> None:
    """Speak a text into a sound file, a pipe, or the sound card.

    The words and phones that --json prints have their start and end in seconds.
    """
    with failing_cleanly():
        out = Outlets.chosen(output, subtitles, raw=raw, play=play, as_json=as_json)
        written = read_text(text, file)
        with progress("loading") as bar:
            tts = muspeaker.load(model, num_threads=threads)
            speaker = find_voice(tts, voice)
            stream = tts.stream(
                written,
                speaker,
                speed=speed,
                pitch=pitch,
                energy=energy,
                temperature=temperature,
                pause=pause,
                seed=seed,
                language=language,
                phonemes=phonemes,
                style=None if style is None else find_voice(tts, style),
            )
            out.open(tts.sample_rate)
            speak(stream, out, bar)
        out.finish(speaker.name)


def speak(stream: SpeechStream, out: Outlets, bar: Progress) -> None:
    """Pass every chunk on, and show how far the text is."""
    task = bar.task_ids[0]
    bar.update(task, total=max(1, stream.num_words))
    seconds = 0.0
    for chunk in stream:
        out.write(chunk)
        seconds += chunk.duration
        bar.update(task, description=f"speaking, {seconds:.0f} s of speech")
        bar.advance(task, len(chunk.words))


def read_text(text: str | None, file: Path | None) -> str:
    """The text from wherever it comes.

    Raises:
        typer.BadParameter: If there is none, or it is given twice.
    """
    if text is not None and file is not None:
        raise typer.BadParameter("give the text as an argument or as --file, not both")
    if file is not None:
        return file.read_bytes().decode("utf-8-sig", errors="replace")
    if text is not None and text != "-":
        return text
    nothing = typer.BadParameter("no text: give it as an argument, as --file or by a pipe")
    if text is None and sys.stdin.isatty():
        raise nothing
    piped = sys.stdin.buffer.read().decode("utf-8-sig", errors="replace")
    if text is None and not piped.strip():
        raise nothing
    return piped


@dataclass
class Outlets:
    """Where speech goes: samples at once where they are piped or played, files at the end."""

    output: Path | None
    subtitles: Path | None
    raw: bool
    play: bool
    as_json: bool
    chunks: list[Audio] = field(default_factory=list)
    player: Player | None = None

    @classmethod
    def chosen(
        cls, output: Path | None, subtitles: Path | None, *, raw: bool, play: bool, as_json: bool
    ) -> Outlets:
        """Check what was asked for.

        Raises:
            typer.BadParameter: If standard output would get two things, or subtitles have no format.
            OSError: If a file cannot be written.
            ValueError: If the suffix of a sound file is unknown.
        """
        if output is None and (raw or not play):
            output = STDOUT if raw else DEFAULT_OUTPUT
        if as_json and output == STDOUT:
            raise typer.BadParameter("standard output takes either speech or --json, not both")
        if subtitles is not None and subtitles.suffix.lower() not in {".srt", ".vtt"}:
            raise typer.BadParameter(f"--subtitles must end in .srt or .vtt, got {subtitles}")
        if subtitles is not None:
            check_path(subtitles)
        if output not in {None, STDOUT}:
            (check_path if raw else check_sound_path)(output)
        return cls(output, subtitles, raw, play, as_json)

    def open(self, sample_rate: int) -> None:
        """Get ready for the first chunk."""
        if self.play:
            self.player = open_player(sample_rate)

    def write(self, chunk: Audio) -> None:
        """Pass one chunk on, or keep it for a file."""
        if self.player is not None:
            self.player.write(chunk)
        if self.raw and self.output == STDOUT:
            sys.stdout.buffer.write(chunk.encode(".pcm"))
            sys.stdout.buffer.flush()
        self.chunks.append(chunk)

    def finish(self, voice: str) -> None:
        """Write what is written at the end."""
        audio = muspeaker.Audio.join(self.chunks)
        if self.subtitles is not None:
            is_srt = self.subtitles.suffix.lower() == ".srt"
            write_whole(self.subtitles, (audio.to_srt() if is_srt else audio.to_vtt()).encode())
        if self.output == STDOUT:
            if not self.raw:
                sys.stdout.buffer.write(audio.encode(".wav"))
                sys.stdout.buffer.flush()
        elif self.output is not None and self.raw:
            write_whole(self.output, audio.encode(".pcm"))
        elif self.output is not None:
            audio.save(self.output)
        if self.player is not None:
            self.player.close()
        if self.as_json:
            sys.stdout.write(json.dumps(self._report(audio, voice), ensure_ascii=False) + "\n")
        elif self.output not in {None, STDOUT}:
            to_stdout().print(f"{self.output}: {audio.duration:.2f} s", markup=False)

    def _report(self, audio: Audio, voice: str) -> dict[str, Any]:
        return {
            "file": None if self.output is None else str(self.output),
            "voice": voice,
            "seconds": round(audio.duration, 4),
            "sample_rate": audio.sample_rate,
            "words": [
                {"text": w.text, "start": round(w.start, 4), "end": round(w.end, 4), "mark": w.mark}
                for w in audio.words
            ],
            "phones": [
                {"text": p.text, "start": round(p.start, 4), "end": round(p.end, 4)}
                for p in audio.phones
            ],
        }
