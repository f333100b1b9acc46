"""`muspeaker say`: speak a text into a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

import muspeaker
from muspeaker.cli.terminal import (
    ModelOption,
    ThreadsOption,
    failing_cleanly,
    find_voice,
    progress,
    to_stdout,
)
from muspeaker.options import ENERGY_RANGE, PITCH_RANGE, SPEED_RANGE, TEMPERATURE_RANGE


def say(  # noqa: PLR0913, PLR0917 (one parameter an option of the command line)
    text: Annotated[str, typer.Argument(help="What to say; - reads standard input.")],
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", help="Sound file; its suffix is the format. - is WAV to stdout."
        ),
    ] = Path("speech.wav"),
    voice: Annotated[
        str | None, typer.Option(help="Voice file, recording to clone, or built-in name.")
    ] = None,
    style: Annotated[str | None, typer.Option(help="Another voice whose manner is taken.")] = None,
    model: ModelOption = None,
    speed: Annotated[float, typer.Option(min=SPEED_RANGE[0], max=SPEED_RANGE[1])] = 1.0,
    pitch: Annotated[
        float, typer.Option(min=PITCH_RANGE[0], max=PITCH_RANGE[1], help="Semitones.")
    ] = 0.0,
    energy: Annotated[float, typer.Option(min=ENERGY_RANGE[0], max=ENERGY_RANGE[1])] = 1.0,
    temperature: Annotated[
        float, typer.Option(min=TEMPERATURE_RANGE[0], max=TEMPERATURE_RANGE[1])
    ] = 0.667,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same samples.")] = 0,
    language: Annotated[str | None, typer.Option(help="Tag such as en-us.")] = None,
    phonemes: Annotated[bool, typer.Option("--phonemes", help="The text is IPA.")] = False,
    threads: ThreadsOption = None,
) -> None:
    """Speak a text into a sound file."""
    with failing_cleanly():
        if text == "-":
            text = sys.stdin.buffer.read().decode("utf-8", errors="replace")
        with progress("loading") as bar:
            tts = muspeaker.load(model, num_threads=threads)
            speaker = find_voice(tts, voice)
            chunks = []
            stream = tts.stream(
                text,
                speaker,
                speed=speed,
                pitch=pitch,
                energy=energy,
                temperature=temperature,
                seed=seed,
                language=language,
                phonemes=phonemes,
                style=None if style is None else find_voice(tts, style),
            )
            for chunk in stream:
                chunks.append(chunk)
                seconds = sum(part.duration for part in chunks)
                bar.update(bar.task_ids[0], description=f"speaking, {seconds:.0f} s of speech")
        audio = muspeaker.Audio.join(chunks)
        if str(output) == "-":
            sys.stdout.buffer.write(audio.encode(".wav"))
            return
        audio.save(output)
        to_stdout().print(f"{output}: {audio.duration:.2f} s", markup=False)
