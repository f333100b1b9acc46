"""`muspeaker dialogue`: a script with several speakers, spoken in several voices."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

import muspeaker
from muspeaker.cli.outlets import Outlets, unnamed
from muspeaker.cli.say import read_text
from muspeaker.cli.speech_options import (
    ForceOption,
    JsonOption,
    VoiceOption,
    files_of,
    takes_speech_options,
)
from muspeaker.cli.terminal import ModelOption, ThreadsOption, failing_cleanly, progress
from muspeaker.voice import SUFFIX

DEFAULT_OUTPUT = Path("dialogue.wav")
OUTPUT_HELP = f"Sound file. Its suffix is the format. Default: {DEFAULT_OUTPUT}."
CAST_HELP = (
    "Voice of a speaker, as in ANNA=anna.voice: a voice file, a recording or a built-in name; for every "
    f"speaker once. A speaker without one has the file of that name beside the script, such as anna{SUFFIX}."
)


@takes_speech_options()
def dialogue(  # noqa: PLR0913, PLR0917 (one parameter an option of the command line)
    script: Annotated[
        Path, typer.Argument(help="Text file with lines such as ANNA: Hello. - is standard input.")
    ],
    cast: Annotated[
        list[str] | None, typer.Option("--cast", "-c", metavar="SPEAKER=VOICE", help=CAST_HELP)
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help=OUTPUT_HELP)] = None,
    stereo: Annotated[
        bool, typer.Option("--stereo", help="Place the voices from left to right.")
    ] = False,
    gap: Annotated[
        float, typer.Option(min=0.0, max=10.0, help="Seconds of silence between turns.")
    ] = 0.3,
    quotes: Annotated[
        str | None, typer.Option(help="Voice for what stands in quotation marks.")
    ] = None,
    play: Annotated[bool, typer.Option("--play", help="Play on the sound card too.")] = False,
    subtitles: Annotated[
        Path | None, typer.Option(help="Subtitle file to write too: .srt or .vtt.")
    ] = None,
    force: ForceOption = False,
    as_json: JsonOption = False,
    voice: VoiceOption = None,
    model: ModelOption = None,
    threads: ThreadsOption = None,
    **options: Any,
) -> None:
    """Speak a script with several speakers into one sound file.

    A turn that begins with [overlap 0.4s] begins that long before the one before has ended. --voice
    speaks what stands before the first speaker.
    """
    with failing_cleanly():
        output = output or unnamed(DEFAULT_OUTPUT, force=force)
        spoken_by: dict[str, Any] = {"": voice} | dict(map(_assigned, cast or ()))
        out = Outlets.chosen(
            output,
            subtitles,
            raw=False,
            play=play,
            as_json=as_json,
            sources=(script, quotes, model, *spoken_by.values(), *files_of(options)),
        )
        written = read_text(None, None) if str(script) == "-" else read_text(None, script)
        folder = Path() if str(script) == "-" else script.parent
        with progress("loading"):
            tts = muspeaker.load(model, num_threads=threads)
            voices: dict[str, Any] = {path.stem: path for path in sorted(folder.glob(f"*{SUFFIX}"))}
            scene = tts.dialogue(
                written, voices | spoken_by, quotes=quotes, stereo=stereo, gap=gap, **options
            )
        out.open(scene.sample_rate, scene.channels)
        out.write(scene)
        out.finish(", ".join(dict.fromkeys(word.speaker for word in scene.words)))


def _assigned(text: str) -> tuple[str, str]:
    """Speaker and voice of `ANNA=anna.voice`."""
    speaker, equals, voice = text.partition("=")
    if not (equals and speaker.strip() and voice.strip()):
        raise typer.BadParameter(f"expected SPEAKER=VOICE, such as ANNA=anna{SUFFIX}, got {text!r}")
    return speaker.strip(), voice.strip()
