"""Stage: the timbre encoder, ERes2NetV2 with an additive-angular-margin loss over speakers.

Clips played at other speeds count as other speakers. Held-out speakers give the equal-error rate.
"""

from __future__ import annotations

import logging
import math
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import nn

from muspeaker.train.corpus.augment import Augmentation
from muspeaker.train.corpus.cache import Cache, Clip
from muspeaker.train.corpus.timbres import Fbanks
from muspeaker.train.loop.distributed import first_goes_ahead
from muspeaker.train.loop.feed import Batch, Plan
from muspeaker.train.loop.options import TrainOptions, model_config, option, parse
from muspeaker.train.loop.trainer import Trainer
from muspeaker.twin.dsp.fbank import (
    FBANK_HOP_SAMPLES,
    FBANK_RATE_HZ,
    FBANK_WINDOW_SAMPLES,
    kaldi_fbank,
    remove_time_mean,
)
from muspeaker.twin.model.timbre_encoder import TimbreEncoder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from muspeaker.config import ModelConfig


log = logging.getLogger(__name__)
GRADIENT_NORM = 5.0
MARGIN = 0.2
SCALE = 30.0
NOISE_FLOOR = (-4.0, -1.0)  # of the noise under the speech, natural log relative to its mean
WEIGHTS = {"margin": 1.0}


@dataclass(frozen=True, kw_only=True)
class TimbreOptions(TrainOptions):
    """The command line of the stage."""

    out: Path = option(Path("runs/timbre"), "folder of the checkpoint, the log and the samples")
    batch: int = option(64, "crops in a batch")
    frames: int = option(160, "length of a crop, 10 ms each")
    rate: float = option(2e-3, "peak learning rate")
    augment: Literal["waves", "filter-banks", "none"] = option(
        "waves", "what is augmented; waves need soxr and more computing, filter banks have no echo"
    )
    noise: float = option(0.5, "share of the waves with noise")
    reverberation: float = option(0.3, "share of the waves with an echo")
    band: float = option(0.25, "share of the waves through a narrow microphone")
    clip: float = option(GRADIENT_NORM, "largest norm of a gradient")


class AngularMargin(nn.Module):
    """Cosine classifier with an additive angular margin. Source: Deng et al. 2019 (arXiv:1801.07698).

    Args:
        embedding: Size of the vectors.
        num_speakers: Number of classes.
    """

    def __init__(self, embedding: int, num_speakers: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(num_speakers, embedding) * 0.01)

    def forward(self, x: torch.Tensor, speaker: torch.Tensor, margin: float) -> torch.Tensor:
        """Cross-entropy of (batch, embedding) vectors against (batch,) speakers."""
        cosine = F.linear(F.normalize(x), F.normalize(self.weight)).clamp(-0.9999, 0.9999)
        target = cosine.gather(1, speaker.unsqueeze(1))
        with_margin = torch.cos(torch.acos(target) + margin)
        logits = cosine.scatter(1, speaker.unsqueeze(1), with_margin)
        return F.cross_entropy(SCALE * logits, speaker)


def augment(fbank: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Noise, a band limit and masked stripes, in the log filter-bank domain.

    Args:
        fbank: (batch, frames, fbanks) float32.
        generator: Source of all random numbers.

    Returns:
        The shape of fbank.
    """
    batch, _, bands = fbank.shape
    mean = fbank.mean((1, 2), keepdim=True)
    level = torch.empty(batch, 1, 1).uniform_(*NOISE_FLOOR, generator=generator)
    tilt = torch.empty(batch, 1, 1).uniform_(-2.0, 2.0, generator=generator)
    color = tilt * torch.linspace(0.5, -0.5, bands).view(1, 1, bands)
    flicker = 0.5 * torch.randn(fbank.shape, generator=generator)
    noisy = torch.logaddexp(fbank, mean + level + color + flicker)
    use = torch.rand(batch, 1, 1, generator=generator) < 0.5
    x = torch.where(use, noisy, fbank)
    top = torch.randint(bands * 5 // 8, bands + 1, (batch, 1, 1), generator=generator)
    limited = torch.rand(batch, 1, 1, generator=generator) < 0.25
    x = torch.where(limited & (torch.arange(bands) >= top), mean - 6.0, x)
    return hide_stripes(x, generator)


def hide_stripes(fbank: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """A stripe of bands and one of time put to the mean, in some rows.

    Source: Park et al. 2019 (arXiv:1904.08779), Section 2.

    Args:
        fbank: (batch, frames, fbanks) float32.
        generator: Source of all random numbers.

    Returns:
        The shape of fbank.
    """
    batch, frames, bands = fbank.shape
    start = torch.randint(0, bands - 8, (batch, 1, 1), generator=generator)
    band = torch.arange(bands)
    stripe = (band >= start) & (band < start + 8)
    start = torch.randint(0, frames - 12, (batch, 1, 1), generator=generator)
    time_axis = torch.arange(frames).view(1, frames, 1)
    gap = (time_axis >= start) & (time_axis < start + 12)
    use = torch.rand(batch, 1, 1, generator=generator) < 0.3
    return torch.where(use & (stripe | gap), fbank.mean((1, 2), keepdim=True), fbank)


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


def held_out_speakers(clips: list[Clip], count: int) -> set[str]:
    """`count` speakers, evenly from the sources with certain labels; without their @speed copies.

    In a corpus without certain labels all sources count. Sources of fewer than ten speakers give none, unless
    there is no larger one; none gives more than a tenth of its speakers.
    """
    known = [clip for clip in clips if clip.certain] or clips
    speakers: dict[str, set[str]] = {}
    for clip in known:
        if clip.speed == 1.0:
            speakers.setdefault(clip.source, set()).add(clip.speaker)
    sources = [s for s in sorted(speakers) if len(speakers[s]) >= 10] or sorted(speakers)
    chosen: set[str] = set()
    for source in sources:
        names = sorted(speakers[source])
        share = min(-(-count // len(sources)), -(-len(names) // 10))
        chosen |= set(names[:: max(1, len(names) // share)][:share])
    return chosen


class Speakers:
    """Batches of crops for training, and the held-out clips.

    Args:
        cache: The prepared corpus.
        options: Sizes of a batch, and how it is augmented.
        num_fbanks: Width of the encoder's input.
    """

    def __init__(self, cache: Cache, options: TimbreOptions, num_fbanks: int) -> None:
        self.fbanks = Fbanks(cache, num_fbanks)
        self._size = options.batch
        self._frames = options.frames
        self._seed = options.seed
        self._kind = options.augment
        self._change = Augmentation(options.noise, options.reverberation, options.band)
        held = held_out_speakers(cache.clips, 24)
        self.held_out = [(i, c.speaker) for i, c in enumerate(cache.clips) if c.speaker in held]
        usable = [
            (i, c)
            for i, c in enumerate(cache.clips)
            if c.speaker.split("@")[0] not in held and c.is_of_one_person
        ]
        self.names = sorted({c.speaker for _, c in usable})
        number = {name: n for n, name in enumerate(self.names)}
        self._clips = [(i, number[c.speaker]) for i, c in usable]
        counts = np.bincount([s for _, s in self._clips])
        weights = np.array([counts[s] ** -0.5 for _, s in self._clips])
        self._weights = weights / weights.sum()

    def plans(self, first: int) -> Iterator[Plan]:
        """See `Source`."""
        number = first
        while True:
            random = np.random.default_rng((self._seed, number))
            picks = random.choice(len(self._clips), self._size, p=self._weights)
            yield Plan(number, tuple(picks.tolist()))
            number += 1

    def collate(self, plan: Plan, rows: slice) -> Batch:
        """Augmented crops (size, frames, fbanks), repeated where a clip is short, and speakers."""
        random = np.random.default_rng((self._seed, plan.number, 1))
        starts = random.random(len(plan.clips))
        crop = self._wave_crop if self._kind == "waves" else self._crop
        crops = [
            crop(
                self._clips[pick][0],
                place,
                np.random.default_rng((self._seed, plan.number, 2, row)),
            )
            for row, (pick, place) in list(enumerate(zip(plan.clips, starts, strict=True)))[rows]
        ]
        generator = torch.Generator().manual_seed(int(random.integers(2**62)) + (rows.start or 0))
        change = {"waves": hide_stripes, "filter-banks": augment, "none": _unchanged}[self._kind]
        heard = change(torch.from_numpy(np.stack(crops)), generator)
        speakers = torch.tensor([self._clips[pick][1] for pick in plan.clips[rows]])
        return {"fbank": remove_time_mean(heard), "speaker": speakers}

    def example(self, number: int) -> npt.NDArray[np.float32]:
        """(samples,) of a clip after every change to waves that has a share, to be listened to."""
        cache = self.fbanks.cache
        clip = cache.clips[self._clips[number % len(self._clips)][0]]
        certain = Augmentation(*(float(share > 0) for share in astuple(self._change)))
        random = np.random.default_rng((self._seed, number))
        return certain(cache.samples(clip), cache.sizes.sample_rate, random)

    def _crop(self, i: int, place: float, _random: np.random.Generator) -> npt.NDArray[np.float32]:
        """(frames, fbanks) of a clip at a place from 0 to 1, repeated where it is short."""
        fbank = self.fbanks.clip(i)
        if len(fbank) < self._frames:
            fbank = np.tile(fbank, (math.ceil(self._frames / len(fbank)), 1))
        first = int(place * (len(fbank) - self._frames + 1))
        return fbank[first : first + self._frames]

    def _wave_crop(
        self, i: int, place: float, random: np.random.Generator
    ) -> npt.NDArray[np.float32]:
        """The same of the recording in another room, through another microphone."""
        import soxr  # noqa: PLC0415  (a machine that was sent filter banks may lack it)

        cache = self.fbanks.cache
        rate_hz = cache.sizes.sample_rate
        seconds = (self._frames * FBANK_HOP_SAMPLES + 2 * FBANK_WINDOW_SAMPLES) / FBANK_RATE_HZ
        samples, count = cache.samples(cache.clips[i]), int(seconds * rate_hz)
        if len(samples) < count:
            samples = np.tile(samples, math.ceil(count / len(samples)))
        first = int(place * (len(samples) - count + 1))
        heard = self._change(samples[first : first + count], rate_hz, random)
        heard = soxr.resample(heard, rate_hz, FBANK_RATE_HZ)
        fbank = kaldi_fbank(torch.from_numpy(heard).unsqueeze(0), self.fbanks.num_fbanks)[0]
        return fbank[: self._frames].numpy()


def _unchanged(fbank: torch.Tensor, _generator: torch.Generator) -> torch.Tensor:
    return fbank


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
        encoder = encoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        margin = AngularMargin(config.timbre_encoder.embedding, len(speakers.names))
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
        """Tell the speakers apart; the margin comes in over the second half."""
        with self.autocast():
            vectors = self.encoder(batch["fbank"])
        ramp = MARGIN * max(0.0, 2 * progress - 1.0)
        losses = {"margin": self.margin(vectors.float(), batch["speaker"], ramp)}
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


def main(arguments: list[str] | None = None, config: ModelConfig | None = None) -> None:
    """Command line of the stage; `config` stands in for the sizes that it names."""
    options = parse(TimbreOptions, arguments, "muspeaker-train timbre", __doc__)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    with first_goes_ahead():
        config = config or model_config(options)
        cache = Cache(options.corpus, config.audio)
        speakers = Speakers(cache, options, config.timbre_encoder.num_fbanks)
    TimbreTrainer(config, options, speakers).run()


if __name__ == "__main__":
    main()
