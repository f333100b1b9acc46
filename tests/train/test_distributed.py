"""Two processes that share every batch have the losses and the weights of one that takes it whole."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("numba")
pytest.importorskip("parselmouth")

from muspeaker.train.corpus import acoustic_data
from muspeaker.train.loop.checkpoint import load_checkpoint
from muspeaker.train.loop.journal import Journal
from tests.tiny_training import CONFIG, FILES, STAGES

pytestmark = pytest.mark.torch

STEPS = 3
# Where the tiny timbre encoder is: PyTorch 2.13 on a CPU corrupts the heap in float32 convolutions of so
# few channels, channels last; the sizes of lite and base do not meet that.
IN_BF16 = ("timbre", "student")

# Every stage in turn in one pair of processes: importing PyTorch costs more than training.
TWO = """
import json, sys
from tests.tiny_training import CONFIG, STAGES
from muspeaker.train.loop import distributed
from muspeaker.train.loop.journal import Journal

seen = []
def step(_self, _number, losses, _rate):
    seen.append({name: float(distributed.joint_mean(loss)) for name, loss in losses.items()})
Journal.step = step
result = {}
for stage, words in json.loads(sys.argv[1]).items():
    seen.clear()
    STAGES[stage](words, CONFIG)
    result[stage] = list(seen)
if distributed.rank() == 0:
    open(sys.argv[2], "w").write(json.dumps(result))
assert distributed.world() == 2
"""


def arguments(runs, stage: str, out: Path) -> list[str]:
    """A command line that every process count can share."""
    words = [*runs.arguments(stage, STEPS), "--out", str(out / stage)]
    words += ["--precision", "bf16" if stage in IN_BF16 else "f32"]
    if stage in {"teacher", "student"}:
        words += ["--frames", "900", "--optimizer", "adamw"]
    return words


@pytest.fixture(scope="module")
def together(runs, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, list]]:
    """The stages by two processes over gloo, started by torchrun: the folder, and their joint losses."""
    folder = tmp_path_factory.mktemp("together")
    script, losses = folder / "two.py", folder / "losses.json"
    script.write_text(TWO, encoding="utf-8")
    stages = json.dumps({stage: arguments(runs, stage, folder) for stage in STAGES})
    root = os.fspath(Path(__file__).parents[2])
    given = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    paths = [
        root,
        *(os.fspath(Path(path).resolve()) for path in given),
    ]  # the processes run elsewhere
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
         str(script), stages, str(losses)],
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(paths)},
        cwd=folder, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return folder, json.loads(losses.read_text(encoding="utf-8"))


@pytest.mark.parametrize("stage", [stage for stage in STAGES if stage != "timbre"])
def test_two_processes_are_one(runs, together, stage, tmp_path, monkeypatch):
    alone: list[dict[str, float]] = []
    monkeypatch.setattr(
        Journal, "step", lambda _s, _n, x, _r: alone.append({n: float(v) for n, v in x.items()})
    )
    monkeypatch.setattr(acoustic_data, "world", lambda: 2)  # batches that two could share
    STAGES[stage](arguments(runs, stage, tmp_path), CONFIG)
    folder, losses = together
    assert len(alone) == len(losses[stage]) == STEPS
    close = {"rel": 0.05, "abs": 0.02} if stage in IN_BF16 else {"rel": 2e-3, "abs": 2e-4}
    for one, two in zip(alone, losses[stage], strict=True):
        assert two == pytest.approx(one, **close)
    if stage in IN_BF16:
        return
    states = [load_checkpoint(f / stage / FILES[stage]) for f in (tmp_path, folder)]
    for name, average in states[0]["ema"].items():
        torch.testing.assert_close(states[1]["ema"][name], average, rtol=1e-2, atol=2e-4)


def test_two_processes_train_the_timbre_encoder(together):
    folder, losses = together
    assert len(losses["timbre"]) == STEPS  # each has its own batch norms, so the losses differ
    state = load_checkpoint(folder / "timbre" / "timbre.pt")
    assert all(torch.isfinite(x).all() for x in state["ema"].values())
