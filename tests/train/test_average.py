"""The mean of several runs' weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch

from muspeaker.train.command import main as command
from muspeaker.train.loop.checkpoint import load_checkpoint, save_checkpoint

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.torch


def checkpoint(path: Path, value: float, step: int, **others: Any) -> str:
    weights = {"weight": torch.full((2, 3), value), "count": torch.tensor(step)}
    last = {"weight": torch.zeros(2, 3), "count": torch.tensor(step)}
    save_checkpoint(path, {"step": step, "model": last, "ema": weights, "optimizer": {}} | others)
    return str(path)


@pytest.mark.parametrize(
    ("shares", "expected"), [([], 4.0), (["--shares", "3", "1", "0"], 2.25), (["--shares", "1", "1", "2"], 4.75)]
)  # fmt: skip
def test_averaged_weights_are_averaged(tmp_path: Path, shares: list[str], expected: float) -> None:
    of = [checkpoint(tmp_path / f"{n}.pt", v, n) for n, v in enumerate((2.0, 3.0, 7.0))]
    out = tmp_path / "mean.pt"
    assert command(["average", "--of", *of, *shares, "--out", str(out)]) == 0
    state = load_checkpoint(out)
    for name in ("model", "ema"):
        torch.testing.assert_close(state[name]["weight"], torch.full((2, 3), expected))
        assert state[name]["count"] == 0
    assert state["step"] == 0
    assert "optimizer" not in state


@pytest.mark.parametrize(
    ("count", "more", "reason"),
    [
        (1, [], "two checkpoints at least"),
        (2, ["--shares", "1"], "2 checkpoints need as many shares"),
        (2, ["--shares", "2", "-1"], "of 0 or more"),
        (2, ["--shares", "0", "0"], "of 0 or more"),
    ],
)
def test_what_cannot_be_averaged_is_said(
    tmp_path: Path, capsys: Any, count: int, more: list[str], reason: str
) -> None:
    of = [checkpoint(tmp_path / f"{n}.pt", n, n) for n in range(count)]
    out = tmp_path / "mean.pt"
    assert command(["average", "--of", *of, *more, "--out", str(out)]) == 1
    assert reason in capsys.readouterr().err
    assert not out.exists()


def test_other_sizes_are_refused(tmp_path: Path, capsys: Any) -> None:
    one = checkpoint(tmp_path / "one.pt", 1.0, 1)
    wide = {"weight": torch.zeros(2, 4), "count": torch.tensor(1)}
    other = checkpoint(tmp_path / "other.pt", 1.0, 1, ema=wide)
    assert command(["average", "--of", one, other, "--out", str(tmp_path / "mean.pt")]) == 1
    assert "other.pt has other weights than" in capsys.readouterr().err


def test_what_is_no_checkpoint_of_a_stage_is_refused(tmp_path: Path, capsys: Any) -> None:
    save_checkpoint(tmp_path / "odd.pt", {"step": 1})
    odd = str(tmp_path / "odd.pt")
    assert command(["average", "--of", odd, odd, "--out", str(tmp_path / "mean.pt")]) == 1
    assert "is no checkpoint of a stage" in capsys.readouterr().err
