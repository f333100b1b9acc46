"""Options are described once; what repeats the description is compared with it."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest
from typer.testing import CliRunner

from muspeaker.cli import app
from muspeaker.options import (
    OPTIONS,
    ConversionFields,
    OptionFields,
    SynthesisOptions,
    bounds,
    checked_options,
)
from muspeaker.sound.recording import (
    PROMPT_ADVICE,
    PROMPT_BEST_SECONDS,
    PROMPT_MAX_SECONDS,
    PROMPT_MIN_SECONDS,
    SOURCE_MAX_SECONDS,
    SOURCE_MIN_SECONDS,
)
from muspeaker.tts import Synthesizer


def squeezed(text: str | None) -> str:
    return " ".join((text or "").split())


def test_keywords_are_the_fields() -> None:
    assert list(OPTIONS) == [field.name for field in fields(SynthesisOptions)]
    assert OptionFields.__annotations__.keys() == OPTIONS.keys()
    assert ConversionFields.__annotations__.keys() < OPTIONS.keys()
    assert {name: about.default for name, about in OPTIONS.items()} == vars(SynthesisOptions())


@pytest.mark.parametrize(
    "name", ["speed", "pitch", "energy", "expression", "temperature", "variation", "pause"]
)
def test_docstring_has_the_range(name: str) -> None:
    low, high = bounds(name)
    described = squeezed(
        re.search(
            rf"{name}: (.*?)\n        \w+:|\Z", SynthesisOptions.__doc__ + "\n        x:", re.DOTALL
        )[1]
    )
    assert f"{low:g} to {high:g}" in described
    for value in (low, high):
        assert getattr(SynthesisOptions(**{name: value}), name) == value
    for value in (low - 0.01, high + 0.01):
        with pytest.raises(ValueError, match=f"{name} must be {low:g} to {high:g}, got"):
            SynthesisOptions(**{name: value})


def test_docstrings_have_the_lengths_of_recordings() -> None:
    clone, convert = squeezed(Synthesizer.clone.__doc__), squeezed(Synthesizer.convert.__doc__)
    best = "{:g} to {:g} s".format(*PROMPT_BEST_SECONDS)
    assert (
        f"At least {PROMPT_MIN_SECONDS:g} s of speech; the first {PROMPT_MAX_SECONDS:g} s are used. {best}"
        in clone
    )
    assert f"{SOURCE_MIN_SECONDS:g} to {SOURCE_MAX_SECONDS:g} s" in convert
    assert best in PROMPT_ADVICE


def test_unknown_keywords_are_refused() -> None:
    with pytest.raises(TypeError, match="unknown option 'speed': expected one of pitch, energy"):
        checked_options({"speed": 1.0}, ConversionFields)
    with pytest.raises(TypeError, match="unknown option 'loudness': expected one of speed, pitch"):
        checked_options({"loudness": 1.0})


@pytest.mark.parametrize(
    ("command", "known"),
    [(("say", "Hi."), OptionFields), (("convert", "in.wav", "-t", "Hi."), ConversionFields)],
)
def test_commands_have_every_option_with_its_range(command: tuple[str, ...], known: type) -> None:
    runner = CliRunner()
    shown = squeezed(
        re.sub(r"[^\w .\[\]<=>'-]", " ", runner.invoke(app, [command[0], "--help"]).output)
    )
    for name in known.__annotations__:
        about = OPTIONS[name]
        assert f"--{name.replace('_', '-')}" in shown
        assert about.help.split(".")[0].split()[0] in shown
        if about.low is None:
            continue
        for value, status in ((about.high, 1), (about.high + 1, 2)):  # 1: no such model
            result = runner.invoke(app, [*command, "--model", "none", f"--{name}", str(value)])
            assert result.exit_code == status, (name, value, result.output)


def test_requests_have_the_ranges() -> None:
    speech = pytest.importorskip("muspeaker.serve.openai.speech")
    schema = speech.SpeechRequest.model_json_schema()["properties"]
    for name in ("pitch", "energy", "seed"):
        about = OPTIONS[name]
        field = schema[name]
        assert (field["minimum"], field["maximum"]) == (about.low, about.high)
        assert (field["default"], field["description"]) == (about.default, about.help)
