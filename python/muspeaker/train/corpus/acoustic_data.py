"""Batches for the teacher and the student: a target clip, and a prompt by the same speaker."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch

from muspeaker.train.corpus.alignment import alignment_path, load_alignment
from muspeaker.train.corpus.batches import packed, shuffled
from muspeaker.train.corpus.disguise import LENGTHS, disguise
from muspeaker.train.loop.distributed import world
from muspeaker.train.loop.feed import Batch, Plan
from muspeaker.twin.dsp.mel_moments import mel_moments, speech_frames

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from muspeaker.config import ModelConfig
    from muspeaker.train.corpus.cache import Cache, Clip

SPEED_WEIGHT = 0.6  # weight of copies at another speed
WORST_SHARE = 0.1
EQUALIZER_SHARE = 0.7
EQUALIZER_KNOTS = 6
EQUALIZER_NATS = 0.4
PROMPT_FRAMES = (120, 360)
MAX_FRAMES = 620
POOL = 16
EVEN_POOL, MAX_ROWS = 512, 128  # of batches on a grid
EVEN_SHORTEST, SHORT_STEP = 128, 16  # frames that all of their clips have, and a step of that
FRAMES_A_TOKEN = 4  # hardly anybody speaks faster
FROM_PRIOR = 0.5  # of the rows: what the predictors hear, see `acoustic_losses`


class AcousticData:
    """Sampling, prompts and padding.

    Args:
        cache: The prepared corpus.
        timbres: (clips, embedding) float32, one vector for each clip of the cache; None if batches need none.
        config: Sizes, scales of the targets, and what a timbre holds.
        frames: Frames in a batch, padding included.
        seed: Seed of the sampling.
        grid: Where it is not 0, lengths are padded to multiples of so many frames and all batches of one length
            hold equally many clips, none of under 1.6 s: a GPU plans its convolutions anew for every new
            shape.
        longest: Frames that a target may have.

    Attributes:
        items: Token ids (3, tokens) and durations (tokens,) of every usable clip, by number.

    Raises:
        ValueError: If the weights of the corpus leave nothing to learn from.
    """

    def __init__(
        self,
        cache: Cache,
        timbres: npt.NDArray[np.float32] | None,
        config: ModelConfig,
        frames: int,
        seed: int,
        grid: int = 0,
        longest: int = MAX_FRAMES,
    ) -> None:
        self._grid = grid
        self._cache = cache
        self._timbres = timbres
        self._config = config
        self._frames = frames
        self._seed = seed
        alignment = load_alignment(alignment_path(cache.folder))
        floor = np.quantile([score for _, _, score in alignment.values()], WORST_SHARE)
        shortest = EVEN_SHORTEST if grid else 0
        self.items = {
            i: (tokens, durations)
            for i, (tokens, durations, score) in alignment.items()
            if score >= floor
            and shortest <= cache.clips[i].frames <= longest
            and not cache.clips[i].warp
        }
        self._numbers = np.array(sorted(self.items))
        self.keep(lambda _: True)
        self._by_speaker: dict[str, list[int]] = defaultdict(list)
        for i, clip in enumerate(cache.clips):
            self._by_speaker[clip.speaker].append(i)
        self._speaker = {name: number for number, name in enumerate(sorted(self._by_speaker))}
        self._pairs: npt.NDArray[np.float16] | None = None
        self._share = self._disguised = 0.0

    @staticmethod
    def _weight(clip: Clip) -> float:
        return clip.weight * clip.frames * (1.0 if clip.speed == 1.0 else SPEED_WEIGHT)

    def keep(self, wanted: Callable[[Clip], bool]) -> None:
        """Take only some clips as targets; the others stay prompts of their speakers.

        Raises:
            ValueError: If the weights of these leave nothing to learn from.
        """
        clips = [self._cache.clips[i] for i in self._numbers]
        weights = np.array([self._weight(clip) * wanted(clip) for clip in clips])
        if not weights.any():
            folder = self._cache.folder
            raise ValueError(f"every clip of {folder} that could be used has weight 0")
        self._weights = weights / weights.sum()

    def add_pairs(self, pairs: npt.NDArray[np.float16], share: float) -> None:
        """Take content from parallel speech in other voices.

        Args:
            pairs: (frames, mels), laid out as the cache's mel; NaN where a clip has none.
            share: Share of the samples that take it, where there is a pair.

        Raises:
            ValueError: If the pairs do not belong to this corpus.
        """
        if pairs.shape != self._cache.mel.shape:
            raise ValueError(
                f"the pairs are {pairs.shape}, the corpus is {self._cache.mel.shape}: make them again"
            )
        self._pairs, self._share = pairs, share

    def add_disguise(self, share: float) -> None:
        """Take the content of so many samples that have no pair from the target in another voice's statistics.

        Raises:
            ValueError: If the corpus has no two speakers.
        """
        first = [self._cache.clips[numbers[0]] for numbers in self._by_speaker.values()]
        if share and sum(clip.is_of_one_person for clip in first) < 2:
            raise ValueError("a disguise needs two speakers at least")
        self._disguised = share

    def plans(self, first: int) -> Iterator[Plan]:
        """Batches of similar lengths; see `Source`."""
        number = pool = 0
        while True:
            random = np.random.default_rng((self._seed, pool))
            for group in self._even_groups(random) if self._grid else self._groups(random):
                if number >= first:
                    yield Plan(number, tuple(group))
                number += 1
            pool += 1

    def _groups(self, random: np.random.Generator) -> list[list[int]]:
        picks = random.choice(self._numbers, 16 * POOL, p=self._weights)
        return shuffled(self.packed(picks.tolist()), self._frames, random)

    def packed(self, numbers: Iterable[int]) -> list[list[int]]:
        """These clips by length, in groups that fill a batch; see `packed`."""
        return packed(numbers, lambda i: self._cache.clips[i].frames, self._frames)

    def _even_groups(self, random: np.random.Generator) -> list[list[int]]:
        """Batches of one length on the grid; the last of a length is filled up, or left out if half empty."""
        count = EVEN_POOL * max(1, self._frames // MAX_FRAMES)
        by_length: dict[int, list[int]] = defaultdict(list)
        for i in random.choice(self._numbers, count, p=self._weights).tolist():
            by_length[self._on_grid(self._cache.clips[i].frames)].append(i)
        groups = []
        for frames, picks in sorted(by_length.items()):
            size = max(2, min(MAX_ROWS, self._frames // frames)) // world() * world()
            for start in range(0, len(picks), size):
                group = picks[start : start + size]
                if 2 * len(group) >= size:
                    groups.append((group + group)[:size])
        if not groups:
            raise ValueError(
                f"the clips of {self._cache.folder} fill no batch of {self._frames} frames"
            )
        return [groups[at] for at in random.permutation(len(groups)).tolist()]

    def _on_grid(self, length: int, step: int | None = None) -> int:
        step = step or self._grid
        return -(-length // step) * step if self._grid else length

    def prompt_of(self, i: int, random: np.random.Generator) -> int:
        """Another clip of the same speaker; the clip itself where there is none."""
        clip = self._cache.clips[i]
        others = self._by_speaker[clip.speaker]
        if not clip.is_of_one_person or len(others) == 1:
            return i
        j = others[random.integers(len(others))]
        return j if j != i else others[(others.index(i) + 1) % len(others)]

    def other_voice(self, i: int, random: np.random.Generator) -> int:
        """A clip of another speaker, by whom this one's text may be spoken; speakers count alike."""
        mine = self._cache.clips[i].speaker
        clips = self._cache.clips
        names = sorted(
            name
            for name, numbers in self._by_speaker.items()
            if name != mine and clips[numbers[0]].is_of_one_person
        )
        if not names:
            raise ValueError("pairs need a second speaker")
        chosen = self._by_speaker[names[random.integers(len(names))]]
        return chosen[random.integers(len(chosen))]

    def collate(self, plan: Plan, rows: slice) -> Batch:
        """Padded tensors of some clips and their prompts; see `batch_of` and `prompts_of`."""
        random = np.random.default_rng((self._seed, plan.number, 1))
        prompts = [self.prompt_of(i, random) for i in plan.clips]
        lengths = random.integers(*PROMPT_FRAMES, len(prompts))
        places, paired = random.random(len(prompts)), random.random(len(prompts)) < self._share
        curves = self.equalizers(len(prompts), random)
        batch = self.batch_of(plan.clips, rows, curves)
        batch |= self.prompts_of(prompts, lengths.tolist(), places.tolist(), rows, curves)
        noise = random.standard_normal(
            (len(prompts), batch["tokens"].shape[2], self._config.mel_encoder.latent),
            dtype=np.float32,
        )
        place = random.random()
        from_prior = random.random(len(prompts)) < FROM_PRIOR
        content = self._content(plan.clips[rows], paired[rows].tolist(), batch["mel"])
        if self._disguised:
            self._disguise(content, plan, rows, paired)
        return batch | {
            "noise": torch.from_numpy(noise[rows].copy()),
            "content_mel": content,
            "place": torch.tensor(place),
            "from_prior": torch.from_numpy(from_prior[rows].copy()),
            "shortest": torch.tensor(self._shortest(plan.clips)),
        }

    def _shortest(self, numbers: Sequence[int]) -> int:
        shortest = min(self._cache.clips[i].frames for i in numbers)
        return shortest // SHORT_STEP * SHORT_STEP if self._grid else shortest

    def _content(
        self, numbers: Sequence[int], paired: Sequence[bool], mel: torch.Tensor
    ) -> torch.Tensor:
        """(batch, mels, frames) that the mel encoder hears: the pair's, or the target's own."""
        content = mel.clone()
        if self._pairs is None or not any(paired):
            return content
        for row, (i, use) in enumerate(zip(numbers, paired, strict=True)):
            clip = self._cache.clips[i]
            if use and self._has_pair(i):
                spoken = self._pairs[clip.span].astype(np.float32).T
                content[row, :, : clip.frames] = torch.from_numpy(spoken)
        return content

    def _has_pair(self, i: int) -> bool:
        first = self._cache.clips[i].first_frame
        return self._pairs is not None and bool(np.isfinite(self._pairs[first, 0]))

    def _disguise(
        self, content: torch.Tensor, plan: Plan, rows: slice, paired: npt.NDArray[np.bool_]
    ) -> None:
        """Put the share of the rows without a pair into other voices, in place; each row has draws of its own."""
        for row, at in enumerate(range(*rows.indices(len(plan.clips)))):
            random = np.random.default_rng((self._seed, plan.number, 2, at))
            i = plan.clips[at]
            if random.random() >= self._disguised or (paired[at] and self._has_pair(i)):
                continue
            clips, mel = self._cache.clips, self._cache.mel
            own, other = (
                torch.from_numpy(mel[clips[number].span].astype(np.float32).T)
                for number in (i, self.other_voice(i, random))
            )
            factor = float(np.exp(random.normal(0, LENGTHS)))
            content[row, :, : clips[i].frames] = disguise(own, other, factor, self._cache.sizes)

    def equalizers(self, size: int, random: np.random.Generator) -> npt.NDArray[np.float32]:
        """One smooth gain (size, mels) in nats for target and prompt, so that the decoder uses e_tim."""
        knots = random.normal(0.0, EQUALIZER_NATS, (size, EQUALIZER_KNOTS))
        knots *= random.random((size, 1)) < EQUALIZER_SHARE
        mels = np.linspace(0, EQUALIZER_KNOTS - 1, self._cache.mel.shape[1])
        rows = [np.interp(mels, np.arange(EQUALIZER_KNOTS), row) for row in knots]
        return np.asarray(rows, np.float32)

    def _timbre(
        self, prompts: Sequence[int], curves: npt.NDArray[np.float32] | None
    ) -> torch.Tensor:
        """(batch, timbre_size): vectors and, where the model has them, moments of whole clips."""
        assert self._timbres is not None
        timbre = torch.from_numpy(self._timbres[list(prompts)])
        if not self._config.mel_decoder.prompt_moments:
            return timbre
        moments = []
        for row, i in enumerate(prompts):
            heard = self._cache.mel[self._cache.clips[i].span].astype(np.float32)
            heard = heard if curves is None else heard + curves[row]
            mel = torch.from_numpy(heard.T).unsqueeze(0)
            moments.append(mel_moments(mel, speech_frames(mel)))
        return torch.cat([timbre, torch.cat(moments)], 1)

    def batch_of(
        self, numbers: Sequence[int], rows: slice, curves: npt.NDArray[np.float32] | None = None
    ) -> Batch:
        """What was said, and how: the given rows of these clips, padded as the whole.

        Args:
            numbers: Numbers of the clips.
            rows: Which of them are wanted; the others count for the padding.
            curves: Gains (clips, mels) in nats, added to the mels.

        Returns:
            tokens (batch, 3, tokens), durations and token_mask (batch, tokens), mel (batch, mels,
            frames), f0, energy and frame_mask (batch, frames), speaker (batch,).
        """
        cache, adapter = self._cache, self._config.variation_adapter
        num_frames = self._on_grid(max(cache.clips[i].frames for i in numbers))
        num_tokens = max(len(self.items[i][1]) for i in numbers)
        if self._grid:
            num_tokens = self._on_grid(num_tokens, num_frames // FRAMES_A_TOKEN)
        numbers = numbers[rows]
        size = len(numbers)
        batch = {
            "tokens": torch.zeros(size, 3, num_tokens, dtype=torch.long),
            "durations": torch.zeros(size, num_tokens, dtype=torch.long),
            "token_mask": torch.zeros(size, num_tokens, dtype=torch.bool),
            "mel": torch.zeros(size, cache.mel.shape[1], num_frames),
            "f0": torch.zeros(size, num_frames),
            "energy": torch.zeros(size, num_frames),
            "frame_mask": torch.zeros(size, num_frames, dtype=torch.bool),
            "speaker": torch.tensor([self._speaker[cache.clips[i].speaker] for i in numbers]),
        }
        for row, i in enumerate(numbers):
            clip, (tokens, durations) = cache.clips[i], self.items[i]
            n, t = len(durations), clip.frames
            batch["tokens"][row, :, :n] = torch.from_numpy(tokens.astype(np.int64))
            batch["durations"][row, :n] = torch.from_numpy(durations)
            batch["token_mask"][row, :n] = True
            mel = cache.mel[clip.span].astype(np.float32)
            mel = mel if curves is None else mel + curves[rows][row]
            batch["mel"][row, :, :t] = torch.from_numpy(mel.T)
            batch["f0"][row, :t] = torch.from_numpy(np.array(cache.f0[clip.span]))
            energy = cache.energy[clip.span].astype(np.float32)
            energy = (energy - adapter.log_energy_mean) / adapter.log_energy_std
            batch["energy"][row, :t] = torch.from_numpy(energy)
            batch["frame_mask"][row, :t] = True
        return batch

    def prompts_of(
        self,
        prompts: Sequence[int],
        lengths: Sequence[int],
        places: Sequence[float],
        rows: slice,
        curves: npt.NDArray[np.float32] | None = None,
    ) -> Batch:
        """Cuts of the prompts: timbre (batch, timbre_size), prompt_mel and prompt_mask, padded.

        Args:
            prompts: Numbers of clips.
            lengths: Lengths of the cuts in frames.
            places: Where they lie in their clips, 0 to 1.
            rows: Which of them are wanted; the others count for the padding.
            curves: Gains (prompts, mels) in nats, added to the mels.
        """
        curves = None if curves is None else curves[rows]
        clips = [self._cache.clips[i] for i in prompts]
        lengths = [min(n, clip.frames) for n, clip in zip(lengths, clips, strict=True)]
        longest = PROMPT_FRAMES[1] if self._grid else max(lengths)
        size = len(prompts[rows])
        mel = torch.zeros(size, self._cache.mel.shape[1], longest)
        mask = torch.zeros(size, -(-longest // 4), dtype=torch.bool)
        cuts = list(zip(clips, lengths, places, strict=True))[rows]
        for row, (clip, length, place) in enumerate(cuts):
            start = clip.first_frame + int(place * (clip.frames - length + 1))
            cut = self._cache.mel[start : start + length].astype(np.float32)
            cut = cut if curves is None else cut + curves[row]
            mel[row, :, :length] = torch.from_numpy(cut.T)
            mask[row, : -(-length // 4)] = True
        batch = {"prompt_mel": mel, "prompt_mask": mask}
        if self._timbres is not None:
            batch["timbre"] = self._timbre(prompts[rows], curves)
        return batch
