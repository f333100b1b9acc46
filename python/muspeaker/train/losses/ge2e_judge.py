"""GE2E as a judge of mels: a network that has heard thousands of speakers, where our timbre encoder heard hundreds.

It hears the power of 40 bands at 16 kHz. A small network, fitted to the corpus, makes them from a mel, so that
gradients reach the mel and no sound has to be made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from muspeaker.train.corpus.ge2e import GE2E, GE2E_RATE_HZ, NUM_MELS, ge2e_mel
from muspeaker.train.loop.checkpoint import load_checkpoint, save_checkpoint
from muspeaker.train.losses.voice_judge import retime

if TYPE_CHECKING:
    from muspeaker.config import AudioConfig
    from muspeaker.train.corpus.cache import Cache

FILE = "ge2e_bands.pt"
WIDTH = 128
FIT_CLIPS, FIT_STEPS, FIT_ROWS, FIT_FRAMES = 400, 600, 16, 96
FIT_RATE = 2e-3
LEAST_FRAMES = 100  # of a clip that the bands are fitted to
FLOOR = 1e-7  # of a power
STATES = 4.0  # what the states of the network count beside its vectors, in the loss

Pair = tuple[torch.Tensor, torch.Tensor]  # (frames, mels) every 10 ms; (frames, 40) powers


class GE2EBands(nn.Module):
    """Log-mel to the powers that GE2E hears: a linear map of logarithms, and what three convolutions add to it."""

    def __init__(self, num_mels: int) -> None:
        super().__init__()
        self.line = nn.Linear(num_mels, NUM_MELS)
        last = nn.Conv1d(WIDTH, NUM_MELS, 1)
        nn.init.zeros_(last.weight)
        self.convs = nn.ModuleList(
            [
                nn.Conv1d(num_mels, WIDTH, 5, padding=2),
                nn.Conv1d(WIDTH, WIDTH, 3, padding=1),
                last,
            ]
        )

    def forward(self, timed: torch.Tensor) -> torch.Tensor:
        """(batch, frames, mels) from `retime` to (batch, frames, 40)."""
        x = timed.transpose(1, 2) / 3
        for conv in self.convs[:-1]:
            x = F.gelu(conv(x))
        return torch.exp(self.line(timed) + self.convs[-1](x).transpose(1, 2))


class GE2EJudge(nn.Module):
    """The states and vectors that GE2E has of mels.

    Args:
        network: From `load_ge2e`; frozen here.
        bands: From `ge2e_bands`; frozen here.
        audio: The mels' frame clock.
    """

    def __init__(self, network: GE2E, bands: GE2EBands, audio: AudioConfig) -> None:
        super().__init__()
        self.network = network.train().requires_grad_(requires_grad=False)  # cuDNN wants it so
        self.bands = bands.requires_grad_(requires_grad=False)
        self._audio = audio

    def forward(self, mel: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Listen.

        Args:
            mel: (batch, mels, frames), natural-log mel.

        Returns:
            States (batch, GE2E frames, 256), and vectors (batch, 256) of unit length.
        """
        return _hear(self.network, self.bands(retime(mel.float(), self._audio)))

    def loss(self, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
        """How far apart two mels of one shape are heard; a gradient reaches the second."""
        with torch.no_grad():
            wanted, voice = self(real)
        states, vectors = self(fake)
        return _distance((wanted, voice), (states, vectors))


def _hear(network: GE2E, powers: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    states, (hidden, _) = network.lstm(powers)
    return states, F.normalize(torch.relu(network.linear(hidden[-1])))


def _distance(
    real: tuple[torch.Tensor, torch.Tensor], fake: tuple[torch.Tensor, torch.Tensor]
) -> torch.Tensor:
    apart = 1 - (real[1] * fake[1]).sum(1).mean()
    return apart + STATES * (real[0] - fake[0]).abs().mean()


def fit_ge2e_bands(
    network: GE2E, pairs: list[Pair], steps: int = FIT_STEPS, seed: int = 0
) -> GE2EBands:
    """Fit the bands to clips of at least FIT_FRAMES frames, so that GE2E hears the same.

    Args:
        network: From `load_ge2e`.
        pairs: For each clip what `retime` makes of its mel, and its powers at the same times.
        steps: How many, 16 cuts of about a second each.
        seed: Seed of the weights and of what is drawn.
    """
    random = np.random.default_rng(seed)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        bands = GE2EBands(pairs[0][0].shape[1])
    x, y = (torch.cat([pair[side] for pair in pairs]) for side in (0, 1))
    ones = torch.ones(len(x), 1, dtype=torch.double)
    solved = torch.linalg.lstsq(
        torch.cat([x.double(), ones], 1), torch.log(y.double() + FLOOR)
    ).solution.float()
    bands.line.weight.data, bands.line.bias.data = solved[:-1].T.contiguous(), solved[-1]
    network = network.requires_grad_(requires_grad=False)
    optimizer = torch.optim.AdamW(bands.parameters(), FIT_RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        timed, powers = _cuts(pairs, random)
        optimizer.zero_grad()
        _fit_loss(network, bands(timed), powers).backward()
        optimizer.step()
        schedule.step()
    return bands


def _cuts(pairs: list[Pair], random: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    rows = []
    for i in random.integers(len(pairs), size=FIT_ROWS).tolist():
        start = int(random.integers(len(pairs[i][0]) - FIT_FRAMES + 1))
        rows.append([side[start : start + FIT_FRAMES] for side in pairs[i]])
    return torch.stack([row[0] for row in rows]), torch.stack([row[1] for row in rows])


def _fit_loss(network: GE2E, fake: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        wanted = _hear(network, real)
    logs = (torch.log(fake + FLOOR) - torch.log(real + FLOOR)).abs().mean()
    roots = ((fake + FLOOR).sqrt() - (real + FLOOR).sqrt()).abs().mean() / real.sqrt().mean()
    return 0.3 * logs + roots + 2 * _distance(wanted, _hear(network, fake))


def ge2e_bands(cache: Cache, network: GE2E) -> GE2EBands:
    """The bands of a corpus, fitted once and kept in its folder; see `fit_ge2e_bands`.

    Raises:
        ValueError: If all clips are short.
    """
    path = cache.folder / FILE
    if path.exists():
        bands = GE2EBands(cache.mel.shape[1])
        bands.load_state_dict(load_checkpoint(path)["bands"])
        return bands
    bands = fit_ge2e_bands(network, _pairs(cache), FIT_STEPS)
    save_checkpoint(path, {"bands": bands.state_dict()})
    return bands


def _pairs(cache: Cache) -> list[Pair]:
    """Mels and powers of some clips, at the same times: GE2E's first frame is in the middle of nothing."""
    import soxr  # noqa: PLC0415  (a lent machine has the corpus's bands and no soxr)

    pairs = []
    for i in np.random.default_rng(0).permutation(len(cache.clips)).tolist():
        clip = cache.clips[i]
        if clip.frames < LEAST_FRAMES or clip.warp:
            continue
        samples = soxr.resample(cache.samples(clip), cache.sizes.sample_rate, GE2E_RATE_HZ)
        powers = ge2e_mel(samples.astype(np.float32))[1:]
        mel = torch.from_numpy(cache.mel[clip.span].astype(np.float32).T.copy())
        timed = retime(mel.unsqueeze(0), cache.sizes)[0]
        count = min(len(timed), len(powers))
        pairs.append((timed[:count], powers[:count]))
        if len(pairs) == FIT_CLIPS:
            break
    if not pairs:
        raise ValueError(f"{cache.folder} has no clip of {LEAST_FRAMES} frames to hear by GE2E")
    return pairs
