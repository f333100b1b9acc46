"""A run that was stopped and resumed has the losses and the weights of one that was not."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("numba")
pytest.importorskip("parselmouth")

from muspeaker.train.loop.checkpoint import load_checkpoint, save_checkpoint
from muspeaker.train.loop.journal import Journal
from tests.tiny_training import CONFIG, FILES, STAGES

pytestmark = pytest.mark.torch

STEPS, PAUSE = 4, 2
ROUNDS = {"realign": (8, 4)}  # more than two rounds, the pause between two of them


@pytest.fixture
def losses(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, float]]:
    """The losses of every step that was taken since the list was emptied."""
    seen: list[dict[str, float]] = []

    def step(_self, _number, values, _rate):
        seen.append({name: float(value) for name, value in values.items()})

    monkeypatch.setattr(Journal, "step", step)
    return seen


def same(a: object, b: object) -> bool:
    """Whether two states are equal, bit for bit."""
    if isinstance(a, torch.Tensor):
        return torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


@pytest.mark.parametrize("stage", STAGES)
def test_resumed_run_is_the_uninterrupted_one(runs, stage, tmp_path, losses):
    steps, pause = ROUNDS.get(stage, (STEPS, PAUSE))
    command = runs.arguments(stage, steps)
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    STAGES[stage]([*command, "--out", str(whole)], CONFIG)
    expected = list(losses)
    losses.clear()
    STAGES[stage]([*command, "--out", str(parts), "--pause", str(pause)], CONFIG)
    assert len(losses) == pause
    STAGES[stage]([*command, "--out", str(parts)], CONFIG)
    assert len(expected) == steps
    assert losses == expected
    assert losses[0] != losses[-1]
    states = [load_checkpoint(folder / FILES[stage]) for folder in (whole, parts)]
    assert same(*states)
    assert states[0]["step"] == steps


def test_a_schedule_that_is_over_has_nothing_left(runs, tmp_path, losses):
    command = [*runs.arguments("align", 2), "--out", str(tmp_path)]
    STAGES["align"](command, CONFIG)
    STAGES["align"](command, CONFIG)
    assert len(losses) == 2


def test_minutes_count_from_the_checkpoint(runs, tmp_path, losses):
    command = runs.arguments("align")
    command = command[: command.index("--steps")] + command[command.index("--steps") + 2 :]
    for _ in range(2):
        STAGES["align"]([*command, "--minutes", "0.003", "--out", str(tmp_path)], CONFIG)
    state = load_checkpoint(tmp_path / "align.pt")
    assert state["step"] == len(losses) > 1
    assert 0 < state["schedule"]["first"] < state["step"]


def test_a_checkpoint_of_an_older_release_resumes(runs, tmp_path, losses):
    state = load_checkpoint(runs.root / "vocoder" / "vocoder.pt")
    for name in ("config", "schedule", "ema_steps", "optimizer_g", "optimizer_d"):
        del state[name]
    save_checkpoint(tmp_path / "vocoder.pt", state)
    last = state["step"] + 3
    STAGES["vocoder"]([*runs.arguments("vocoder", last), "--out", str(tmp_path)], CONFIG)
    assert len(losses) == 3
    assert load_checkpoint(tmp_path / "vocoder.pt")["schedule"] == {"first": last - 3, "last": last}


def test_a_checkpoint_without_discriminators_resumes_and_one_without_the_network_does_not(
    runs, tmp_path, losses
):
    state = load_checkpoint(runs.root / "vocoder" / "vocoder.pt")
    command = [*runs.arguments("vocoder", state["step"] + 1), "--out", str(tmp_path)]
    del state["discriminator"], state["optimizer_d"]
    save_checkpoint(tmp_path / "vocoder.pt", state)
    STAGES["vocoder"](command, CONFIG)
    assert len(losses) == 1
    del state["generator"]
    save_checkpoint(tmp_path / "vocoder.pt", state)
    with pytest.raises(ValueError, match="has no generator: it is no checkpoint of this stage"):
        STAGES["vocoder"](command, CONFIG)


def test_another_seed_is_another_run(runs, tmp_path, losses):
    for seed in ("1", "2"):
        command = [*runs.arguments("align", 2), "--out", str(tmp_path / seed), "--seed", seed]
        STAGES["align"](command, CONFIG)
    assert losses[0] != losses[2]


@pytest.mark.parametrize("stage", ["vocoder", "teacher"])
def test_single_precision(runs, stage, tmp_path, losses):
    for precision in ("bf16", "f32"):
        command = [*runs.arguments(stage, 1), "--out", str(tmp_path / precision)]
        STAGES[stage]([*command, "--precision", precision], CONFIG)
    assert losses[0] != losses[1]
    assert losses[0]["mel"] == pytest.approx(losses[1]["mel"], rel=0.1)
