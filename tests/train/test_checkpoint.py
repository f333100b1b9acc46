"""What the loops share: the schedule, the average of the weights, files that are whole or not there."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from muspeaker.train.loop import checkpoint, schedule
from muspeaker.train.loop.checkpoint import (
    Ema,
    load_checkpoint,
    load_optimizer,
    save_checkpoint,
    set_learning_rate,
)
from muspeaker.train.loop.muon import Muon
from muspeaker.train.loop.schedule import Schedule, learning_rate

pytestmark = pytest.mark.torch


@pytest.fixture
def now(monkeypatch) -> list[float]:
    """The time in seconds, to be set by the test."""
    time = [100.0]
    monkeypatch.setattr(schedule.time, "monotonic", lambda: time[0])
    return time


def test_minutes_are_spent(now):
    clock = Schedule(7, None, 2.0)
    assert clock.progress(7) == 0
    now[0] += 60
    assert clock.progress(7) == 0.5
    assert not clock.paused()
    now[0] += 600
    assert clock.progress(7) == 1
    assert clock.paused()


def test_steps_do_not_look_at_the_clock(now):
    steps = Schedule(10, 30, None)
    now[0] += 1e6
    assert [steps.progress(step) for step in (10, 15, 30, 40)] == [0, 0.25, 1, 1]
    assert not steps.paused()
    assert Schedule(30, 30, None).progress(30) == 1  # a snapshot at its last step learns no more


def test_minutes_pause_a_schedule_of_steps(now):
    both = Schedule(0, 100, 1.0)
    now[0] += 61
    assert both.progress(50) == 0.5
    assert both.paused()


def test_a_schedule_needs_an_end():
    with pytest.raises(ValueError, match="last step or minutes"):
        Schedule(0, None, None)


def test_learning_rate_warms_up_then_falls_to_a_fiftieth():
    assert learning_rate(1.0, 0.0, 0) == pytest.approx(0.01)
    assert learning_rate(1.0, 0.0, 49) == pytest.approx(0.5)
    assert learning_rate(1.0, 0.0, 1000) == pytest.approx(1.0)
    assert learning_rate(1.0, 0.5, 1000) == pytest.approx(0.51)
    assert learning_rate(2.0, 1.0, 1000) == pytest.approx(0.04)


def test_set_learning_rate_reaches_every_group():
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))]} for _ in range(2)]
    optimizer = torch.optim.AdamW(groups, 1.0)
    set_learning_rate(optimizer, 0.25)
    assert [group["lr"] for group in optimizer.param_groups] == [0.25, 0.25]


def test_an_optimizer_of_another_kind_starts_from_zero(caplog):
    module = torch.nn.Sequential(torch.nn.Linear(9, 9), torch.nn.LayerNorm(9))
    one = torch.optim.AdamW(module.parameters(), 0.5)
    module(torch.ones(1, 9)).square().sum().backward()
    one.step()
    two = Muon(module, 0.1)
    load_optimizer(two, one.state_dict())
    assert not two.state
    assert "was of another kind" in caplog.text
    same = torch.optim.AdamW(module.parameters(), 0.1)
    load_optimizer(same, one.state_dict())
    assert same.param_groups[0]["lr"] == 0.5
    assert len(same.state) == len(list(module.parameters()))


def test_ema_follows_the_weights_and_copies_buffers():
    module = torch.nn.BatchNorm1d(1)
    ema = Ema(module, decay=0.5)
    with torch.no_grad():
        module.weight.fill_(3.0)
        module.running_mean.fill_(7.0)
    ema.update(module)
    kept = 2 / 11  # the first steps forget the beginning faster than the decay says
    assert float(ema.module.weight.detach()) == pytest.approx(kept * 1 + (1 - kept) * 3)
    assert float(ema.module.running_mean) == 7.0
    for _ in range(60):
        ema.update(module)
    assert float(ema.module.weight.detach()) == pytest.approx(3.0)
    assert not ema.module.weight.requires_grad
    assert not ema.module.training


def test_checkpoint_round_trip(tmp_path):
    path = tmp_path / "deep" / "state.pt"
    save_checkpoint(path, {"step": 3, "model": {"w": torch.arange(4.0)}})
    state = load_checkpoint(path)
    assert state["step"] == 3
    assert state["model"]["w"].tolist() == [0, 1, 2, 3]
    assert [p.name for p in path.parent.iterdir()] == ["state.pt"]


def test_a_save_that_fails_leaves_the_old_checkpoint(tmp_path, monkeypatch):
    path = tmp_path / "state.pt"
    save_checkpoint(path, {"step": 1})

    def full_disk(_, file):
        file.write_bytes(b"half")
        raise OSError("no space left")

    monkeypatch.setattr(checkpoint.torch, "save", full_disk)
    with pytest.raises(OSError, match="no space"):
        save_checkpoint(path, {"step": 2})
    assert load_checkpoint(path)["step"] == 1
    assert [p.name for p in tmp_path.iterdir()] == ["state.pt"]


def test_load_needs_a_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_checkpoint(tmp_path / "state.pt")
