"""Stage: the timbre encoder, ERes2NetV2 with an additive-angular-margin loss over speakers.

With `--targets` it also learns a teacher's embeddings, by the cosine. Clips played at other speeds count as
other speakers. Held-out speakers give the equal-error rate.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from muspeaker.train.corpus.augment import Augmentation
from muspeaker.train.corpus.cache import Cache
from muspeaker.train.corpus.timbre_crops import NOBODY, CropOptions, Speakers, read_speakers
from muspeaker.train.loop.checkpoint import load_checkpoint
from muspeaker.train.loop.distributed import first_goes_ahead
from muspeaker.train.loop.options import TrainOptions, model_config, option, parse
from muspeaker.train.loop.trainer import Trainer
from muspeaker.train.losses.timbre import AngularMargin, distance_to_teacher
from muspeaker.twin.dsp.fbank import remove_time_mean
from muspeaker.twin.model.timbre_encoder import TimbreEncoder

if TYPE_CHECKING:
    from muspeaker.config import ModelConfig
    from muspeaker.train.loop.feed import Batch


log = logging.getLogger(__name__)
GRADIENT_NORM = 5.0
MARGIN = 0.2
WEIGHTS = {"margin": 0.3, "distill": 10.0}


@dataclass(frozen=True, kw_only=True)
class TimbreOptions(TrainOptions):
    """The command line of the stage."""

    out: Path = option(Path("runs/timbre"), "folder of the checkpoint, the log and the samples")
    batch: int = option(64, "crops in a batch of the mean length")
    frames: tuple[int, ...] = option(
        (100, 150, 200, 300), "lengths of a crop, 10 ms each; every batch has one of them"
    )
    targets: Path | None = option(
        None, "what to say of every clip: targets.npy of muspeaker-train targets"
    )
    start: Path | None = option(None, "a checkpoint of this stage whose encoder to start from")
    held_out: Path | None = option(
        None, "table with a column `speaker` of those not to train on; chosen by rule if none"
    )
    rate: float = option(2e-3, "peak learning rate")
    augment: Literal["waves", "filter-banks", "none"] = option(
        "waves", "what is augmented; waves need soxr and more computing, filter banks have no echo"
    )
    noise: float = option(0.5, "share of the waves with noise")
    reverberation: float = option(0.3, "share of the waves with an echo")
    band: float = option(0.25, "share of the waves through a narrow microphone")
    clip: float = option(GRADIENT_NORM, "largest norm of a gradient")


def equal_error_rate(embeddings: torch.Tensor, speakers: list[str]) -> float:
    """The rate at which false acceptances equal false rejections, over all pairs; NaN if one kind lacks."""
    unit = F.normalize(embeddings)
    scores = (unit @ unit.T).numpy()
    names = np.array(speakers)
    upper = np.triu_indices(len(names), 1)
    same = (names[:, None] == names[None, :])[upper]
    if not same.any() or same.all():
        return math.nan
    order = np.argsort(scores[upper])
    rejected = np.cumsum(same[order]) / same.sum()
    accepted = 1 - np.cumsum(~same[order]) / (~same).sum()
    at = int(np.argmin(np.abs(rejected - accepted)))
    return float((rejected[at] + accepted[at]) / 2)


@torch.no_grad()
def held_out_vectors(encoder: nn.Module, speakers: Speakers) -> tuple[torch.Tensor, list[str]]:
    """Vectors of halves of the held-out clips, and who speaks."""
    vectors, names = [], []
    device = next(encoder.parameters()).device
    for index, speaker in speakers.held_out[:: max(1, len(speakers.held_out) // 150)]:
        rows = torch.from_numpy(speakers.fbanks.clip(index)).to(device)
        for half in rows.chunk(2)[: 2 if len(rows) > 400 else 1]:
            vectors.append(encoder(remove_time_mean(half.unsqueeze(0)))[0].cpu())
            names.append(speaker)
    return torch.stack(vectors), names


class TimbreTrainer(Trainer):
    """The encoder and its classifier.

    Args:
        config: Sizes of the model.
        options: The command line.
        speakers: Batches and held-out clips.
    """

    file = "timbre"
    minutes = 30

    def __init__(self, config: ModelConfig, options: TimbreOptions, speakers: Speakers) -> None:
        super().__init__(config, options, WEIGHTS)
        encoder = TimbreEncoder(config.timbre_encoder)
        if options.start:
            encoder.load_state_dict(_weights_of(options.start))
        encoder = encoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        margin = AngularMargin(config.timbre_encoder.embedding, len(speakers.names))
        prototypes = speakers.prototypes()
        if prototypes is not None:
            margin.weight.data.copy_(torch.from_numpy(prototypes))
        self.encoder = self.network("encoder", encoder, decay=0.995)
        self.margin = self.network("margin", margin)
        parameters = [*self.encoder.parameters(), *self.margin.parameters()]
        self.optimizer(
            "optimizer",
            torch.optim.AdamW(parameters, options.rate, weight_decay=1e-2),
            options.rate,
        )
        self._speakers = speakers
        log.info("%d speakers, %d clips held out", len(speakers.names), len(speakers.held_out))

    def source(self) -> Speakers:
        """Crops of clips of the training speakers."""
        return self._speakers

    def train_step(self, batch: Batch, progress: float) -> dict[str, torch.Tensor]:
        """Tell the speakers apart and follow the teacher; the margin comes in over the second half."""
        with self.autocast():
            vectors = self.encoder(batch["fbank"])
        vectors = vectors.float()
        ramp = MARGIN * max(0.0, 2 * progress - 1.0)
        known = batch["speaker"] != NOBODY
        losses = {"margin": self.margin(vectors[known], batch["speaker"][known], ramp)}
        if "target" in batch:
            losses["distill"] = distance_to_teacher(vectors, batch["target"])
        self.descend("optimizer", self.total(losses))
        return losses

    def show(self) -> None:
        """The equal-error rate, who resembles whom, and one crop as the network gets it."""
        assert self.ema
        vectors, names = held_out_vectors(self.ema.module, self._speakers)
        rate = equal_error_rate(vectors, names)
        log.info("step %d equal-error rate %.4f", self.step, rate)
        self.journal.scalar("equal_error_rate", rate, self.step)
        unit = F.normalize(vectors)
        order = np.argsort(names, kind="stable").tolist()
        self.journal.picture("similarity", (unit @ unit.T)[order][:, order].numpy(), self.step)
        plan = next(self._speakers.plans(self.step))
        crop = self._speakers.collate(plan, slice(1))["fbank"][0]
        self.journal.picture("crop", crop.T.numpy(), self.step)
        self.journal.audio("crop", self._speakers.example(self.step), self.step)


def _weights_of(path: Path) -> dict[str, torch.Tensor]:
    """The averaged encoder of a checkpoint or a snapshot of this stage, float32."""
    state = load_checkpoint(path)
    weights = state.get("ema", state["encoder"])
    return {n: x.float() if x.is_floating_point() else x for n, x in weights.items()}


def _speakers(cache: Cache, options: TimbreOptions, config: ModelConfig) -> Speakers:
    """The crops that the command line asks for."""
    change = Augmentation(options.noise, options.reverberation, options.band)
    crops = CropOptions(options.batch, options.frames, options.seed, options.augment, change)
    held = read_speakers(options.held_out) if options.held_out else None
    speakers = Speakers(cache, crops, config.timbre_encoder.num_fbanks, held)
    if options.targets:
        targets, size = np.load(options.targets), config.timbre_encoder.embedding
        if targets.shape[1:] != (size,):
            raise ValueError(
                f"{options.targets} is {targets.shape}, the model's embedding has {size} values: "
                f"make it again with --axes {size}"
            )
        speakers.learn_from(targets)
    return speakers


def main(arguments: list[str] | None = None, config: ModelConfig | None = None) -> None:
    """Command line of the stage; `config` stands in for the sizes that it names."""
    options = parse(TimbreOptions, arguments, "muspeaker-train timbre", __doc__)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    with first_goes_ahead():
        config = config or model_config(options)
        cache = Cache(options.corpus, config.audio)
        speakers = _speakers(cache, options, config)
    TimbreTrainer(config, options, speakers).run()


if __name__ == "__main__":
    main()
