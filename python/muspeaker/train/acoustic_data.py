"""Batches for the acoustic stage: a target utterance, and a prompt by the same speaker."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch

from muspeaker.model.features import mel_moments, speech_frames

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from muspeaker.config import ModelConfig
    from muspeaker.train.cache import Cache

SOURCE_WEIGHTS = {
    "kathleen": 0.6,
    "vctk56_mssnsd": 1.0,
    "vcc2018": 1.0,
    "picovoice_barista": 0.25,
    "speechocean762": 0.3,
}
SPEED_WEIGHT = 0.6
WORST_SHARE = 0.1
EQUALIZER_SHARE = 0.7
EQUALIZER_KNOTS = 6
EQUALIZER_NATS = 0.4
PROMPT_FRAMES = (120, 360)
MAX_FRAMES = 620
POOL = 16


class AcousticData:
    """Sampling, prompts and padding.

    Args:
        cache: The prepared corpus.
        timbres: (clips, embedding) float32, one vector for each clip of the cache.
        config: Scales of the targets, and what a timbre holds.
        seed: Of the sampling.
    """

    def __init__(
        self,
        cache: Cache,
        timbres: npt.NDArray[np.float32],
        config: ModelConfig,
        seed: int,
    ) -> None:
        self._cache = cache
        self._timbres = timbres
        self._config = config.variation_adapter
        self._prompt_moments = config.mel_decoder.prompt_moments
        self._random = np.random.default_rng(seed)
        alignment = load_alignment(cache.folder / "alignment.npz")
        floor = np.quantile([score for _, _, score in alignment.values()], WORST_SHARE)
        self.items = {
            i: (tokens, durations)
            for i, (tokens, durations, score) in alignment.items()
            if score > floor and cache.clips[i].frames <= MAX_FRAMES
        }
        self._numbers = np.array(sorted(self.items))
        weights = np.array([self._weight(i) for i in self._numbers])
        self._weights = weights / weights.sum()
        self._by_speaker: dict[str, list[int]] = defaultdict(list)
        for i, clip in enumerate(cache.clips):
            self._by_speaker[clip.speaker].append(i)

    def _weight(self, i: int) -> float:
        clip = self._cache.clips[i]
        weight = SOURCE_WEIGHTS.get(clip.source, 1.0) * clip.frames
        return weight * (1.0 if clip.speed == 1.0 else SPEED_WEIGHT)

    def batches(self, frames: int) -> Iterator[dict[str, torch.Tensor]]:
        """Yield padded batches of about `frames` frames, of similar lengths, without end."""
        while True:
            picks = self._random.choice(self._numbers, 16 * POOL, p=self._weights)
            groups: list[list[int]] = []
            group: list[int] = []
            for i in sorted(picks.tolist(), key=lambda i: self._cache.clips[i].frames):
                longest = self._cache.clips[i].frames
                if group and longest * (len(group) + 1) > frames:
                    groups.append(group)
                    group = []
                group.append(i)
            groups.append(group)
            for at in self._random.permutation(len(groups)):
                if len(groups[at]) > 1:
                    yield self.collate(groups[at])

    def prompt_of(self, i: int) -> int:
        """Another clip of the same speaker; the clip itself where there is none."""
        clip = self._cache.clips[i]
        others = self._by_speaker[clip.speaker]
        if "_unk" in clip.speaker or len(others) == 1:
            return i
        j = others[self._random.integers(len(others))]
        return j if j != i else others[(others.index(i) + 1) % len(others)]

    def collate(self, numbers: list[int]) -> dict[str, torch.Tensor]:
        """Padded tensors of some clips and their prompts."""
        cache = self._cache
        clips = [cache.clips[i] for i in numbers]
        prompts = [self.prompt_of(i) for i in numbers]
        num_tokens = max(len(self.items[i][1]) for i in numbers)
        num_frames = max(clip.frames for clip in clips)
        size = len(numbers)
        batch = {
            "tokens": torch.zeros(size, 3, num_tokens, dtype=torch.long),
            "durations": torch.zeros(size, num_tokens, dtype=torch.long),
            "token_mask": torch.zeros(size, num_tokens, dtype=torch.bool),
            "mel": torch.zeros(size, cache.mel.shape[1], num_frames),
            "f0": torch.zeros(size, num_frames),
            "energy": torch.zeros(size, num_frames),
            "frame_mask": torch.zeros(size, num_frames, dtype=torch.bool),
            "timbre": torch.from_numpy(self._timbres[prompts]),
        }
        curves = self._equalizers(size)
        for row, (i, clip) in enumerate(zip(numbers, clips, strict=True)):
            tokens, durations = self.items[i]
            n, t = len(durations), clip.frames
            batch["tokens"][row, :, :n] = torch.from_numpy(tokens.astype(np.int64))
            batch["durations"][row, :n] = torch.from_numpy(durations)
            batch["token_mask"][row, :n] = True
            mel = cache.mel[clip.span].astype(np.float32) + curves[row]
            batch["mel"][row, :, :t] = torch.from_numpy(mel.T)
            batch["f0"][row, :t] = torch.from_numpy(np.array(cache.f0[clip.span]))
            energy = cache.energy[clip.span].astype(np.float32)
            energy = (energy - self._config.log_energy_mean) / self._config.log_energy_std
            batch["energy"][row, :t] = torch.from_numpy(energy)
            batch["frame_mask"][row, :t] = True
        if self._prompt_moments:
            moments = [self._moments(i, curve) for i, curve in zip(prompts, curves, strict=True)]
            batch["timbre"] = torch.cat([batch["timbre"], torch.cat(moments)], 1)
        return batch | self._style(prompts, curves)

    def _equalizers(self, size: int) -> npt.NDArray[np.float32]:
        """A smooth gain (size, mels) in nats for target and prompt alike, so that e_tim is heeded."""
        knots = self._random.normal(0.0, EQUALIZER_NATS, (size, EQUALIZER_KNOTS))
        knots *= self._random.random((size, 1)) < EQUALIZER_SHARE
        mels = np.linspace(0, EQUALIZER_KNOTS - 1, self._cache.mel.shape[1])
        rows = [np.interp(mels, np.arange(EQUALIZER_KNOTS), row) for row in knots]
        return np.asarray(rows, np.float32)

    def _moments(self, i: int, curve: npt.NDArray[np.float32]) -> torch.Tensor:
        heard = self._cache.mel[self._cache.clips[i].span].astype(np.float32) + curve
        mel = torch.from_numpy(heard.T).unsqueeze(0)
        return mel_moments(mel, speech_frames(mel))

    def _style(
        self, prompts: list[int], curves: npt.NDArray[np.float32]
    ) -> dict[str, torch.Tensor]:
        lengths = self._random.integers(*PROMPT_FRAMES, len(prompts))
        crops = []
        for i, wanted, curve in zip(prompts, lengths, curves, strict=True):
            clip = self._cache.clips[i]
            length = min(int(wanted), clip.frames)
            start = clip.first_frame + self._random.integers(clip.frames - length + 1)
            crop = self._cache.mel[start : start + length].astype(np.float32) + curve
            crops.append(crop.T)
        longest = max(crop.shape[1] for crop in crops)
        mel = torch.zeros(len(crops), len(crops[0]), longest)
        mask = torch.zeros(len(crops), -(-longest // 4), dtype=torch.bool)
        for row, crop in enumerate(crops):
            mel[row, :, : crop.shape[1]] = torch.from_numpy(crop)
            mask[row, : -(-crop.shape[1] // 4)] = True
        return {"prompt_mel": mel, "prompt_mask": mask}


def load_alignment(
    path: Path,
) -> dict[int, tuple[npt.NDArray[np.int32], npt.NDArray[np.int64], float]]:
    """Token ids (3, tokens), durations (tokens,) and score of each aligned clip, by number."""
    stored = np.load(path)
    tokens, durations = stored["tokens"], stored["durations"]
    result = {}
    end = 0
    for number, length, score in zip(
        stored["numbers"], stored["lengths"], stored["scores"], strict=True
    ):
        start, end = end, end + length
        result[int(number)] = (tokens[:, start:end], durations[start:end], float(score))
    return result
