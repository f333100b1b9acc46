"""Snapshots: what is kept with the code resumes as it was saved, to half precision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch

from muspeaker.train.command import main as command
from muspeaker.train.loop.checkpoint import load_checkpoint, save_checkpoint
from muspeaker.train.stages.snapshot import restore, save

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.torch


def test_averaged_weights_come_back(tmp_path: Path) -> None:
    runs, kept, back = tmp_path / "runs", tmp_path / "kept", tmp_path / "back"
    average = {"weight": torch.randn(3, 4), "count": torch.tensor(7)}
    state = {"step": 12, "generator": {"weight": torch.zeros(3, 4), "count": torch.tensor(7)}}
    state |= {"ema": average, "discriminator": {"bias": torch.ones(2)}, "optimizer_g": {"lr": 1.0}}
    save_checkpoint(runs / "vocoder" / "vocoder.pt", state)

    assert [path.name for path in save(runs, kept)] == ["vocoder.snapshot"]
    assert [path.name for path in restore(kept, back)] == ["vocoder.pt"]

    restored = load_checkpoint(back / "vocoder" / "vocoder.pt")
    assert restored["step"] == 12
    for name in ("generator", "ema"):
        assert restored[name]["weight"].dtype == torch.float32
        torch.testing.assert_close(
            restored[name]["weight"], average["weight"], rtol=1e-3, atol=1e-4
        )
        assert restored[name]["count"] == 7
    assert "optimizer_g" not in restored


def test_a_checkpoint_is_never_overwritten(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "runs" / "align" / "align.pt", {"step": 1, "aligner": {}})
    save(tmp_path / "runs", tmp_path / "kept")
    with pytest.raises(FileExistsError, match=r"align\.pt is there already"):
        restore(tmp_path / "kept", tmp_path / "runs")


@pytest.mark.parametrize(
    ("verb", "hint"), [("restore", "--folder"), ("save", "student/student.pt")]
)
def test_nothing_to_do_is_said(
    verb: str, hint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    assert command(["snapshot", verb]) == 1
    assert hint in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
