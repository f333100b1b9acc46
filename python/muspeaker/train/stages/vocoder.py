"""Stage: the vocoder, of the kind that the model has, on real mels and then on predicted ones.

Resumes from its checkpoint. The discriminators join after a share of the budget, and can be left out.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch

from muspeaker.sound.samples import from_int16
from muspeaker.train.corpus.cache import Cache
from muspeaker.train.loop.distributed import first_goes_ahead
from muspeaker.train.loop.feed import Batch, Plan
from muspeaker.train.loop.muon import Muon
from muspeaker.train.loop.options import TrainOptions, loss_weights, model_config, option, parse
from muspeaker.train.loop.trainer import Trainer
from muspeaker.train.losses.adversarial import (
    adversarial_loss,
    discriminator_loss,
    feature_loss,
    maps_of,
)
from muspeaker.train.losses.discriminators import RESOLUTIONS, VocoderDiscriminator
from muspeaker.train.losses.pulse_phase import lay_pulses, phase_loss
from muspeaker.train.losses.vocoder import (
    ALL_SCALES,
    WEIGHTS,
    limit_band,
    spectral_losses,
)
from muspeaker.twin.dsp.mel import log_mel
from muspeaker.twin.dsp.mel_correction import correct_mel
from muspeaker.twin.model.spectral_vocoder import SpectralVocoder
from muspeaker.twin.model.vocoder import make_vocoder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from muspeaker.config import ModelConfig
    from muspeaker.train.losses.discriminators import Judgement

FULL_BAND = 0.82  # of half the sample rate; a clip that reaches higher teaches the top band
FULL_BAND_WEIGHT = 2.0
GRADIENT_NORM = 10.0
BETAS = (0.8, 0.99)  # as HiFi-GAN has them
SHOWN = 2  # clips that are spoken again at every save
SHOWN_FRAMES = 400


@dataclass(frozen=True, kw_only=True)
class VocoderOptions(TrainOptions):
    """The command line of the stage."""

    out: Path = option(Path("runs/vocoder"), "folder of the checkpoint, the log and the samples")
    mel: Path | None = option(None, "predicted mels to fine-tune on (.npy)")
    mel_share: float = option(1.0, "share of the cuts spoken from the predicted mels of --mel")
    adversarial_from: float = option(0.17, "share of the budget before the discriminators join")
    batch: int = option(8, "cuts in a batch")
    frames: int = option(32, "length of a cut")
    scales: int = option(
        len(ALL_SCALES), "scales, drawn anew for each step, that spectra are compared at"
    )
    corrections: int = option(0, "times that band levels are corrected before spectra are compared")
    rate_d: float = option(5e-4, "peak learning rate of the discriminators")
    period_width: int = option(8, "first width of the period discriminators; HiFi-GAN's is 32")
    resolution_width: int = option(16, "width of the resolution discriminators; UnivNet's is 32")
    resolutions: int = option(1, "resolution discriminators, 1 to 3; UnivNet has 3")
    clip: float = option(GRADIENT_NORM, "largest norm of a gradient")
    optimizer: Literal["adamw", "muon"] = option("muon", "optimizer of the generator")


class Segments:
    """Random cuts of the corpus for the vocoder.

    Args:
        cache: The prepared corpus.
        size: Cuts in a batch.
        frames: Length of a cut.
        mel: (frames, mels) to be spoken from, NaN where a clip has none; the real mels unless given.
        seed: Seed of the sampling.
        mel_share: Share of the cuts that are spoken from `mel`; the others are spoken from the real mels.
            Below 1 a clip that `mel` lacks is spoken from its real one.

    Raises:
        ValueError: If there is nothing to learn from, or the mels do not belong to this corpus.
    """

    def __init__(
        self,
        cache: Cache,
        size: int,
        frames: int,
        mel: np.ndarray | None,
        seed: int,
        mel_share: float = 1.0,
    ) -> None:
        if mel is not None and mel.shape != cache.mel.shape:
            raise ValueError(
                f"the mels are {mel.shape}, the corpus is {cache.mel.shape}: make them again"
            )
        self._cache = cache
        self._size = size
        self._frames = frames
        self._mel = cache.mel if mel is None else mel
        self._seed = seed
        self._mel_share = mel_share
        usable = [i for i, c in enumerate(cache.clips) if c.frames >= frames and not c.warp]
        if mel_share >= 1:
            usable = [i for i in usable if self._has_mel(i)]
        if not usable:
            raise ValueError(f"{cache.folder} has no clip of {frames} frames to learn from")
        self._usable = np.array(usable)
        weights = np.array([self._weight(i) for i in usable])
        self._weights = weights / weights.sum()

    def _weight(self, i: int) -> float:
        clip = self._cache.clips[i]
        full = clip.band_hz > FULL_BAND * self._cache.sizes.sample_rate / 2
        return clip.frames * (FULL_BAND_WEIGHT if full else 1.0)

    def _has_mel(self, i: int) -> bool:
        return bool(np.isfinite(self._mel[self._cache.clips[i].first_frame, 0]))

    def plans(self, first: int) -> Iterator[Plan]:
        """See `Source`."""
        number = first
        while True:
            random = np.random.default_rng((self._seed, number))
            picks = random.choice(self._usable, self._size, p=self._weights)
            yield Plan(number, tuple(picks.tolist()))
            number += 1

    def collate(self, plan: Plan, rows: slice) -> Batch:
        """Samples, mel, f0, first_phase (cycles), two noises, band_hz, a shift of the frame grid, and an order of the scales."""
        hop, frames = self._cache.sizes.hop_samples, self._frames
        random = np.random.default_rng((self._seed, plan.number, 1))
        size = len(plan.clips)
        starts, offsets = random.random(size), random.random((size, 1), dtype=np.float32)
        noise = random.standard_normal((2, size, frames * hop), dtype=np.float32)
        shift = int(random.integers(hop))
        predicted = random.random(size) < self._mel_share
        scales = random.permutation(len(ALL_SCALES))
        samples, mel, f0, band = [], [], [], []
        for i, place, wanted in zip(plan.clips[rows], starts[rows], predicted[rows], strict=True):
            clip = self._cache.clips[i]
            start = clip.first_frame + int(place * (clip.frames - frames + 1))
            stop = start + frames
            samples.append(from_int16(self._cache.audio[start * hop : stop * hop]))
            source = self._mel if wanted and self._has_mel(i) else self._cache.mel
            mel.append(source[start:stop].astype(np.float32).T)
            f0.append(self._cache.f0[start:stop])
            band.append(clip.band_hz)
        return {
            "samples": torch.from_numpy(np.stack(samples)),
            "mel": torch.from_numpy(np.stack(mel)),
            "f0": torch.from_numpy(np.stack(f0)),
            "first_phase": torch.from_numpy(offsets[rows].copy()),
            "noise": torch.from_numpy(noise[:, rows].copy()),
            "band_hz": torch.tensor(band),
            "shift": torch.tensor(shift),
            "scales": torch.from_numpy(scales),
        }

    def shown(self) -> list[tuple[torch.Tensor, torch.Tensor, np.ndarray]]:
        """Mel (1, mels, frames), F0 (1, frames) and samples of some clips, to be listened to."""
        result = []
        for i in self._usable[:: max(1, len(self._usable) // SHOWN)][:SHOWN]:
            clip = self._cache.clips[i]
            cut = slice(clip.first_frame, clip.first_frame + min(clip.frames, SHOWN_FRAMES))
            source = self._mel if self._has_mel(i) else self._cache.mel
            mel = torch.from_numpy(source[cut].astype(np.float32).T.copy()).unsqueeze(0)
            f0 = torch.from_numpy(np.array(self._cache.f0[cut])).unsqueeze(0)
            samples = self._cache.samples(clip)[: f0.shape[1] * self._cache.sizes.hop_samples]
            result.append((mel, f0, samples))
        return result


class VocoderTrainer(Trainer):
    """Generator and discriminators.

    Args:
        config: Sizes of the model.
        options: The command line.
        segments: Cuts of the corpus.
    """

    file = "vocoder"
    minutes = 60

    def __init__(self, config: ModelConfig, options: VocoderOptions, segments: Segments) -> None:
        super().__init__(config, options, WEIGHTS)
        generator = make_vocoder(config.vocoder, config.audio)
        self._edge = generator.edge_frames * generator.samples_a_frame
        self._inner = slice(generator.edge_frames + 1, -generator.edge_frames - 1)  # of a mel
        self._phase_of = generator.integrate_phase
        self._num_scales = options.scales
        self._corrections = options.corrections
        sizes = options.period_width, options.resolution_width, options.resolutions
        self.generator = self.network("generator", generator, decay=0.999)
        self.discriminator = self.network("discriminator", VocoderDiscriminator(*sizes))
        optimizer_g: torch.optim.Optimizer
        if options.optimizer == "muon":
            optimizer_g = Muon(self.generator, options.rate, betas=BETAS)
        else:
            optimizer_g = torch.optim.AdamW(self.generator.parameters(), options.rate, betas=BETAS)
        optimizer_d = torch.optim.AdamW(
            self.discriminator.parameters(), options.rate_d, betas=BETAS
        )
        self.optimizer("optimizer_g", optimizer_g, options.rate)
        self.optimizer("optimizer_d", optimizer_d, options.rate_d)
        self._segments = segments
        self._adversarial_from = options.adversarial_from

    def source(self) -> Segments:
        """Cuts of the corpus."""
        return self._segments

    def train_step(self, batch: Batch, progress: float) -> dict[str, torch.Tensor]:
        """One step of the generator, and of the discriminators once they have joined."""
        (fakes, sign), audio = self._two_renderings(batch), self.config.audio
        wanted = batch["mel"].repeat(2, 1, 1)
        for _ in range(self._corrections):
            fakes = correct_mel(fakes, wanted, self.config.vocoder.mel_correction, audio)
        wrong = log_mel(fakes, audio) - wanted
        levels = wrong[..., self._inner].abs().mean()
        # So that the losses see no fixed frame grid, and nothing that the cut's ends spoil.
        # All are of one length: on a GPU every new one would have its convolutions planned anew.
        count = fakes.shape[1] - 2 * self._edge - audio.hop_samples
        heard = self._edge + batch["shift"] + torch.arange(count, device=fakes.device)
        rate_hz = audio.sample_rate
        fakes = limit_band(fakes, batch["band_hz"].repeat(2), rate_hz).index_select(1, heard)
        real = sign * limit_band(batch["samples"], batch["band_hz"], rate_hz).index_select(1, heard)
        first, second = fakes.tensor_split(2)
        scales: Sequence[int] = ALL_SCALES  # a graph cannot ask which were drawn
        if self._num_scales < len(ALL_SCALES):
            scales = sorted(batch["scales"][: self._num_scales].tolist())
        spectral = spectral_losses((first, second), real, rate_hz, scales)
        losses = dict(zip(("mel", "stft", "loud"), spectral, strict=True))
        if self.weights["levels"] > 0:
            losses["levels"] = levels
        if self.weights["phase"] > 0:
            losses["phase"] = phase_loss(fakes, real.repeat(2, 1), rate_hz)
        logs = {}
        judged = self.weights["adversarial"] > 0 or self.weights["features"] > 0
        if judged and progress >= self._adversarial_from:
            with self.autocast():
                judged_real = self.discriminator(real)
                loss_d = discriminator_loss(judged_real, self.discriminator(first.detach()))
            self.descend("optimizer_d", loss_d)
            logs["discriminator"] = loss_d.detach()
            losses |= self._judged(first, judged_real)
        self.descend("optimizer_g", self.total(losses))
        return losses | logs

    def _two_renderings(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """(2 * batch, samples), the mels spoken with two noises each, on the same pulses; see `lay_pulses`."""
        mel, f0 = batch["mel"], batch["f0"]
        phase = (self._phase_of(f0) + batch["first_phase"]).remainder(1.0)
        noise = batch["noise"].flatten(0, 1)
        sign = torch.ones_like(f0[:, :1])
        generator = self.generator
        if not isinstance(generator, SpectralVocoder):
            with self.autocast():
                spoken: torch.Tensor = generator(
                    mel.repeat(2, 1, 1), f0.repeat(2, 1), phase.repeat(2, 1), noise
                )
            return spoken.float(), sign
        with self.autocast():
            planes = generator.planes(mel, f0)
        if self.weights["phase"] > 0:
            with torch.no_grad():
                still = generator.synthesize(planes, mel, f0, phase, torch.zeros_like(phase))
                turn, sign = lay_pulses(still, batch["samples"], f0, self.config.audio)
            phase = (phase + turn).remainder(1.0).float()
        mel, f0, phase = mel.repeat(2, 1, 1), f0.repeat(2, 1), phase.repeat(2, 1)
        return generator.synthesize(planes.repeat(2, 1, 1, 1), mel, f0, phase, noise), sign

    def _judged(self, fake: torch.Tensor, judged_real: list[Judgement]) -> dict[str, torch.Tensor]:
        """Losses of the generator; the real maps are those from before the discriminators' step."""
        self.discriminator.requires_grad_(requires_grad=False)
        with self.autocast():
            judged_fake = self.discriminator(fake)
        self.discriminator.requires_grad_(requires_grad=True)
        return {
            "features": feature_loss(maps_of(judged_real), maps_of(judged_fake)),
            "adversarial": adversarial_loss(judged_fake),
        }

    @torch.no_grad()
    def show(self) -> None:
        """Some clips spoken again by the average: audio, and their mels with the real ones."""
        if not self.journal.shows:
            return
        assert self.ema
        audio = self.config.audio
        for number, (mel, f0, samples) in enumerate(self._segments.shown()):
            phase = self._phase_of(f0)
            noise = torch.randn(phase.shape, generator=torch.Generator().manual_seed(0))
            inputs = [x.to(self.device) for x in (mel, f0, phase, noise)]
            with self.autocast():
                spoken = self.ema.module(*inputs).float()
            self.journal.audio(f"real/{number}", samples, self.step)
            self.journal.audio(f"spoken/{number}", spoken[0].cpu().numpy(), self.step)
            real = torch.from_numpy(samples)[None].to(self.device)
            both = [log_mel(real, audio), log_mel(spoken, audio)]
            self.journal.picture(f"mel/{number}", torch.cat(both, 1)[0].cpu().numpy(), self.step)


def main(arguments: list[str] | None = None, config: ModelConfig | None = None) -> None:
    """Command line of the stage; `config` stands in for the sizes that it names."""
    options = parse(VocoderOptions, arguments, "muspeaker-train vocoder", __doc__)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    mel = np.load(options.mel, mmap_mode="r") if options.mel else None
    config = config or model_config(options)
    with first_goes_ahead():
        cache = Cache(options.corpus, config.audio)
    if not 0 <= options.mel_share <= 1:
        raise ValueError(f"--mel-share must be from 0 to 1, got {options.mel_share}")
    if not 1 <= options.scales <= len(ALL_SCALES):
        raise ValueError(f"--scales must be 1 to {len(ALL_SCALES)}, got {options.scales}")
    if not 1 <= options.resolutions <= len(RESOLUTIONS):
        raise ValueError(
            f"--resolutions must be 1 to {len(RESOLUTIONS)}, got {options.resolutions}"
        )
    if options.graphs and options.scales < len(ALL_SCALES):
        raise ValueError(f"--graphs needs --scales {len(ALL_SCALES)}: a graph cannot draw them")
    phased = loss_weights(WEIGHTS, options.weights)["phase"] > 0
    if phased and config.vocoder.kind != "spectral":
        raise ValueError("the loss `phase` needs a vocoder of the kind `spectral`")
    if options.corrections < 0:
        raise ValueError(f"--corrections must not be negative, got {options.corrections}")
    segments = Segments(cache, options.batch, options.frames, mel, options.seed, options.mel_share)
    VocoderTrainer(config, options, segments).run()


if __name__ == "__main__":
    main()
