"""The trainer that the teacher and the student share: everything between phones and mel."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import torch

from muspeaker.train.acoustic_pass import acoustic_losses, decode, encode_prior
from muspeaker.train.corpus.acoustic_data import EVEN_SHORTEST, MAX_FRAMES, AcousticData
from muspeaker.train.corpus.cache import Cache
from muspeaker.train.corpus.ge2e import load_ge2e
from muspeaker.train.corpus.timbres import timbre_encoder, timbre_vectors
from muspeaker.train.loop.distributed import first_goes_ahead
from muspeaker.train.loop.feed import Batch, Plan
from muspeaker.train.loop.listen import Renderer
from muspeaker.train.loop.muon import Muon
from muspeaker.train.loop.options import TrainOptions, loss_weights, option
from muspeaker.train.loop.trainer import Trainer
from muspeaker.train.losses.adversarial import (
    adversarial_loss,
    discriminator_loss,
    feature_loss,
    maps_of,
    rejection_loss,
)
from muspeaker.train.losses.discriminators import MelDiscriminator
from muspeaker.train.losses.ge2e_judge import GE2EJudge, ge2e_bands
from muspeaker.train.losses.voice_judge import (
    VoiceJudge,
    contrastive_loss,
    fbank_map,
    judged_frames,
)
from muspeaker.twin.model.muspeaker import MuSpeaker

if TYPE_CHECKING:
    from collections.abc import Mapping

    from muspeaker.config import ModelConfig

STRANGER = 0.5  # weight of real speech beside another's timbre, among the discriminator's losses
SHOWN = 3  # clips that are spoken again at every save
TEMPERATURE = 0.667  # temperature of the content that is shown


@dataclass(frozen=True, kw_only=True)
class AcousticOptions(TrainOptions):
    """The command line of either stage."""

    timbre: Path = option(
        Path("runs/timbre/timbre.pt"),
        "checkpoint of the timbre encoder, or the targets that it learns",
    )
    vocoder: Path = option(
        Path("runs/vocoder/vocoder.pt"), "speaks the listening samples where it is there"
    )
    adversarial_from: float = option(0.66, "share of the budget before the discriminator joins")
    judge_from: float = option(0.0, "share before the losses of judges count")
    judged_rows: int = option(0, "rows of a batch that these losses hear; 0: all")
    network: Path | None = option(
        None, "Resemblyzer's pretrained.pt, for the loss `voice`; that of the package if none"
    )
    frames: int = option(5000, "frames in a batch, padding included")
    grid: int = option(0, "on a GPU: few shapes of batches, lengths in steps of so many frames")
    longest: int = option(MAX_FRAMES, "frames that a target may have; longer ones are only prompts")
    patch_frames: int = option(96, "frames of each clip that the discriminator hears")
    discriminator_width: int = option(24, "channels of the discriminator's first layer")
    rate_d: float = option(2e-4, "peak learning rate of the discriminator")
    optimizer: Literal["adamw", "muon"] = option("muon", "optimizer of the network")


class AcousticTrainer(Trainer):
    """The network and its mel discriminator; each stage gives it its name.

    Args:
        config: Sizes of the model.
        options: The command line.
        data: Batches.
        table: The stage's loss weights.
        judge: Hears voices; needed for the perceptual and contrastive losses.
        ge2e: Hears voices; needed for the loss `voice`.
    """

    minutes = 60

    def __init__(
        self,
        config: ModelConfig,
        options: AcousticOptions,
        data: AcousticData,
        table: Mapping[str, float],
        judge: VoiceJudge | None = None,
        ge2e: GE2EJudge | None = None,
    ) -> None:
        super().__init__(config, options, table)
        self.model = self.network("model", MuSpeaker(config, acoustic_only=True), decay=0.999)
        self.discriminator = self.network(
            "discriminator", MelDiscriminator(options.discriminator_width, config.timbre_size)
        )
        self.optimizer("optimizer", _optimizer(self.model, options), options.rate)
        self.optimizer(
            "optimizer_d",
            torch.optim.AdamW(self.discriminator.parameters(), options.rate_d, betas=(0.5, 0.9)),
            options.rate_d,
        )
        self._data = data
        self._judge = judge.to(self.device) if judge else None
        self._ge2e = ge2e.to(self.device) if ge2e else None
        self._judged_rows = options.judged_rows
        self._patch_frames = options.patch_frames
        self._patch = partial(patch, recorded=options.graphs)
        self._renderer = Renderer(options.vocoder, config.audio, self.device)
        self._starts = {
            ("adversarial", "features"): options.adversarial_from,
            ("perceptual", "contrastive"): options.judge_from,
            ("voice",): options.judge_from,
        }

    def source(self) -> AcousticData:
        """Targets and prompts."""
        return self._data

    def _wanted(self, names: tuple[str, ...], progress: float) -> bool:
        return progress >= self._starts[names] and any(self.weights[name] for name in names)

    def train_step(self, batch: Batch, progress: float) -> dict[str, torch.Tensor]:
        """One step of the network, and of the discriminator once it has joined."""
        with self.autocast():
            losses, mel = acoustic_losses(self.model, batch)
        if self._wanted(("adversarial", "features"), progress):
            losses |= self._adversarial_losses(mel, batch)
        if self._wanted(("perceptual", "contrastive"), progress):
            losses |= self._judged_losses(mel, batch)
        if self._wanted(("voice",), progress):
            assert self._ge2e, "this loss needs GE2E"
            losses["voice"] = self._ge2e.loss(*self._heard(mel, batch))
        logs = {name: losses.pop(name) for name in ("discriminator",) if name in losses}
        self.descend("optimizer", self.total(losses))
        return losses | logs

    def _adversarial_losses(self, mel: torch.Tensor, batch: Batch) -> dict[str, torch.Tensor]:
        timbre = batch["timbre"]
        real, fake = (self._patch(x, batch, self._patch_frames) for x in (batch["mel"], mel))
        with self.autocast():
            judged_real = self.discriminator(real, timbre)
            judged_fake = self.discriminator(fake.detach(), timbre)
            stranger = self.discriminator(real, timbre.roll(len(timbre) // 2, 0))
            loss_d = discriminator_loss(judged_real, judged_fake)
            loss_d = loss_d + STRANGER * rejection_loss(stranger)
        self.descend("optimizer_d", loss_d)
        self.discriminator.requires_grad_(requires_grad=False)
        with self.autocast():
            with torch.no_grad():
                judged_real = self.discriminator(real, timbre)
            judged_fake = self.discriminator(fake, timbre)
        self.discriminator.requires_grad_(requires_grad=True)
        return {
            "adversarial": adversarial_loss(judged_fake),
            "features": feature_loss(maps_of(judged_real), maps_of(judged_fake)),
            "discriminator": loss_d.detach(),
        }

    def _judged_losses(self, mel: torch.Tensor, batch: Batch) -> dict[str, torch.Tensor]:
        assert self._judge, "these losses need a judge"
        real, fake = self._heard(mel, batch)
        with self.autocast():
            with torch.no_grad():
                real, _ = self._judge(real)
            fake, vectors = self._judge(fake)
        return {
            "perceptual": feature_loss(real, fake),
            "contrastive": contrastive_loss(
                vectors, batch["timbre"][:, : vectors.shape[1]], batch["speaker"]
            ),
        }

    def _heard(self, mel: torch.Tensor, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """What a judge hears of real and predicted mels."""
        frames, rows = judged_frames(self.config.audio), slice(self._judged_rows or None)
        real, fake = (self._patch(x[rows], batch, frames) for x in (batch["mel"], mel))
        return real, fake

    @torch.no_grad()
    def show(self) -> None:
        """Some clips as the average imagines them on the real durations, pitch and energy."""
        if not self.journal.shows:
            return
        assert self.ema
        model = self.ema.module
        assert isinstance(model, MuSpeaker)
        numbers = sorted(self._data.items)
        plan = Plan(0, tuple(numbers[:: max(1, len(numbers) // SHOWN)][:SHOWN]))
        batch = self._data.collate(plan, slice(None))
        batch = {name: value.to(self.device) for name, value in batch.items()}
        with self.autocast():
            mels, _ = decode(model, encode_prior(model, batch, TEMPERATURE), batch)
        for row, frames in enumerate(batch["frame_mask"].sum(1).tolist()):
            real, mel = batch["mel"][row, :, :frames], mels[row, :, :frames].float()
            self.journal.picture(f"mel/{row}", torch.cat([real, mel]).cpu().numpy(), self.step)
            samples = self._renderer.render(mel, batch["f0"][row, :frames])
            self.journal.audio(f"spoken/{row}", samples, self.step)


def patch(x: torch.Tensor, batch: Batch, frames: int, *, recorded: bool) -> torch.Tensor:
    """At most so many frames of `x` that every clip of the batch has, at the batch's random place.

    Args:
        x: (batch, mels, frames).
        batch: Batch from `AcousticData.collate`.
        frames: How many.
        recorded: Whether the step becomes a graph, which cannot ask the device where the place is. All
            clips must have so many frames then.
    """
    if recorded:
        first = (batch["place"] * (batch["shortest"] - frames + 1).clamp(min=1)).long()
        return x.index_select(2, first + torch.arange(frames, device=x.device))
    shortest = int(batch["shortest"])
    start = int(float(batch["place"]) * max(1, shortest - frames + 1))
    return x[:, :, start : min(start + frames, shortest)]


def _optimizer(model: MuSpeaker, options: AcousticOptions) -> torch.optim.Optimizer:
    if options.optimizer == "muon":
        return Muon(model, options.rate)
    return torch.optim.AdamW(model.parameters(), options.rate, betas=(0.9, 0.98), weight_decay=1e-2)


def load_judge(cache: Cache, path: Path, config: ModelConfig) -> VoiceJudge:
    """The judge of this corpus, with the trained timbre encoder."""
    to_fbank = fbank_map(cache, config.timbre_encoder.num_fbanks)
    return VoiceJudge(timbre_encoder(path, config), to_fbank, cache.sizes)


def load_ge2e_judge(cache: Cache, path: Path | None) -> GE2EJudge:
    """GE2E as this corpus is heard by it; see `load_ge2e`."""
    network = load_ge2e(path)
    return GE2EJudge(network, ge2e_bands(cache, network), cache.sizes)


def make_trainer(
    kind: type[AcousticTrainer],
    config: ModelConfig,
    options: AcousticOptions,
    table: Mapping[str, float],
) -> tuple[AcousticTrainer, AcousticData]:
    """The trainer of either stage on its corpus, with the judges that its losses need; and its data.

    Raises:
        ValueError: If steps are to be graphs and batches have any shape, or clips shorter than a patch.
    """
    if options.graphs and not (options.grid and options.patch_frames <= EVEN_SHORTEST):
        raise ValueError(f"--graphs needs --grid, and --patch-frames of at most {EVEN_SHORTEST}")
    weights = loss_weights(table, options.weights)
    judged = weights["perceptual"] > 0 or weights["contrastive"] > 0
    with first_goes_ahead():
        cache = Cache(options.corpus, config.audio)
        timbres = timbre_vectors(cache, options.timbre, config)
        judge = load_judge(cache, options.timbre, config) if judged else None
        ge2e = load_ge2e_judge(cache, options.network) if weights["voice"] > 0 else None
    data = AcousticData(
        cache, timbres, config, options.frames, options.seed, options.grid, options.longest
    )
    return kind(config, options, data, table, judge, ge2e), data
