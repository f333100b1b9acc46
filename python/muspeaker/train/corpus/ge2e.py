"""GE2E speaker embeddings by the public package Resemblyzer, the teacher of the timbre encoder.

The network and its features are written again here, because importing the package needs webrtcvad, which
has to be compiled. The weights are read from the package.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

GE2E_RATE_HZ = 16000
GE2E_SIZE = 256
NUM_MELS, FFT_SAMPLES, HOP_SAMPLES = 40, 400, 160
WINDOW_FRAMES = 160  # what the network hears at a time
QUIETEST_RMS = 10 ** (-30 / 20)  # quieter recordings are amplified to it
LONG_FRAMES = 400  # clips from this length on have windows that do not overlap
LEAST_NEW_FRAMES = 40  # new frames that a last window must bring
BATCH_WINDOWS = 192


class GE2E(nn.Module):
    """Three LSTM layers, whose last state gives the embedding.

    Source: Wan et al. 2018 (arXiv:1710.10467), in the sizes of Resemblyzer.
    """

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(NUM_MELS, 256, 3, batch_first=True)
        self.linear = nn.Linear(256, GE2E_SIZE)

    def forward(self, mel: torch.Tensor) -> torch.Tensor:
        """Embed (batch, frames, 40) power mels as (batch, 256) of unit length, none negative."""
        _, (hidden, _) = self.lstm(mel)
        return F.normalize(torch.relu(self.linear(hidden[-1])))


def load_ge2e(path: Path | None = None) -> GE2E:
    """The network with the weights of a file, or those of the installed package.

    Args:
        path: File of the weights, Resemblyzer's pretrained.pt. Defaults to that of the package.

    Returns:
        The network in evaluation mode, on the CPU.

    Raises:
        FileNotFoundError: If no file is given and Resemblyzer is not installed.
        ValueError: If the file holds other weights.
    """
    if path is None:
        found = find_spec("resemblyzer")  # does not import it
        if found is None or found.origin is None:
            raise FileNotFoundError(
                "Resemblyzer is not installed: pip install --no-deps Resemblyzer, "
                "or give its pretrained.pt (--network)"
            )
        path = Path(found.origin).with_name("pretrained.pt")
    state = torch.load(path, map_location="cpu", weights_only=True).get("model_state", {})
    network = GE2E().eval()
    wanted = network.state_dict()
    if not wanted.keys() <= state.keys():
        raise ValueError(f"{path}: expected the weights of Resemblyzer's encoder")
    network.load_state_dict({name: state[name] for name in wanted})
    return network


def ge2e_mel(samples: npt.NDArray[np.float32]) -> torch.Tensor:
    """(frames, 40) power mel of (samples,) at 16 kHz, as the network wants it."""
    rms = max(float(np.sqrt(np.mean(np.square(samples)))), 1e-9)
    leveled = torch.from_numpy(samples) * max(1.0, QUIETEST_RMS / rms)
    spectrum = torch.stft(
        leveled,
        FFT_SAMPLES,
        HOP_SAMPLES,
        window=torch.hann_window(FFT_SAMPLES),
        center=True,
        pad_mode="constant",
        return_complex=True,
    )
    return (_filters() @ spectrum.abs().square()).T


@cache
def _filters() -> torch.Tensor:
    import librosa  # noqa: PLC0415  (slow to import, needed for this alone)

    filters = librosa.filters.mel(sr=GE2E_RATE_HZ, n_fft=FFT_SAMPLES, n_mels=NUM_MELS)
    return torch.from_numpy(filters)


def windows(mel: torch.Tensor) -> torch.Tensor:
    """Cut (frames, 40) into (windows, 160, 40); a short clip is padded with zeros.

    The windows of clips under 4 s overlap by half.
    """
    frames = len(mel)
    if frames < WINDOW_FRAMES:
        return F.pad(mel, (0, 0, 0, WINDOW_FRAMES - frames)).unsqueeze(0)
    step = WINDOW_FRAMES // 2 if frames < LONG_FRAMES else WINDOW_FRAMES
    starts = list(range(0, frames - WINDOW_FRAMES + 1, step))
    if frames - WINDOW_FRAMES - starts[-1] >= LEAST_NEW_FRAMES:
        starts.append(frames - WINDOW_FRAMES)
    return torch.stack([mel[start : start + WINDOW_FRAMES] for start in starts])


@torch.inference_mode()
def embed(network: GE2E, clips: Iterable[npt.NDArray[np.float32]]) -> npt.NDArray[np.float32]:
    """The mean embedding of each clip's windows.

    Args:
        network: Network from `load_ge2e`.
        clips: Recordings, (samples,) float32 each, at 16 kHz.

    Returns:
        (clips, 256) float32, each row of unit length.
    """
    sums: list[torch.Tensor] = []
    for owners, batch in _batches(clips):
        sums += [torch.zeros(GE2E_SIZE)] * (owners[-1] + 1 - len(sums))
        for owner, vector in zip(owners, network(batch), strict=True):
            sums[owner] = sums[owner] + vector
    return F.normalize(torch.stack(sums)).numpy()


def _batches(
    clips: Iterable[npt.NDArray[np.float32]],
) -> Iterator[tuple[list[int], torch.Tensor]]:
    """Windows of several clips, and the number of the clip that each is from."""
    owners: list[int] = []
    queue: list[torch.Tensor] = []
    for number, samples in enumerate(clips):
        queue.append(windows(ge2e_mel(samples)))
        owners += [number] * len(queue[-1])
        if len(owners) >= BATCH_WINDOWS:
            yield owners, torch.cat(queue)
            owners, queue = [], []
    if queue:
        yield owners, torch.cat(queue)
