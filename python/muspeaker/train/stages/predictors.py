"""Stage: the predictors of durations, F0 and energy, and the style encoder, on prosody without speech too.

A teacher's durations, F0 and energy cost a fiftieth of its speech (`python -m tools.teacher_speech prosody`). Batches
of them take turns with those of the corpus. All other weights stay those of the student that it starts from, and
what it writes is a student's checkpoint.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import nn

from muspeaker.train.acoustic_pass import predictor_losses
from muspeaker.train.corpus.acoustic_data import AcousticData
from muspeaker.train.corpus.cache import Cache
from muspeaker.train.corpus.prosody_data import Mixture, ProsodyData
from muspeaker.train.loop.checkpoint import config_of, load_checkpoint
from muspeaker.train.loop.distributed import world
from muspeaker.train.loop.feed import Plan
from muspeaker.train.loop.muon import Muon
from muspeaker.train.loop.options import ModelOptions, TrainOptions, option, parse
from muspeaker.train.loop.trainer import Trainer
from muspeaker.train.losses.acoustic import WEIGHTS
from muspeaker.twin.model.muspeaker import MuSpeaker

if TYPE_CHECKING:
    from collections.abc import Iterable

    from muspeaker.config import ModelConfig
    from muspeaker.train.loop.feed import Batch, Source

NAMES = ("duration", "pitch", "range", "voicing", "energy")
PREDICTOR_WEIGHTS = {name: WEIGHTS[name] for name in NAMES}
HELD_OUT = 50  # of so many clips of the corpus one is held out
HELD_BATCHES = 12  # of either kind
FIRST_HELD = 1 << 40  # numbers of held-out batches, which no run gets to

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class PredictorOptions(TrainOptions):
    """The command line of the stage."""

    out: Path = option(
        Path("runs/predictors"), "folder of the checkpoint, a student's, and of the log"
    )
    start: Path = option(
        Path("runs/student/student.pt"), "the student whose other weights stay as they are"
    )
    prosody: Path = option(
        Path("runs/prosody"), "folder that `python -m tools.teacher_speech prosody` wrote"
    )
    share: float = option(0.5, "share of the batches that are prosody, 0 to 1")
    rate: float = option(5e-4, "peak learning rate")
    frames: int = option(5000, "frames in a batch, padding included")
    longest: int = option(1000, "frames that a target may have")


class PredictorTrainer(Trainer):
    """A student of which only the predictors and the style encoder learn.

    Args:
        config: Sizes of the model.
        options: The command line.
        source: Batches of either kind.
        held: Batches of either kind that are only looked at, by the name of the kind.
    """

    file = "student"
    minutes = 30

    def __init__(
        self,
        config: ModelConfig,
        options: PredictorOptions,
        source: Source,
        held: dict[str, list[Batch]],
    ) -> None:
        super().__init__(config, options, PREDICTOR_WEIGHTS)
        self.model = self.network("model", MuSpeaker(config, acoustic_only=True), decay=0.999)
        self.model.requires_grad_(requires_grad=False)
        adapter = self.model.variation_adapter
        learning = nn.ModuleList(
            [
                adapter.duration_predictor,
                adapter.pitch_predictor,
                adapter.energy_predictor,
                self.model.style_encoder,
            ]
        )
        learning.requires_grad_(requires_grad=True)
        self.optimizer("optimizer", Muon(learning, options.rate), options.rate)
        self._source = source
        self._held = held

    def source(self) -> Source:
        """Batches of either kind."""
        return self._source

    def start_from(self, path: Path) -> None:
        """Take the averaged weights of a student, and log what it loses on what is held out."""
        assert self.ema
        state = load_checkpoint(path)
        self.model.load_state_dict(state["ema"])
        self.ema.module.load_state_dict(state["ema"])
        log.info("starts from %s at step %d", path, state["step"])
        self.show()

    def train_step(self, batch: Batch, progress: float) -> dict[str, torch.Tensor]:
        """One step of the predictors and the style encoder."""
        del progress
        with self.autocast():
            losses = predictor_losses(self.model, batch)
        self.descend("optimizer", self.total(losses))
        kind = "recordings" if "content_mel" in batch else "prosody"
        return {f"{kind}/{name}": loss for name, loss in losses.items()}

    @torch.no_grad()
    def show(self) -> None:
        """The losses of the average on what is held out."""
        assert self.ema
        model = self.ema.module
        assert isinstance(model, MuSpeaker)
        for kind, batches in self._held.items():
            sums: dict[str, float] = {}
            for kept in batches:
                batch = {name: value.to(self.device) for name, value in kept.items()}
                with self.autocast():
                    losses = predictor_losses(model, batch)
                for name, loss in losses.items():
                    sums[name] = sums.get(name, 0.0) + float(loss) / len(batches)
            shown = " ".join(f"{name} {mean:.4f}" for name, mean in sums.items())
            log.info("held out, %s, step %d: %s", kind, self.step, shown)
            for name, mean in sums.items():
                self.journal.scalar(f"held_out/{kind}/{name}", mean, self.step)


def held_batches(source: AcousticData | ProsodyData, numbers: Iterable[int]) -> list[Batch]:
    """Some batches of these clips, of all lengths, always the same."""
    groups = source.packed(numbers)
    some = groups[:: -(-len(groups) // HELD_BATCHES) or 1]
    return [
        source.collate(Plan(FIRST_HELD + number, tuple(group)), slice(None))
        for number, group in enumerate(some)
    ]


def make_trainer(config: ModelConfig, options: PredictorOptions) -> PredictorTrainer:
    """The trainer on a corpus and files of prosody, a part of either held out."""
    cache = Cache(options.corpus, config.audio)
    sizes = {"frames": options.frames, "seed": options.seed, "longest": options.longest}
    recordings = AcousticData(cache, None, config, **sizes)
    numbers = sorted(recordings.items)[::HELD_OUT]
    ids = {cache.clips[i].id for i in numbers}
    recordings.keep(lambda clip: clip.id not in ids)
    prosody = ProsodyData(options.prosody, cache, recordings, config, **sizes)
    source = Mixture(recordings, prosody, options.share, options.seed)
    held = {
        "recordings": held_batches(recordings, numbers),
        "prosody": held_batches(prosody, prosody.held),
    }
    return PredictorTrainer(config, options, source, held)


def main(arguments: list[str] | None = None, config: ModelConfig | None = None) -> None:
    """Command line of the stage; `config` stands in for the sizes of the student.

    Raises:
        ValueError: If an option is not for this stage, or there are several processes.
    """
    options = parse(PredictorOptions, arguments, "muspeaker-train predictors", __doc__)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    if not 0 <= options.share <= 1:
        raise ValueError(f"--share must be from 0 to 1, got {options.share}")
    if options.graphs:
        raise ValueError("--graphs: batches of this stage have any shape")
    if options.set or options.model != ModelOptions.model:
        raise ValueError("--model, --set: the sizes are those of the student (--start)")
    trainer = make_trainer(config or config_of(load_checkpoint(options.start)), options)
    if world() > 1:
        raise ValueError(
            "the stage takes one process: only the first would see the held-out losses"
        )
    if not trainer.path.exists():
        trainer.start_from(options.start)
    trainer.run()


if __name__ == "__main__":
    main()
