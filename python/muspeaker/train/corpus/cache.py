"""The prepared corpus as flat arrays, and cuts of it."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch

from muspeaker.config import AudioConfig
from muspeaker.sound.files import whole_file, write_whole
from muspeaker.sound.samples import from_int16
from muspeaker.twin.dsp.mel import energy_from_magnitude, magnitude_spectrum, mel_from_magnitude

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


INDEX, SIZES, PAIRS = "index.json", "audio.json", "pairs_mel.npy"
UNKNOWN_SPEAKER = "_unk"  # in the label of what may be several people
OLD_SIZES = AudioConfig()  # sizes of corpora that were prepared before they were stored

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Clip:
    """Where one clip lies in the cache, and what is known of it.

    Attributes:
        band_hz: Highest frequency that the recording holds.
        warp: How its pitch and formants were moved, empty where they were not.
        weight: How often it is drawn, relative to its length; from the manifest.
        certain: Whether its speaker label is known to be right, so that the speaker may be held out.
        phones: Its phones as the corpus writes them, empty where it gives none.
        durations: Frames of `manifest.GIVEN_FRAME_SECONDS` for the silence before the phones, each
            character of them and the silence after; empty where the corpus gives none.
    """

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
    warp: str = ""
    weight: float = 1.0
    certain: bool = False
    phones: str = ""
    durations: tuple[int, ...] = ()

    @property
    def is_of_one_person(self) -> bool:
        """Whether the clips with its speaker label are known to be of one person."""
        return UNKNOWN_SPEAKER not in self.speaker

    @property
    def span(self) -> slice:
        """Its frames in the flat arrays."""
        return slice(self.first_frame, self.first_frame + self.frames)


class Cache:
    """What `muspeaker-train prepare` wrote.

    Args:
        folder: The prepared corpus.
        audio: Sizes that the corpus must have, those of the model; None takes any.

    Attributes:
        sizes: The frame clock and the mel that the corpus was prepared with.
        clips: One entry for each clip.
        audio: (samples,) int16 of all clips.
        f0: (frames,) float32 in Hz.
        mel: (frames, mels) float16, natural log; computed and kept on first use.
        energy: (frames,) float16, natural log; likewise.

    Raises:
        ValueError: If the corpus was prepared with other sizes than `audio`; the text names each.
        OSError: If a file is missing.
    """

    def __init__(self, folder: Path, audio: AudioConfig | None = None) -> None:
        self.folder = folder
        self.clips = read_index((folder / INDEX).read_text(encoding="utf-8"))
        self.sizes = read_sizes(folder)
        if audio is not None:
            _check_sizes(folder, self.sizes, audio)
        self.audio = np.load(folder / "audio.npy", mmap_mode="r")
        self.f0 = np.load(folder / "f0.npy", mmap_mode="r")
        if not (folder / "energy.npy").exists():
            self._compute_features()
        self.mel = np.load(folder / "mel.npy", mmap_mode="r")
        self.energy = np.load(folder / "energy.npy", mmap_mode="r")

    def samples(self, clip: Clip) -> npt.NDArray[np.float32]:
        """(samples,) float32 of one clip."""
        hop = self.sizes.hop_samples
        cut = self.audio[clip.first_frame * hop : (clip.first_frame + clip.frames) * hop]
        return from_int16(cut)

    def _compute_features(self) -> None:
        mel = np.empty((len(self.f0), self.sizes.num_mels), np.float16)
        energy = np.empty(len(self.f0), np.float16)
        for clip in self.clips:
            mel[clip.span], energy[clip.span] = mel_and_energy(self.samples(clip), self.sizes)
        for name, array in (("mel", mel), ("energy", energy)):
            write_array(self.folder / f"{name}.npy", array)


def mel_and_energy(
    samples: npt.NDArray[np.float32], audio: AudioConfig
) -> tuple[npt.NDArray[np.float16], npt.NDArray[np.float16]]:
    """The features of one clip as the corpus keeps them.

    Args:
        samples: (samples,) float32, whole frames.
        audio: The frame clock and the mel.

    Returns:
        Natural-log mel (frames, mels) and natural-log energy (frames,), float16.
    """
    magnitude = magnitude_spectrum(torch.from_numpy(samples).unsqueeze(0), audio)
    mel = mel_from_magnitude(magnitude, audio)[0].T.numpy()
    energy = energy_from_magnitude(magnitude)[0].numpy()
    return mel.astype(np.float16), energy.astype(np.float16)


def read_index(text: str) -> list[Clip]:
    """The clips of an index in JSON, whose tuples have become lists."""
    entries = json.loads(text)
    return [Clip(**entry | {"durations": tuple(entry.get("durations", ()))}) for entry in entries]


def read_sizes(folder: Path) -> AudioConfig:
    """The sizes that a corpus was prepared with."""
    path = folder / SIZES
    if not path.exists():
        return OLD_SIZES
    return AudioConfig(**json.loads(path.read_text(encoding="utf-8")))


def write_sizes(folder: Path, audio: AudioConfig) -> None:
    """Keep the sizes with a corpus."""
    write_whole(folder / SIZES, json.dumps(asdict(audio)).encode())


def _check_sizes(folder: Path, found: AudioConfig, wanted: AudioConfig) -> None:
    names = [item.name for item in fields(AudioConfig)]
    different = [
        f"{name} {getattr(found, name)} where the model has {getattr(wanted, name)}"
        for name in names
        if getattr(found, name) != getattr(wanted, name)
    ]
    if different:
        raise ValueError(
            f"{folder} was prepared with {', '.join(different)}: prepare it again with the model's "
            "sizes (--model, --set)"
        )


def write_array(path: Path, array: npt.NDArray[Any]) -> None:
    """Write an array for `numpy.load`, whole or not at all."""
    with whole_file(path) as partial, partial.open("wb") as file:
        np.save(file, array)


def write_left_out(path: Path, reasons: Mapping[str, str]) -> None:
    """Report clips that cannot be used: a table of id and reason, and their number in the log."""
    rows = [f"{name}\t{' '.join(reason.split())}" for name, reason in sorted(reasons.items())]
    path.write_text("\n".join(["id\treason", *rows]) + "\n", encoding="utf-8")
    if reasons:
        log.warning("%d clips left out, named in %s", len(reasons), path)
