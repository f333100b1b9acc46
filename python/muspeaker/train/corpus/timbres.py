"""Speaker embeddings of the clips of a corpus."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch
from tqdm import tqdm

from muspeaker.train.corpus.cache import write_array
from muspeaker.train.loop.checkpoint import load_checkpoint
from muspeaker.twin.dsp.fbank import FBANK_RATE_HZ, kaldi_fbank, num_fbank_frames, remove_time_mean
from muspeaker.twin.engine.cloner import scale_to_unit_rms
from muspeaker.twin.model.timbre_encoder import TimbreEncoder

if TYPE_CHECKING:
    from pathlib import Path

    from muspeaker.config import ModelConfig
    from muspeaker.train.corpus.cache import Cache, Clip


TIMBRE_FRAMES = 160
TIMBRE_BATCH = 32


@torch.no_grad()
def timbre_vectors(
    cache: Cache, encoder_path: Path, config: ModelConfig
) -> npt.NDArray[np.float32]:
    """(clips, embedding) float32, each with a root mean square of 1.

    Args:
        cache: The prepared corpus.
        encoder_path: Checkpoint of an encoder, which hears the middle 1.6 s of every clip; what it says is kept
            on disk. Or `targets.npy`, what an encoder is to say.
        config: Sizes of the model.

    Raises:
        ValueError: If the targets are of another corpus or another size.
    """
    if encoder_path.suffix == ".npy":
        targets = np.load(encoder_path)
        wanted = (len(cache.clips), config.timbre_encoder.embedding)
        if targets.shape != wanted:
            raise ValueError(f"{encoder_path} is {targets.shape}, expected {wanted}")
        return scale_to_unit_rms(torch.from_numpy(targets)).numpy()
    path = cache.folder / "timbres.npy"
    if path.exists():
        return np.asarray(np.load(path))
    encoder = timbre_encoder(encoder_path, config)
    fbanks = Fbanks(cache, config.timbre_encoder.num_fbanks)
    vectors = np.empty((len(cache.clips), config.timbre_encoder.embedding), np.float32)
    for first in tqdm(range(0, len(vectors), TIMBRE_BATCH), "timbre vectors", mininterval=20):
        batch = range(first, min(first + TIMBRE_BATCH, len(vectors)))
        rows = torch.from_numpy(np.stack([middle(fbanks.clip(i)) for i in batch]))
        with torch.autocast("cpu", torch.bfloat16):
            timbre = encoder(remove_time_mean(rows))
        vectors[first : first + len(batch)] = scale_to_unit_rms(timbre.float()).numpy()
    write_array(path, vectors)
    return vectors


def timbre_encoder(path: Path, config: ModelConfig) -> TimbreEncoder:
    """The trained encoder, in evaluation."""
    encoder = TimbreEncoder(config.timbre_encoder).eval()
    encoder.load_state_dict(load_checkpoint(path)["ema"])
    return encoder


def middle(fbank: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The middle TIMBRE_FRAMES of (frames, fbanks), repeated if there are fewer."""
    if len(fbank) < TIMBRE_FRAMES:
        fbank = np.tile(fbank, (-(-TIMBRE_FRAMES // len(fbank)), 1))
    start = (len(fbank) - TIMBRE_FRAMES) // 2
    return fbank[start : start + TIMBRE_FRAMES]


class Fbanks:
    """Filter banks of every clip, kept on disk.

    Args:
        cache: The prepared corpus.
        num_fbanks: Width of the encoder's input.

    Raises:
        ValueError: If other filter banks were kept.
    """

    def __init__(self, cache: Cache, num_fbanks: int) -> None:
        self.cache = cache
        self.num_fbanks = num_fbanks
        path = cache.folder / "fbank.npy"
        lengths = [self._frames(clip) for clip in cache.clips]
        self._ends = np.cumsum(lengths)
        if not path.exists():
            import soxr  # noqa: PLC0415  (a machine that was sent filter banks may lack it)

            rows = np.empty((self._ends[-1], num_fbanks), np.float16)
            for index, clip in enumerate(tqdm(cache.clips, "filter banks")):
                samples = soxr.resample(cache.samples(clip), cache.sizes.sample_rate, FBANK_RATE_HZ)
                fbank = kaldi_fbank(torch.from_numpy(samples).unsqueeze(0), num_fbanks)[0].numpy()
                target = rows[self._ends[index] - lengths[index] : self._ends[index]]
                target[:] = fbank[: len(target)]
            write_array(path, rows)
        self._rows = np.load(path, mmap_mode="r")
        if self._rows.shape[1] != num_fbanks:
            found = self._rows.shape[1]
            raise ValueError(f"{path} has {found} filter banks, the model {num_fbanks}: delete it")
        self._lengths = lengths

    def _frames(self, clip: Clip) -> int:
        audio = self.cache.sizes
        samples = clip.frames * audio.hop_samples * FBANK_RATE_HZ / audio.sample_rate
        return num_fbank_frames(int(samples))

    def clip(self, index: int) -> npt.NDArray[np.float32]:
        """(frames, fbanks) float32 of one clip."""
        end = self._ends[index]
        return self._rows[end - self._lengths[index] : end].astype(np.float32)
