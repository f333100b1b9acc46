"""Crops of clips for the timbre encoder: who is trained on, how a crop is changed, and what it is to give."""

from __future__ import annotations

import csv
import math
from collections import Counter
from dataclasses import astuple, dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import torch

from muspeaker.train.corpus.augment import Augmentation
from muspeaker.train.corpus.augment_fbanks import augment, hide_stripes, unchanged
from muspeaker.train.corpus.timbres import Fbanks
from muspeaker.train.loop.feed import Batch, Plan
from muspeaker.twin.dsp.fbank import (
    FBANK_HOP_SAMPLES,
    FBANK_RATE_HZ,
    FBANK_WINDOW_SAMPLES,
    kaldi_fbank,
    remove_time_mean,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from muspeaker.train.corpus.cache import Cache, Clip

HELD_OUT_SPEAKERS = 24  # where no table names them
ROUND_CROPS = 8  # so that processes can share a batch
NOBODY = -1  # the speaker of a clip whose label is of several people


@dataclass(frozen=True)
class CropOptions:
    """Sizes of a batch, and how it is augmented.

    Attributes:
        batch: Crops in a batch of the mean length.
        frames: Lengths of a crop, 10 ms each; every batch has one of them.
        kind: What is augmented.
        change: Shares of the waves to which each change is done.
    """

    batch: int
    frames: tuple[int, ...]
    seed: int
    kind: Literal["waves", "filter-banks", "none"]
    change: Augmentation = field(default_factory=Augmentation)


def read_speakers(table: Path) -> set[str]:
    """The column `speaker` of a tab-separated table.

    Raises:
        ValueError: If there is no such column.
    """
    with table.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        if "speaker" not in (rows.fieldnames or ()):
            raise ValueError(f"{table}: expected a column `speaker`")
        return {row["speaker"] for row in rows}


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
        held: Speakers that are not trained on; chosen by `held_out_speakers` if None.
    """

    def __init__(
        self, cache: Cache, options: CropOptions, num_fbanks: int, held: set[str] | None = None
    ) -> None:
        self.fbanks = Fbanks(cache, num_fbanks)
        self._options = options
        held = held_out_speakers(cache.clips, HELD_OUT_SPEAKERS) if held is None else held
        self.held_out = [(i, c.speaker) for i, c in enumerate(cache.clips) if c.speaker in held]
        self._usable = [i for i, c in enumerate(cache.clips) if c.speaker.split("@")[0] not in held]
        self.names: list[str] = []
        self._targets: npt.NDArray[np.float32] | None = None
        self._number_speakers([i for i in self._usable if cache.clips[i].is_of_one_person])

    def learn_from(self, targets: npt.NDArray[np.float32]) -> None:
        """Take targets; clips of unknown people are used too.

        Args:
            targets: (clips, embedding), one row of unit length for each clip of the corpus.

        Raises:
            ValueError: If the rows are not one for each clip.
        """
        clips = self.fbanks.cache.clips
        if len(targets) != len(clips):
            raise ValueError(
                f"targets of {len(targets)} clips, but the corpus has {len(clips)}: "
                "make them again (muspeaker-train targets)"
            )
        self._number_speakers(self._usable)
        self._targets = np.asarray(targets[[i for i, _ in self._clips]], np.float32)

    def prototypes(self) -> npt.NDArray[np.float32] | None:
        """(speakers, axes): the mean target of each speaker, where there are targets."""
        if self._targets is None:
            return None
        sums = np.zeros((len(self.names), self._targets.shape[1]), np.float32)
        for target, (_, speaker) in zip(self._targets, self._clips, strict=True):
            if speaker != NOBODY:
                sums[speaker] += target
        return sums

    def plans(self, first: int) -> Iterator[Plan]:
        """See `Source`."""
        options, number = self._options, first
        while True:
            random = np.random.default_rng((options.seed, number))
            count = options.batch
            if len(options.frames) > 1:
                share = np.mean(options.frames) / self._length(number)
                count = max(1, round(count * share / ROUND_CROPS)) * ROUND_CROPS
            picks = random.choice(len(self._clips), count, p=self._weights)
            yield Plan(number, tuple(picks.tolist()))
            number += 1

    def collate(self, plan: Plan, rows: slice) -> Batch:
        """Augmented crops (size, frames, fbanks), repeated where a clip is short, speakers and targets."""
        options, length = self._options, self._length(plan.number)
        random = np.random.default_rng((options.seed, plan.number, 1))
        starts = random.random(len(plan.clips))
        crop = self._wave_crop if options.kind == "waves" else self._crop
        crops = []
        for row, (pick, place) in list(enumerate(zip(plan.clips, starts, strict=True)))[rows]:
            own = np.random.default_rng((options.seed, plan.number, 2, row))
            crops.append(crop(self._clips[pick][0], place, length, own))
        generator = torch.Generator().manual_seed(int(random.integers(2**62)) + (rows.start or 0))
        change = {"waves": hide_stripes, "filter-banks": augment, "none": unchanged}[options.kind]
        heard = change(torch.from_numpy(np.stack(crops)), generator)
        picks = list(plan.clips[rows])
        batch = {"speaker": torch.tensor([self._clips[pick][1] for pick in picks])}
        if self._targets is not None:
            batch["target"] = torch.from_numpy(self._targets[picks])
        return {"fbank": remove_time_mean(heard), **batch}

    def example(self, number: int) -> npt.NDArray[np.float32]:
        """(samples,) of a clip after every change to waves that has a share, to be listened to."""
        cache = self.fbanks.cache
        clip = cache.clips[self._clips[number % len(self._clips)][0]]
        certain = Augmentation(*(float(share > 0) for share in astuple(self._options.change)))
        random = np.random.default_rng((self._options.seed, number))
        return certain(cache.samples(clip), cache.sizes.sample_rate, random)

    def _number_speakers(self, usable: list[int]) -> None:
        """Number the speakers of the clips, and draw those of one with the root of their number."""
        clips = self.fbanks.cache.clips
        self.names = sorted({clips[i].speaker for i in usable if clips[i].is_of_one_person})
        number = {name: n for n, name in enumerate(self.names)}
        self._clips = [(i, number.get(clips[i].speaker, NOBODY)) for i in usable]
        labels = [clips[i].speaker for i in usable]
        counts = Counter(labels)
        weights = np.array([counts[label] ** -0.5 for label in labels])
        self._weights = weights / weights.sum()

    def _length(self, number: int) -> int:
        frames = self._options.frames
        random = np.random.default_rng((self._options.seed, number, 3))
        return frames[0] if len(frames) == 1 else int(random.choice(frames))

    def _crop(
        self, i: int, place: float, length: int, _random: np.random.Generator
    ) -> npt.NDArray[np.float32]:
        """(length, fbanks) of a clip at a place from 0 to 1, repeated where it is short."""
        fbank = self.fbanks.clip(i)
        if len(fbank) < length:
            fbank = np.tile(fbank, (math.ceil(length / len(fbank)), 1))
        first = int(place * (len(fbank) - length + 1))
        return fbank[first : first + length]

    def _wave_crop(
        self, i: int, place: float, length: int, random: np.random.Generator
    ) -> npt.NDArray[np.float32]:
        """The same of the recording in another room, through another microphone."""
        import soxr  # noqa: PLC0415  (a machine that was sent filter banks may lack it)

        cache = self.fbanks.cache
        rate_hz = cache.sizes.sample_rate
        seconds = (length * FBANK_HOP_SAMPLES + 2 * FBANK_WINDOW_SAMPLES) / FBANK_RATE_HZ
        samples, count = cache.samples(cache.clips[i]), int(seconds * rate_hz)
        if len(samples) < count:
            samples = np.tile(samples, math.ceil(count / len(samples)))
        first = int(place * (len(samples) - count + 1))
        heard = self._options.change(samples[first : first + count], rate_hz, random)
        heard = soxr.resample(heard, rate_hz, FBANK_RATE_HZ)
        fbank = kaldi_fbank(torch.from_numpy(heard).unsqueeze(0), self.fbanks.num_fbanks)[0]
        return fbank[:length].numpy()
