"""Batches of prosody without speech: what a teacher would have spoken, with prompts of who speaks so.

The teacher is Kokoro-82M. What its files say was compared with Praat's F0 and our energy of 170 clips that it
spoke, on our frame clock:

- F0 and energy come half a frame after ours. Log F0 is otherwise the same: its median differs by 0.0015.
- Its F0 goes on through most voiceless consonants: 68 % of the frames have some, 50 % of Praat's. So
  voicing is not learned from it, and its F0 counts only where there surely is a voice: over `LEAST_HZ`,
  where its histogram has its gap, one frame away from anything lower, and over `LEAST_ENERGY`. That finds
  97 % of the voiced frames; 83 % of what it finds is voiced, and `predictor_losses` asks the model too.
- Our log energy is a curve of its energy, `CURVE`, and the level to which a corpus is brought. What that
  leaves is 0.33 nats where anything is said, a fiftieth of the variance of energy.
- Durations are those of the speed that was asked for. All are brought to the teacher's own pace, for a
  prompt does not tell its speed: phones of one voice at one speed vary more between texts.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

import numpy as np
import numpy.typing as npt
import torch

from muspeaker.train.corpus.acoustic_data import PROMPT_FRAMES
from muspeaker.train.corpus.batches import packed, shuffled
from muspeaker.train.corpus.given_phones import model_frames, reader_for
from muspeaker.train.corpus.manifest import GIVEN_FRAME_SECONDS
from muspeaker.train.corpus.prosody import CONTOUR_FRAMES, FILES, read_block
from muspeaker.train.loop.feed import Batch, Plan

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from muspeaker.config import AudioConfig, ModelConfig
    from muspeaker.train.corpus.acoustic_data import AcousticData
    from muspeaker.train.corpus.cache import Cache
    from muspeaker.train.corpus.given_phones import PhoneReader
    from muspeaker.train.corpus.prosody import ProsodyClip
    from muspeaker.train.loop.feed import Source

POOL = 256  # clips that are drawn at once
HELD_OUT = 50  # of so many texts one is held out
LATE = 0.5  # frames of a contour by which it comes after the sound
LEAST_HZ = 60.0
LEAST_ENERGY = 4.0
CURVE = (
    (-9.5, -8.0, -4.0, 0.0, 2.0, 4.5, 6.5, 7.5, 9.0),
    (-6.6, -4.2, -2.35, -0.35, 0.9, 2.23, 3.27, 3.73, 4.15),
)
LOUD_NATS = 3.0  # below its loudest frame, what counts for the level of a clip
LEVEL_CLIPS = 200  # of the corpus, that say to which level it was brought

log = logging.getLogger(__name__)


class Item(NamedTuple):
    """One clip as the teacher gives it, and how long it is at its own pace."""

    text: str
    style: str
    tokens: npt.NDArray[np.int32]
    lengths: npt.NDArray[np.float64]  # frames of GIVEN_FRAME_SECONDS
    speed: float
    f0: npt.NDArray[np.float16]
    energy: npt.NDArray[np.float16]
    frames: int


class ProsodyData:
    """Sampling, prompts and padding.

    Args:
        folder: Files that `python -m tools.teacher_speech prosody` wrote.
        cache: A prepared corpus with speech of the same teacher, for the prompts.
        recordings: Makes prompts of that corpus.
        config: Sizes, and scales of the targets.
        frames: Frames in a batch, padding included.
        seed: Seed of the sampling.
        longest: Frames that a target may have.

    Attributes:
        items: The clips that can be used.
        held: Numbers of those whose text is held out.

    Raises:
        FileNotFoundError: If there is no file.
        ValueError: If the model has other phones, or no clip can be used.
    """

    def __init__(
        self,
        folder: Path,
        cache: Cache,
        recordings: AcousticData,
        config: ModelConfig,
        frames: int,
        seed: int,
        longest: int,
    ) -> None:
        self._recordings = recordings
        self._config = config
        self._frames = frames
        self._seed = seed
        self._prompts = prompts_by_style(cache)
        self._level = corpus_level(cache, [i for group in self._prompts.values() for i in group])
        self.items = self._read(folder, longest)
        self.held = [
            n for n, item in enumerate(self.items) if crc32(item.text.encode()) % HELD_OUT == 0
        ]
        held = set(self.held)
        self._numbers = np.array([n for n in range(len(self.items)) if n not in held])
        if not len(self._numbers):
            raise ValueError(f"no clip of {folder} can be used with {cache.folder}")
        weights = np.array([self.items[n].frames for n in self._numbers], np.float64)
        self._weights = weights / weights.sum()

    def _read(self, folder: Path, longest: int) -> list[Item]:
        read = reader_for(self._config.symbols)
        if read is None:
            raise ValueError(f"the model {self._config.name} has other phones than {folder}")
        paths = sorted(folder.glob(FILES))
        if not paths:
            raise FileNotFoundError(f"{folder} has no {FILES}")
        items, unknown, unread, long = [], 0, 0, 0
        for clip in (clip for path in paths for clip in read_block(path)):
            if clip.style not in self._prompts:
                unknown += 1
                continue
            try:
                item = item_of(clip, read, self._config.audio)
            except ValueError:
                unread += 1
                continue
            if item.frames > longest:
                long += 1
                continue
            items.append(item)
        hours = sum(item.frames for item in items) * self._config.audio.hop_samples
        log.info(
            "prosody: %d clips, %.2f h; left out: %d of styles that nobody in the corpus has, %d longer than "
            "%d frames, %d whose phones cannot be read",
            len(items), hours / self._config.audio.sample_rate / 3600, unknown, long, longest, unread,
        )  # fmt: skip
        return items

    def plans(self, first: int) -> Iterator[Plan]:
        """Batches of similar lengths; see `Source`."""
        number = pool = 0
        while True:
            random = np.random.default_rng((self._seed, pool, 3))
            picks = random.choice(self._numbers, POOL, p=self._weights).tolist()
            for group in shuffled(self.packed(picks), self._frames, random):
                if number >= first:
                    yield Plan(number, tuple(group))
                number += 1
            pool += 1

    def packed(self, numbers: Iterable[int]) -> list[list[int]]:
        """These clips by length, in groups that fill a batch; see `packed`."""
        return packed(numbers, lambda n: self.items[n].frames, self._frames)

    def collate(self, plan: Plan, rows: slice) -> Batch:
        """Padded tensors of some clips and their prompts: those of `AcousticData` that need no speech."""
        random = np.random.default_rng((self._seed, plan.number, 4))
        prompts = []
        for n in plan.clips:
            choice = self._prompts[self.items[n].style]
            prompts.append(choice[random.integers(len(choice))])
        lengths = random.integers(*PROMPT_FRAMES, len(prompts)).tolist()
        places = random.random(len(prompts)).tolist()
        curves = self._recordings.equalizers(len(prompts), random)
        batch = self.batch_of(plan.clips, rows)
        batch |= self._recordings.prompts_of(prompts, lengths, places, rows, curves)
        noise = random.standard_normal(
            (len(prompts), batch["tokens"].shape[2], self._config.mel_encoder.latent),
            dtype=np.float32,
        )
        return batch | {"noise": torch.from_numpy(noise[rows].copy())}

    def batch_of(self, numbers: Sequence[int], rows: slice) -> Batch:
        """What is said, and how: the given rows of these clips, padded as the whole.

        Returns:
            tokens (batch, 3, tokens), durations and token_mask (batch, tokens), f0, energy and frame_mask
            (batch, frames). F0 is 0 where it is not to be learned.
        """
        num_frames = max(self.items[n].frames for n in numbers)
        num_tokens = max(len(self.items[n].lengths) for n in numbers)
        numbers = numbers[rows]
        size = len(numbers)
        batch = {
            "tokens": torch.zeros(size, 3, num_tokens, dtype=torch.long),
            "durations": torch.zeros(size, num_tokens, dtype=torch.long),
            "token_mask": torch.zeros(size, num_tokens, dtype=torch.bool),
            "f0": torch.zeros(size, num_frames),
            "energy": torch.zeros(size, num_frames),
            "frame_mask": torch.zeros(size, num_frames, dtype=torch.bool),
        }
        adapter = self._config.variation_adapter
        for row, number in enumerate(numbers):
            item = self.items[number]
            durations = model_frames(item.lengths, item.frames, self._config.audio)
            f0, energy = contours(item, self._level, self._config.audio)
            n, t = len(durations), item.frames
            batch["tokens"][row, :, :n] = torch.from_numpy(item.tokens.astype(np.int64))
            batch["durations"][row, :n] = torch.from_numpy(durations)
            batch["token_mask"][row, :n] = True
            batch["f0"][row, :t] = torch.from_numpy(f0)
            energy = (energy - adapter.log_energy_mean) / adapter.log_energy_std
            batch["energy"][row, :t] = torch.from_numpy(energy)
            batch["frame_mask"][row, :t] = True
        return batch


def prompts_by_style(cache: Cache) -> dict[str, list[int]]:
    """Clips of a corpus by the name of their prosody: that of the second voice in a crossing `a~b`."""
    found: dict[str, list[int]] = defaultdict(list)
    for i, clip in enumerate(cache.clips):
        if clip.speed == 1.0 and not clip.warp:
            found[clip.speaker.split("~")[-1]].append(i)
    return dict(found)


def item_of(clip: ProsodyClip, read: PhoneReader, audio: AudioConfig) -> Item:
    """A clip of a file, its durations at the teacher's own pace.

    Raises:
        ValueError: If its phones cannot be read.
    """
    made = clip.prosody
    tokens, lengths = read(clip.phones, tuple(made.durations.tolist()))
    lengths = lengths * clip.speed
    seconds = lengths.sum() * GIVEN_FRAME_SECONDS
    frames = round(seconds * audio.sample_rate / audio.hop_samples)
    model_frames(lengths, frames, audio)
    f0, energy = (values.astype(np.float16) for values in (made.f0, made.energy))
    return Item(clip.text, clip.style, tokens, lengths, clip.speed, f0, energy, frames)


def contours(
    item: Item, level: float, audio: AudioConfig
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """F0 in Hz, 0 where it is not to be learned, and natural-log energy, both (frames,).

    Args:
        item: One clip.
        level: `level_of` the corpus.
        audio: The model's clock.
    """
    given_frame = GIVEN_FRAME_SECONDS / CONTOUR_FRAMES * item.speed
    seconds = (np.arange(item.frames) + 0.5) * audio.hop_samples / audio.sample_rate
    places = seconds / given_frame - 0.5 + LATE
    given, f0 = np.arange(len(item.f0)), item.f0.astype(np.float32)
    loud = item.energy.astype(np.float32)
    sure = (f0 > LEAST_HZ) & (loud > LEAST_ENERGY)
    low = np.pad(f0 <= LEAST_HZ, 1)
    sure &= ~(low[:-2] | low[2:])
    voiced = np.interp(places, given, sure) > 0.5
    energy = np.interp(np.interp(places, given, loud), *CURVE)
    energy += level - level_of(energy)
    hertz = np.interp(places, given, f0) * voiced
    return hertz.astype(np.float32), energy.astype(np.float32)


def level_of(energy: npt.NDArray[np.floating]) -> float:
    """Natural log of the effective energy of the loud frames, of natural-log energy (frames,)."""
    loud = energy[energy > energy.max() - LOUD_NATS]
    return float(np.log(np.exp(2 * loud).mean()) / 2)


def corpus_level(cache: Cache, numbers: Sequence[int]) -> float:
    """The mean of `level_of` over some of these clips, 0 if there is none."""
    some = numbers[:: max(1, len(numbers) // LEVEL_CLIPS)]
    levels = [level_of(cache.energy[cache.clips[i].span].astype(np.float64)) for i in some]
    return float(np.mean(levels)) if levels else 0.0


@dataclass(frozen=True)
class MixedPlan(Plan):
    """A plan that says which of two sources made it."""

    of_prosody: bool = False


class Mixture:
    """Batches of recordings and of prosody by turns, drawn.

    Args:
        recordings: Of a corpus.
        prosody: Without speech.
        share: Share of the batches that are prosody.
        seed: Seed of the draws.
    """

    def __init__(
        self, recordings: AcousticData, prosody: ProsodyData, share: float, seed: int
    ) -> None:
        self._sources: tuple[Source, Source] = (recordings, prosody)
        self._share = share
        self._seed = seed

    def plans(self, first: int) -> Iterator[Plan]:
        """Plans of both, each in its own order; see `Source`."""
        random = np.random.default_rng((self._seed, 5))
        before = random.random(first) < self._share
        ready = [
            source.plans(int((before == of_prosody).sum()))
            for of_prosody, source in enumerate(self._sources)
        ]
        while True:
            of_prosody = bool(random.random() < self._share)
            plan = next(ready[of_prosody])
            yield MixedPlan(plan.number, plan.clips, of_prosody)

    def collate(self, plan: Plan, rows: slice) -> Batch:
        """The batch of the source that the plan is of."""
        assert isinstance(plan, MixedPlan)
        return self._sources[plan.of_prosody].collate(plan, rows)
