"""The frozen timbre encoder as a judge of mels: how alike two sounds are, and whose voice it is.

One linear map, fitted to the corpus, turns a mel into the encoder's filter banks. It is close enough (cosine
0.96 between the vectors of a clip's mel and of its own filter banks, 0.81 to those of other clips), is
differentiable and costs next to nothing.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import nn

from muspeaker.train.corpus.cache import write_array
from muspeaker.train.corpus.timbres import Fbanks
from muspeaker.train.loop.distributed import gather, rank
from muspeaker.twin.dsp.fbank import (
    FBANK_HOP_SAMPLES,
    FBANK_RATE_HZ,
    FBANK_WINDOW_SAMPLES,
    remove_time_mean,
)

if TYPE_CHECKING:
    from muspeaker.config import AudioConfig
    from muspeaker.train.corpus.cache import Cache
    from muspeaker.twin.model.timbre_encoder import TimbreEncoder

JUDGED_SECONDS = 1.6
FIT_CLIPS = 400
RIDGE = 0.1
MAP = "fbank_map.npy"
TEMPERATURE = 0.1


def judged_frames(audio: AudioConfig) -> int:
    """How many mel frames the judge hears of a clip, about JUDGED_SECONDS."""
    return round(JUDGED_SECONDS * audio.sample_rate / audio.hop_samples)


def fbank_times(frames: int, audio: AudioConfig) -> tuple[torch.Tensor, torch.Tensor]:
    """Where each filter-bank frame lies between two mel frames.

    Args:
        frames: Number of mel frames.
        audio: The mel's frame clock.

    Returns:
        The mel frame before, (fbank frames,) int64, and the share of the next one.
    """
    seconds = frames * audio.hop_samples / audio.sample_rate
    count = int((seconds * FBANK_RATE_HZ - FBANK_WINDOW_SAMPLES) // FBANK_HOP_SAMPLES) + 1
    middle = (torch.arange(count) * FBANK_HOP_SAMPLES + FBANK_WINDOW_SAMPLES / 2) / FBANK_RATE_HZ
    place = (middle * audio.sample_rate / audio.hop_samples - 0.5).clamp(0, frames - 1)
    before = place.long().clamp(max=frames - 2)
    return before, place - before


@functools.cache
def _times_on(
    device: torch.device, frames: int, audio: AudioConfig
) -> tuple[torch.Tensor, torch.Tensor]:
    before, share = fbank_times(frames, audio)
    return before.to(device), share.to(device)


def retime(mel: torch.Tensor, audio: AudioConfig) -> torch.Tensor:
    """(batch, mels, frames) on the frame clock to (batch, fbank frames, mels) every 10 ms."""
    before, share = _times_on(mel.device, mel.shape[2], audio)
    x = mel.transpose(1, 2)  # (batch, frames, mels)
    return torch.lerp(
        x.index_select(1, before), x.index_select(1, before + 1), share.view(1, -1, 1)
    )


def fit_fbank_map(
    mels: list[npt.NDArray[np.float32]], fbanks: list[npt.NDArray[np.float32]], audio: AudioConfig
) -> npt.NDArray[np.float32]:
    """The linear map from log-mel to log filter banks, by ridge regression.

    Args:
        mels: (frames, mels) of some clips.
        fbanks: (fbank frames, fbanks) of the same.
        audio: The mels' frame clock.

    Returns:
        (mels + 1, fbanks); the last row is added.
    """
    inputs, outputs = [], []
    for mel, fbank in zip(mels, fbanks, strict=True):
        timed = retime(torch.from_numpy(mel.T.copy()).unsqueeze(0), audio)[0].numpy()
        count = min(len(timed), len(fbank))
        inputs.append(np.pad(timed[:count], ((0, 0), (0, 1)), constant_values=1.0))
        outputs.append(fbank[:count])
    x, y = (np.concatenate(parts).astype(np.float64) for parts in (inputs, outputs))
    ridge = RIDGE * np.eye(x.shape[1])
    return np.linalg.solve(x.T @ x + ridge, x.T @ y).astype(np.float32)


def fbank_map(cache: Cache, num_fbanks: int) -> npt.NDArray[np.float32]:
    """The map of a corpus, fitted once and kept in its folder; see `fit_fbank_map`."""
    path = cache.folder / MAP
    if not path.exists():
        fbanks = Fbanks(cache, num_fbanks)
        chosen = np.random.default_rng(0).permutation(len(cache.clips))[:FIT_CLIPS]
        mels = [cache.mel[cache.clips[i].span].astype(np.float32) for i in chosen]
        write_array(path, fit_fbank_map(mels, [fbanks.clip(i) for i in chosen], cache.sizes))
    return np.asarray(np.load(path))


class VoiceJudge(nn.Module):
    """Features and speaker vectors of mels.

    Args:
        encoder: Trained; frozen here.
        to_fbank: From `fbank_map`.
        audio: The mels' frame clock.
    """

    def __init__(
        self, encoder: TimbreEncoder, to_fbank: npt.NDArray[np.float32], audio: AudioConfig
    ) -> None:
        super().__init__()
        self._audio = audio
        self.encoder = encoder.eval().requires_grad_(requires_grad=False)
        self.to_fbank: torch.Tensor
        self.register_buffer("to_fbank", torch.from_numpy(to_fbank))
        self._features: list[torch.Tensor] = []
        for layer in (encoder.layer1, encoder.layer2, encoder.layer3):
            layer.register_forward_hook(self._keep)

    def _keep(self, _module: nn.Module, _inputs: object, output: torch.Tensor) -> None:
        self._features.append(output)

    def forward(self, mel: torch.Tensor) -> tuple[list[torch.Tensor], torch.Tensor]:
        """Listen.

        Args:
            mel: (batch, mels, frames), natural-log mel.

        Returns:
            Feature maps of three layers, and vectors (batch, embedding).
        """
        self._features = []
        fbank = retime(mel.float(), self._audio) @ self.to_fbank[:-1] + self.to_fbank[-1]
        vectors = self.encoder(remove_time_mean(fbank))
        features, self._features = self._features, []
        return features, vectors


def contrastive_loss(
    vectors: torch.Tensor, prompts: torch.Tensor, speakers: torch.Tensor
) -> torch.Tensor:
    """Cyclic contrastive loss: a predicted mel must be heard as its own prompt's voice among all prompts.

    Source: van den Oord et al. 2018 (arXiv:1807.03748), Eq. 4 (InfoNCE), on cosines. Prompts of the same
    speaker in other rows are not used as negatives. With several processes the prompts of all count.

    Args:
        vectors: (rows, embedding) of the predicted mels, those of the first rows of the batch.
        prompts: (batch, embedding) of the prompts.
        speakers: (batch,) int64.

    Returns:
        Scalar, nats.
    """
    keys, names = gather(F.normalize(prompts.float())), gather(speakers)
    scores = F.normalize(vectors.float()) @ keys.T / TEMPERATURE  # (batch, all rows)
    own = torch.arange(len(vectors), device=vectors.device) + rank() * len(prompts)
    twin = speakers[: len(vectors)].unsqueeze(1) == names.unsqueeze(0)
    twin.scatter_(1, own.unsqueeze(1), value=False)
    return F.cross_entropy(scores.masked_fill(twin, -torch.inf), own)
