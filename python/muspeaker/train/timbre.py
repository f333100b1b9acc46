"""Stage: the timbre encoder, ERes2NetV2 with an additive-angular-margin loss over speakers.

Clips played at other speeds count as other speakers. Held-out speakers give the equal-error rate.
"""

from __future__ import annotations

import argparse
import logging
import math
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import nn
from tqdm import tqdm

from muspeaker.config import AudioConfig, ModelConfig, TimbreEncoderConfig, lite
from muspeaker.model.features import kaldi_fbank, num_fbank_frames, remove_time_mean
from muspeaker.model.timbre_encoder import TimbreEncoder
from muspeaker.train.cache import Cache, Clip
from muspeaker.train.checkpoint import (
    Clock,
    Ema,
    load_checkpoint,
    load_optimizer,
    save_checkpoint,
    set_learning_rate,
)

log = logging.getLogger(__name__)
AUDIO = AudioConfig()
FBANK_RATE_HZ = 16000
MARGIN = 0.2
SCALE = 30.0
NOISE_FLOOR = (-4.0, -1.0)  # of the noise under the speech, natural log relative to its mean
HELD_OUT_SOURCES = ("speechocean762", "librispeech_tc100")


class Fbanks:
    """Filter banks of every clip, kept on disk.

    Args:
        cache: The prepared corpus.
    """

    def __init__(self, cache: Cache) -> None:
        path = cache.folder / "fbank.npy"
        lengths = [self._frames(clip) for clip in cache.clips]
        self._ends = np.cumsum(lengths)
        if not path.exists():
            import soxr  # noqa: PLC0415  (a machine that was sent filter banks may lack it)

            rows = np.empty((self._ends[-1], 80), np.float16)
            for index, clip in enumerate(tqdm(cache.clips, "filter banks")):
                samples = soxr.resample(cache.samples(clip), AUDIO.sample_rate, FBANK_RATE_HZ)
                fbank = kaldi_fbank(torch.from_numpy(samples).unsqueeze(0))[0].numpy()
                target = rows[self._ends[index] - lengths[index] : self._ends[index]]
                target[:] = fbank[: len(target)]
            partial = path.with_suffix(".partial.npy")
            np.save(partial, rows)
            partial.replace(path)
        self._rows = np.load(path, mmap_mode="r")
        self._lengths = lengths

    @staticmethod
    def _frames(clip: Clip) -> int:
        samples = int(clip.frames * AUDIO.hop_samples * FBANK_RATE_HZ / AUDIO.sample_rate)
        return num_fbank_frames(samples)

    def clip(self, index: int) -> npt.NDArray[np.float32]:
        """(frames, fbanks) float32 of one clip."""
        end = self._ends[index]
        return self._rows[end - self._lengths[index] : end].astype(np.float32)


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
        generator: Of all randomness.

    Returns:
        The shape of fbank.
    """
    batch, frames, bands = fbank.shape
    mean = fbank.mean((1, 2), keepdim=True)
    level = torch.empty(batch, 1, 1).uniform_(*NOISE_FLOOR, generator=generator)
    tilt = torch.empty(batch, 1, 1).uniform_(-2.0, 2.0, generator=generator)
    color = tilt * torch.linspace(0.5, -0.5, bands).view(1, 1, bands)
    flicker = 0.5 * torch.randn(fbank.shape, generator=generator)
    noisy = torch.logaddexp(fbank, mean + level + color + flicker)
    use = torch.rand(batch, 1, 1, generator=generator) < 0.5
    x = torch.where(use, noisy, fbank)
    top = torch.randint(50, 81, (batch, 1, 1), generator=generator)
    limited = torch.rand(batch, 1, 1, generator=generator) < 0.25
    x = torch.where(limited & (torch.arange(bands) >= top), mean - 6.0, x)
    start = torch.randint(0, bands - 8, (batch, 1, 1), generator=generator)
    band = torch.arange(bands)
    stripe = (band >= start) & (band < start + 8)
    start = torch.randint(0, frames - 12, (batch, 1, 1), generator=generator)
    time_axis = torch.arange(frames).view(1, frames, 1)
    gap = (time_axis >= start) & (time_axis < start + 12)
    use = torch.rand(batch, 1, 1, generator=generator) < 0.3
    return torch.where(use & (stripe | gap), mean, x)


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

    A corpus that has none of these sources is taken whole; no source gives more than a tenth of itself.
    """
    sources = {c.source for c in clips}
    chosen: set[str] = set()
    for source in sorted(sources.intersection(HELD_OUT_SOURCES) or sources):
        names = sorted({c.speaker for c in clips if c.source == source and c.speed == 1.0})
        share = min(count // 2, -(-len(names) // 10))
        chosen |= set(names[:: max(1, len(names) // max(1, share))][:share])
    return chosen


class Speakers:
    """Batches of crops for training, and the held-out clips.

    Args:
        cache: The prepared corpus.
        frames: Length of a crop, 10 ms each.
        seed: Of the sampling.
    """

    def __init__(self, cache: Cache, frames: int, seed: int) -> None:
        self.fbanks = Fbanks(cache)
        self._frames = frames
        self._random = np.random.default_rng(seed)
        held = held_out_speakers(cache.clips, 24)
        self.held_out = [(i, c.speaker) for i, c in enumerate(cache.clips) if c.speaker in held]
        usable = [
            (i, c)
            for i, c in enumerate(cache.clips)
            if c.speaker.split("@")[0] not in held and "_unk" not in c.speaker
        ]
        self.names = sorted({c.speaker for _, c in usable})
        number = {name: n for n, name in enumerate(self.names)}
        self._clips = [(i, number[c.speaker]) for i, c in usable]
        counts = np.bincount([s for _, s in self._clips])
        weights = np.array([counts[s] ** -0.5 for _, s in self._clips])
        self._weights = weights / weights.sum()

    def batch(self, size: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Crops (size, frames, fbanks), repeated where a clip is short, and speakers (size,)."""
        picks = self._random.choice(len(self._clips), size, p=self._weights)
        crops = []
        for pick in picks:
            rows = self.fbanks.clip(self._clips[pick][0])
            if len(rows) < self._frames:
                rows = np.tile(rows, (math.ceil(self._frames / len(rows)), 1))
            start = self._random.integers(len(rows) - self._frames + 1)
            crops.append(rows[start : start + self._frames])
        speakers = torch.tensor([self._clips[pick][1] for pick in picks])
        return torch.from_numpy(np.stack(crops)), speakers


@torch.no_grad()
def evaluate(encoder: nn.Module, speakers: Speakers) -> float:
    """Equal-error rate on halves of the held-out clips."""
    vectors, names = [], []
    device = next(encoder.parameters()).device
    for index, speaker in speakers.held_out[:: max(1, len(speakers.held_out) // 150)]:
        rows = torch.from_numpy(speakers.fbanks.clip(index)).to(device)
        for half in rows.chunk(2)[: 2 if len(rows) > 400 else 1]:
            vectors.append(encoder(remove_time_mean(half.unsqueeze(0)))[0].cpu())
            names.append(speaker)
    return equal_error_rate(torch.stack(vectors), names)


def train(options: argparse.Namespace, config: TimbreEncoderConfig) -> None:
    """Spend the budget of minutes, saving every few of them."""
    speakers = Speakers(Cache(options.corpus), options.frames, options.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    encoder = TimbreEncoder(config).to(device)
    encoder = encoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    margin = AngularMargin(config.embedding, len(speakers.names)).to(device)
    ema = Ema(encoder, 0.995)
    parameters = [*encoder.parameters(), *margin.parameters()]
    optimizer = torch.optim.AdamW(parameters, options.rate, weight_decay=1e-2)
    path, step = options.out / "timbre.pt", 0
    if path.exists():
        state = load_checkpoint(path)
        encoder.load_state_dict(state["encoder"])
        ema.module.load_state_dict(state["ema"])
        margin.load_state_dict(state["margin"])
        load_optimizer(optimizer, state.get("optimizer"))
        step = state["step"]
    log.info("%d speakers, %d clips held out", len(speakers.names), len(speakers.held_out))
    generator = torch.Generator().manual_seed(options.seed + step)
    clock, mark, saved, mean_loss, count = Clock(options.minutes), time.monotonic(), 0.0, 0.0, 0

    def save() -> None:
        log.info("step %d equal-error rate %.4f", step, evaluate(ema.module, speakers))
        state = {"encoder": encoder.state_dict(), "ema": ema.module.state_dict(), "step": step}
        state |= {"margin": margin.state_dict(), "optimizer": optimizer.state_dict()}
        save_checkpoint(path, state)

    saved = time.monotonic()
    while clock.progress < 1:
        set_learning_rate(optimizer, clock.learning_rate(options.rate, count))
        fbank, speaker = speakers.batch(options.batch)
        fbank = remove_time_mean(augment(fbank, generator)).to(device)
        with torch.autocast(device.type, torch.bfloat16):
            vectors = encoder(fbank)
        ramp = MARGIN * max(0.0, 2 * clock.progress - 1.0)
        loss = margin(vectors.float(), speaker.to(device), ramp)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 5.0)
        optimizer.step()
        ema.update(encoder)
        step, count = step + 1, count + 1
        value = float(loss.detach())
        mean_loss = value if count == 1 else 0.98 * mean_loss + 0.02 * value
        if count % 50 == 0:
            pace, mark = (time.monotonic() - mark) / 50, time.monotonic()
            log.info("step %d %.3f s/step loss %.3f", step, pace, mean_loss)
        if time.monotonic() - saved > options.save_minutes * 60:
            save()
            saved = time.monotonic()
    save()


def main(arguments: list[str] | None = None, config: ModelConfig | None = None) -> None:
    """Command line of the stage; `config` stands in for the lite sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path, help="folder written by muspeaker.train.prepare")
    parser.add_argument("--out", type=Path, default=Path("runs/timbre"))
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--save-minutes", type=float, default=5)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--frames", type=int, default=160)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    train(options, (config or lite()).timbre_encoder)


if __name__ == "__main__":
    main()
