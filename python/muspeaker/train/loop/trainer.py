"""What all stages that train share: networks and optimizers by name, state, and the loop."""

from __future__ import annotations

import logging
import time
from abc import ABC, abstractmethod
from dataclasses import asdict
from typing import TYPE_CHECKING, ClassVar, TypeVar

import torch
from torch import nn

from muspeaker.train.loop import distributed
from muspeaker.train.loop.checkpoint import (
    Ema,
    load_checkpoint,
    load_fitting,
    load_optimizer,
    save_checkpoint,
    set_learning_rate,
)
from muspeaker.train.loop.feed import Batch, Source, feed
from muspeaker.train.loop.graphs import GraphedStep
from muspeaker.train.loop.journal import Journal
from muspeaker.train.loop.options import loss_weights
from muspeaker.train.loop.schedule import Schedule, learning_rate

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from muspeaker.config import ModelConfig
    from muspeaker.train.loop.options import TrainOptions

log = logging.getLogger(__name__)
Module = TypeVar("Module", bound=nn.Module)
Optimizer = TypeVar("Optimizer", bound=torch.optim.Optimizer)


class Trainer(ABC):
    """One stage. A subclass registers its networks and optimizers, then says what a step is.

    Names that are registered are the keys of the checkpoint. Every random number of a step comes with
    its batch, so that weights, optimizers, averages and the step are all the state there is.

    Args:
        config: Sizes of the model.
        options: The command line.
        table: The stage's loss weights.

    Attributes:
        step: Steps completed.
        ema: The average of the network that is shipped, once it is registered.
        weights: The table with the command line's changes.
    """

    file: ClassVar[str]  # name of the checkpoint without its suffix
    minutes: ClassVar[float]  # budget unless one is given

    def __init__(
        self, config: ModelConfig, options: TrainOptions, table: Mapping[str, float]
    ) -> None:
        self.config = config
        self.weights = loss_weights(table, options.weights)
        self.device = distributed.start()
        torch.set_num_threads(options.threads)
        torch.use_deterministic_algorithms(options.deterministic)
        torch.manual_seed(options.seed)
        self.step = 0
        self.ema: Ema | None = None
        self._options = options
        self._networks: dict[str, nn.Module] = {}
        self._optimizers: dict[str, tuple[torch.optim.Optimizer, float]] = {}
        self._schedule = self._schedule_from(0)
        self._journal: Journal | None = None
        self._graphs: GraphedStep | None = None

    @property
    def path(self) -> Path:
        """The checkpoint."""
        return self._options.out / f"{self.file}.pt"

    @property
    def journal(self) -> Journal:
        """The log, made when it is first needed."""
        if self._journal is None:
            rate_hz = self.config.audio.sample_rate
            self._journal = Journal(self._options.out, self._options.log_steps, rate_hz)
        return self._journal

    def network(self, name: str, module: Module, *, decay: float | None = None) -> Module:
        """Register a network; with `decay` it is averaged."""
        module = module.to(self.device)
        if distributed.world() > 1 and self.device.type == "cuda":
            module = nn.SyncBatchNorm.convert_sync_batchnorm(module)
        self._networks[name] = module
        if decay is not None:
            self.ema = Ema(module, decay)
        return module

    def optimizer(self, name: str, optimizer: Optimizer, rate: float) -> Optimizer:
        """Register an optimizer and the peak of its learning rate."""
        if self._options.graphs:
            for group in optimizer.param_groups:
                group["lr"] = torch.tensor(rate, device=self.device)
                if "capturable" in group:
                    group["capturable"] = self.device.type == "cuda"
        self._optimizers[name] = (optimizer, rate)
        return optimizer

    @abstractmethod
    def source(self) -> Source:
        """Where the batches come from."""

    @abstractmethod
    def train_step(self, batch: Batch, progress: float) -> dict[str, torch.Tensor]:
        """Learn from one batch, on the device; returns the losses to be logged."""

    def show(self) -> None:  # noqa: B027  (a stage may have nothing to show)
        """Give the journal pictures, audio and scores; called by the first process at every save."""

    def autocast(self) -> AbstractContextManager[object]:
        """The precision that was asked for."""
        enabled = self._options.precision == "bf16"
        cached = not self._options.graphs  # what a graph keeps must be made in it
        return torch.autocast(
            self.device.type, torch.bfloat16, enabled=enabled, cache_enabled=cached
        )

    def descend(self, name: str, loss: torch.Tensor) -> None:
        """One step of an optimizer; none if the gradient is not finite."""
        optimizer, _ = self._optimizers[name]
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        distributed.average_gradients(parameters)
        norm = nn.utils.clip_grad_norm_(parameters, self._options.clip)
        if self._options.graphs or torch.isfinite(norm):  # a graph cannot ask
            optimizer.step()

    def total(self, losses: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """The weighted sum of losses; one of weight zero is left out, even if it is not finite."""
        terms = [self.weights[n] * loss for n, loss in losses.items() if self.weights[n]]
        if not terms:
            raise ValueError(f"every loss is turned off: {', '.join(losses)}")
        return torch.stack(terms).sum()

    def state(self) -> dict[str, object]:
        """Everything that a resumed run needs."""
        state: dict[str, object] = {"step": self.step, "config": asdict(self.config)}
        state |= {name: module.state_dict() for name, module in self._networks.items()}
        state |= {name: o.state_dict() for name, (o, _) in self._optimizers.items()}
        if self.ema:
            state |= {"ema": self.ema.module.state_dict(), "ema_steps": self.ema.steps}
        schedule = self._schedule
        return state | {"schedule": {"first": schedule.first, "last": schedule.last}}

    def resume(self, path: Path) -> None:
        """Load what `state` gave; what an older release or a snapshot left out starts from zero.

        Raises:
            ValueError: If it lacks the stage's own network.
        """
        state = load_checkpoint(path)
        learner = next(iter(self._networks))
        if learner not in state:
            raise ValueError(f"{path} has no {learner}: it is no checkpoint of this stage")
        self.step = state["step"]
        for name, module in self._networks.items():
            if name == learner:
                module.load_state_dict(state[name])
            else:
                load_fitting(module, state, name, path)
        for name, (optimizer, _) in self._optimizers.items():
            load_optimizer(optimizer, state.get(name))
        if self.ema:
            self.ema.module.load_state_dict(state.get("ema", state[learner]))
            self.ema.steps = state.get("ema_steps", self.step)
        began = state.get("schedule", {"first": self.step, "last": None})
        options = self._options
        goes_on = options.steps is not None and began["last"] == options.steps
        first = began["first"] if goes_on else self.step
        self._schedule = self._schedule_from(first)

    def _schedule_from(self, first: int) -> Schedule:
        options = self._options
        minutes = options.minutes or (self.minutes if options.steps is None else None)
        return Schedule(first, options.steps, minutes)

    def save(self) -> None:
        """Write the checkpoint and show what there is to see; in the first process alone."""
        if distributed.rank() == 0:
            save_checkpoint(self.path, self.state())
            self.show()
            self.journal.flush()
        self.journal.resume_clock()

    def run(self) -> None:
        """Spend the budget, from the checkpoint if there is one.

        Raises:
            ValueError: If steps are to be graphs where there is not one GPU.
        """
        if self._options.graphs and (self.device.type != "cuda" or distributed.world() > 1):
            raise ValueError("--graphs needs one process on a GPU")
        source = self.source()
        self._schedule = self._schedule_from(0)
        if self.path.exists():
            self.resume(self.path)
        for module in self._networks.values():
            distributed.same_start(module)
        batches = feed(source, self.step, self._options.loaders)
        saved, start = time.monotonic(), self.step
        while (progress := self._next()) is not None:
            share = learning_rate(1.0, progress, self.step - self._schedule.first)
            for optimizer, peak in self._optimizers.values():
                set_learning_rate(optimizer, share * peak)
            batch = {name: value.to(self.device) for name, value in next(batches).items()}
            losses = self._learn(batch, progress)
            if self.ema:
                self.ema.update(next(iter(self._networks.values())))
            self.step += 1
            self.journal.step(self.step, losses, share * self._options.rate)
            if time.monotonic() - saved > self._options.save_minutes * 60:
                self.save()
                saved = time.monotonic()
        if self.step == start:
            log.info("%s is at step %d: nothing to do", self.path, self.step)
        else:
            self.save()
        self.journal.close()

    def _learn(self, batch: Batch, progress: float) -> dict[str, torch.Tensor]:
        if not self._options.graphs:
            return {name: loss.detach() for name, loss in self.train_step(batch, progress).items()}
        if self._graphs is None:
            self._graphs = GraphedStep(
                lambda given: {n: x.detach() for n, x in self.train_step(given, 1.0).items()}
            )
        return self._graphs(batch)

    def _next(self) -> float | None:
        """Progress at the next step; None if the budget is spent or the run is to pause."""
        schedule = self._schedule
        progress = distributed.from_first(schedule.progress(self.step), self.device)
        paused = distributed.from_first(float(schedule.paused()), self.device)
        stop = progress >= 1 or paused or self.step == self._options.pause
        return None if stop else progress
