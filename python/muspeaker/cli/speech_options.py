"""Options of every command that speaks."""

from __future__ import annotations

from typing import Annotated

import typer

from muspeaker.options import (
    ENERGY_RANGE,
    PAUSE_RANGE,
    PITCH_RANGE,
    SPEED_RANGE,
    TEMPERATURE_RANGE,
    SynthesisOptions,
)
from muspeaker.voice import Voice

DEFAULTS = SynthesisOptions()


def _complete_voice(incomplete: str) -> list[str]:
    return [name for name in Voice.builtin_names() if name.startswith(incomplete)]


VoiceOption = Annotated[
    str | None,
    typer.Option(
        help="Voice file, recording to clone, or built-in name.", autocompletion=_complete_voice
    ),
]
StyleOption = Annotated[
    str | None,
    typer.Option(help="Another voice whose manner is taken.", autocompletion=_complete_voice),
]
SpeedOption = Annotated[
    float, typer.Option(min=SPEED_RANGE[0], max=SPEED_RANGE[1], help="2 halves every duration.")
]
PitchOption = Annotated[
    float, typer.Option(min=PITCH_RANGE[0], max=PITCH_RANGE[1], help="Shift in semitones.")
]
EnergyOption = Annotated[
    float, typer.Option(min=ENERGY_RANGE[0], max=ENERGY_RANGE[1], help="Gain of the loudness.")
]
TemperatureOption = Annotated[
    float,
    typer.Option(
        min=TEMPERATURE_RANGE[0], max=TEMPERATURE_RANGE[1], help="0 is the most even delivery."
    ),
]
PauseOption = Annotated[
    float | None,
    typer.Option(min=PAUSE_RANGE[0], max=PAUSE_RANGE[1], help="Seconds between sentences."),
]
SeedOption = Annotated[
    int | None, typer.Option(min=0, help="The same seed gives the same samples.")
]
LanguageOption = Annotated[str | None, typer.Option(help="Tag such as en-us.")]
PhonemesOption = Annotated[bool, typer.Option("--phonemes", help="The text is IPA.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
