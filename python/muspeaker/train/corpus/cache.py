"""The prepared corpus as flat arrays, and cuts of it."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch

from muspeaker.config import AudioConfig
from muspeaker.twin.dsp.mel import energy_from_magnitude, magnitude_spectrum, mel_from_magnitude

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


PAIRS = "pairs_mel.npy"

log = logging.getLogger(__name__)
AUDIO = AudioConfig()


@dataclass(frozen=True)
class Clip:
    """Where one clip lies in the cache, and what is known of it."""

    id: str
    source: str
    speaker: str
    gender: str
    text: str
    band_hz: float
    speed: float
    first_frame: int
    frames: int
    language: str = "en-us"
    warp: str = ""  # how its pitch and formants were moved, where they were

    @property
    def span(self) -> slice:
        """Its frames in the flat arrays."""
        return slice(self.first_frame, self.first_frame + self.frames)


class Cache:
    """What `muspeaker.train.stages.prepare` wrote.

    Attributes:
        clips: One entry for each clip.
        audio: (samples,) int16 of all clips.
        f0: (frames,) float32 in Hz.
        mel: (frames, mels) float16, natural log; computed and kept on first use.
        energy: (frames,) float16, natural log; likewise.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
        self.clips = [Clip(**entry) for entry in index]
        self.audio = np.load(folder / "audio.npy", mmap_mode="r")
        self.f0 = np.load(folder / "f0.npy", mmap_mode="r")
        if not (folder / "energy.npy").exists():
            self._compute_features()
        self.mel = np.load(folder / "mel.npy", mmap_mode="r")
        self.energy = np.load(folder / "energy.npy", mmap_mode="r")

    def samples(self, clip: Clip) -> npt.NDArray[np.float32]:
        """(samples,) float32 of one clip."""
        hop = AUDIO.hop_samples
        cut = self.audio[clip.first_frame * hop : (clip.first_frame + clip.frames) * hop]
        return cut.astype(np.float32) / 32767

    def _compute_features(self) -> None:
        mel = np.empty((len(self.f0), AUDIO.num_mels), np.float16)
        energy = np.empty(len(self.f0), np.float16)
        for clip in self.clips:
            samples = torch.from_numpy(self.samples(clip)).unsqueeze(0)
            magnitude = magnitude_spectrum(samples)
            mel[clip.span] = mel_from_magnitude(magnitude)[0].T.numpy()
            energy[clip.span] = energy_from_magnitude(magnitude)[0].numpy()
        for name, array in (("mel", mel), ("energy", energy)):
            partial = self.folder / f"{name}.partial.npy"
            np.save(partial, array)
            partial.replace(self.folder / f"{name}.npy")


def write_left_out(path: Path, reasons: Mapping[str, str]) -> None:
    """Report clips that cannot be used: a table of id and reason, and their number in the log."""
    rows = [f"{name}\t{' '.join(reason.split())}" for name, reason in sorted(reasons.items())]
    path.write_text("\n".join(["id\treason", *rows]) + "\n", encoding="utf-8")
    if reasons:
        log.warning("%d clips left out, named in %s", len(reasons), path)
