"""The command `muspeaker-train`: words in, dataclasses out, reasons for what is wrong; and what a run logs."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("numba")
pytest.importorskip("parselmouth")

from muspeaker.config import base, lite
from muspeaker.train import command
from muspeaker.train.loop.checkpoint import load_checkpoint
from muspeaker.train.loop.options import ModelOptions, argument, model_config, option, parse
from tests import tiny_corpus

pytestmark = pytest.mark.torch


@dataclass(frozen=True, kw_only=True)
class Options:
    source: Path = argument("a path")
    rate: float = option(0.5, "100 % of a number")
    kind: Literal["a", "b"] = option("a", "one of two")
    sizes: tuple[int, ...] = option((1, 2), "several")
    steps: int | None = option(None, "maybe")
    trim: bool = option(default=True, text="a switch")


def test_options_are_read_by_their_types():
    assert parse(Options, ["x"], "p", "d") == Options(source=Path("x"))
    words = ["x", "--rate", "2", "--kind", "b", "--sizes", "3", "--steps", "7", "--no-trim"]
    assert parse(Options, words, "p", "d") == Options(
        source=Path("x"), rate=2.0, kind="b", sizes=(3,), steps=7, trim=False
    )


@pytest.mark.parametrize("words", [[], ["x", "--kind", "c"], ["x", "--rate", "fast"]])
def test_bad_usage_ends_with_two(words, capsys):
    with pytest.raises(SystemExit) as end:
        parse(Options, words, "p", "d")
    assert end.value.code == 2
    assert "usage: p" in capsys.readouterr().err


def test_help_shows_defaults(capsys):
    with pytest.raises(SystemExit) as end:
        parse(Options, ["--help"], "p", "What it does.\n\nAnd how.")
    shown = " ".join(capsys.readouterr().out.split())
    assert end.value.code == 0
    assert "100 % of a number (default: 0.5)" in shown
    assert "several (default: 1 2)" in shown
    assert "What it does." in shown
    assert "And how." not in shown


def test_sizes_come_by_name_file_and_change(tmp_path):
    assert model_config(ModelOptions()) == lite()
    assert model_config(ModelOptions(model="base")) == base()
    file = tmp_path / "tiny.json"
    file.write_text(json.dumps(asdict(tiny_corpus.training_config())), encoding="utf-8")
    assert model_config(ModelOptions(model=str(file))) == tiny_corpus.training_config()
    changes = ("vocoder.resblock_kernels=[3,5]", "name=narrow", "mel_decoder.num_blocks=2")
    changed = model_config(ModelOptions(set=changes))
    assert changed.vocoder.resblock_kernels == (3, 5)
    assert (changed.name, changed.mel_decoder.num_blocks) == ("narrow", 2)
    assert changed.style_encoder == lite().style_encoder


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": "huge"}, "expected lite, base or a .json file"),
        ({"set": ("vocoder",)}, "expected NAME=VALUE"),
        ({"set": ("voice.size=3",)}, "no part 'voice'"),
        ({"set": ("vocoder.width=3",)}, r"unknown fields \['vocoder.width'\]"),
        ({"set": ("vocoder.noise_std=loud",)}, "vocoder.noise_std must be"),
    ],
)
def test_sizes_that_are_wrong(options, message):
    with pytest.raises(ValueError, match=message):
        model_config(ModelOptions(**options))


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ([], 2, "usage: muspeaker-train STAGE"),
        (["sing"], 2, "no stage 'sing'"),
        (["--help"], 0, "student"),
        (["align", "nowhere"], 1, "error: "),
        (["prepare", "nowhere", "--out", "elsewhere"], 1, "error: nowhere is not there"),
    ],
)
def test_exit_codes(words, code, message, capsys):
    assert command.main(words) == code
    assert message in "".join(capsys.readouterr())


@pytest.mark.parametrize(("module", "extra"), [("torch", "train"), ("parselmouth", "train")])
def test_a_missing_package_is_named(module, extra, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, module, None)
    for user in ("stages.prepare", "corpus.clip"):
        monkeypatch.delitem(sys.modules, f"muspeaker.train.{user}", raising=False)
    assert command.main(["prepare", "x"]) == 1
    error = capsys.readouterr().err
    assert f"{module} is not installed: pip install 'muspeaker[{extra}]'" in error


@pytest.mark.parametrize("stage", command.STAGES)
def test_every_stage_has_help(stage, capsys):
    with pytest.raises(SystemExit) as end:
        command.main([stage, "--help"])
    assert end.value.code == 0
    assert f"usage: muspeaker-train {stage}" in capsys.readouterr().out


def test_a_stage_by_the_command_alone(runs, tmp_path):
    sizes = tmp_path / "tiny.json"
    sizes.write_text(json.dumps(asdict(tiny_corpus.training_config())), encoding="utf-8")
    words = [*runs.arguments("teacher", 1), "--out", str(tmp_path), "--model", str(sizes)]
    words += ["--set", "mel_decoder.num_blocks=2", "--deterministic", "--optimizer", "adamw"]
    try:
        assert command.main(["teacher", *words]) == 0
        assert torch.are_deterministic_algorithms_enabled()
    finally:
        torch.use_deterministic_algorithms(mode=False)
    state = load_checkpoint(tmp_path / "teacher.pt")
    assert state["config"]["mel_decoder"]["num_blocks"] == 2
    assert "mel_decoder.blocks.1.conv1.weight" in state["ema"]


PICTURES = {
    "align": "alignment/0",
    "realign": "alignment/0",
    "timbre": "similarity",
    "vocoder": "mel/0",
    "teacher": "mel/0",
    "student": "mel/0",
}
SOUNDS = {"align": "alignment/0", "realign": "alignment/0", "timbre": "crop"}


@pytest.mark.parametrize("stage", PICTURES)
def test_tensorboard_has_curves_pictures_and_sound(runs, stage):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    events = accumulator.EventAccumulator(str(runs.root / stage), {"images": 1, "audio": 1})
    events.Reload()
    tags = events.Tags()
    assert PICTURES[stage] in tags["images"]
    assert SOUNDS.get(stage, "spoken/0") in tags["audio"]
    curves = [name for name in tags["scalars"] if name.startswith("loss/")]
    assert curves
    assert [e.step for e in events.Scalars(curves[0])] == [2, 4]
    assert list((runs.root / stage / "samples").glob("*.wav"))
