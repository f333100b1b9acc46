"""The comparison of weight types finds what was changed, and nothing where nothing was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import soundfile

pytest.importorskip("torch")

from tests.tiny_model import tiny_model
from tools import compare_quant

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

pytestmark = pytest.mark.torch

GOLDEN = Path(__file__).parents[1] / "golden"
TEXT = "Take a back deck."


@pytest.fixture
def trials(tmp_path: Path, generated_audio: Callable[..., np.ndarray]) -> Path:
    """A set of two trials in one generated voice."""
    folder = tmp_path / "set"
    folder.mkdir()
    soundfile.write(folder / "prompt.flac", generated_audio(16000, 2.0), 16000)
    rows = ["id\tprompt\ttext", *(f"{i}\tprompt.flac\t{TEXT}" for i in ("one", "two"))]
    (folder / "trials.tsv").write_text("\n".join(rows) + "\n")
    return folder


def test_same_file_has_no_difference(trials: Path, tmp_path: Path) -> None:
    model, out = GOLDEN / "v1-f16.bin", tmp_path / "out"
    result = compare_quant.run((model, model), trials, out, None)
    assert result["trials"] == result["same_durations"] == 2
    for part in ("decoder", "spoken", "vocoder"):
        assert result[f"mean_{part}_l1"] == 0.0
    for kind in ("reference", "quantised"):
        assert sorted(path.name for path in (out / kind).iterdir()) == ["one.wav", "two.wav"]


def test_int8_differs_a_little(
    trials: Path, tmp_path: Path, model_file: Callable[..., Path]
) -> None:
    model = tiny_model()
    paths = (model_file(model, "f32"), model_file(model, "q8"))
    result = compare_quant.run(paths, trials, tmp_path / "out", 1)
    assert result["trials"] == 1
    report = json.loads((tmp_path / "out" / "compare.json").read_text())
    assert report["trials"][0]["trial"] == "one"
    assert result["same_durations"] == 1
    assert 0 < result["mean_decoder_l1"] < 0.5
    assert 20 < result["mean_vocoder_snr_db"] < 80


def test_other_weights_are_refused(
    trials: Path,
    tmp_path: Path,
    model_file: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    args = [str(model_file(tiny_model(seed=1))), str(GOLDEN / "v1-q8.bin"), str(trials)]
    monkeypatch.setattr("sys.argv", ["compare_quant", *args, "--out", str(tmp_path / "out")])
    assert compare_quant.main() == 1
    assert "types of different weights" in capsys.readouterr().err
