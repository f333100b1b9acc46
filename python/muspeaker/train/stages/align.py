"""Stage: train the aligner on the corpus itself, then write the durations of every clip.

Writes `alignment.npz` into the corpus: the token ids of each clip with a text, and their durations in frames.
`left_out.tsv` names the clips that have none.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch
from tqdm import tqdm

from muspeaker.config import AlignerConfig, ModelConfig
from muspeaker.train.corpus.alignment import ALIGNMENT, save_alignment
from muspeaker.train.corpus.alignment_pictures import show_paths, shown_clips
from muspeaker.train.corpus.cache import Cache, write_left_out
from muspeaker.train.corpus.phones import TokenIds, load_tokens, token_ids
from muspeaker.train.loop import distributed
from muspeaker.train.loop.feed import Batch, Plan
from muspeaker.train.loop.options import TrainOptions, model_config, option, parse
from muspeaker.train.loop.trainer import Trainer
from muspeaker.train.losses.forward_sum import beta_binomial_prior, forward_sum_loss
from muspeaker.twin.dsp.best_path import best_path, states_of
from muspeaker.twin.dsp.cepstra import cepstral_features
from muspeaker.twin.model.aligner import Aligner

if TYPE_CHECKING:
    from collections.abc import Iterator


log = logging.getLogger(__name__)
FLAT_START = 0.25  # share of the budget with a prior near the diagonal
CONTEXT_START = 0.4  # share of the budget after which neighbours come in
WEIGHTS = {"path": 1.0}


@dataclass(frozen=True, kw_only=True)
class AlignOptions(TrainOptions):
    """The command line of the stage."""

    out: Path = option(Path("runs/align"), "folder of the checkpoint, the log and the samples")
    batch: int = option(16, "clips in a batch")


class AlignData:
    """Batches of whole clips.

    Args:
        cache: The prepared corpus.
        sizes: The aligner's.
        ids: Ids from `token_ids`.
        size: Clips in a batch.
        seed: Seed of the sampling.
    """

    def __init__(
        self, cache: Cache, sizes: AlignerConfig, ids: TokenIds, size: int, seed: int
    ) -> None:
        self._cache = cache
        self._sizes = sizes
        self._ids = ids
        self._numbers = np.array(sorted(ids))
        self._size = size
        self._seed = seed

    def plans(self, first: int) -> Iterator[Plan]:
        """See `Source`."""
        number = first
        while True:
            random = np.random.default_rng((self._seed, number))
            yield Plan(number, tuple(random.choice(self._numbers, self._size).tolist()))
            number += 1

    def collate(self, plan: Plan, rows: slice) -> Batch:
        """Features, phones, states, prior, num_states, frames; padded."""
        cache, ids = self._cache, self._ids
        states = [
            states_of(ids[i][0], cache.clips[i].frames, self._sizes.num_pauses) for i in plan.clips
        ]
        frames = max(cache.clips[i].frames for i in plan.clips)
        tokens, longest = max(ids[i].shape[1] for i in plan.clips), max(map(len, states))
        clips, states = plan.clips[rows], states[rows]
        size = len(clips)
        batch = {
            "features": torch.zeros(size, 2 * self._sizes.num_cepstra, frames),
            "phones": torch.zeros(size, tokens, dtype=torch.long),
            "states": torch.zeros(size, longest, dtype=torch.long),
            "prior": torch.zeros(size, frames, longest),
            "num_states": torch.tensor([len(s) for s in states]),
            "frames": torch.tensor([cache.clips[i].frames for i in clips]),
        }
        for row, i in enumerate(clips):
            clip = cache.clips[i]
            n, t = len(states[row]), clip.frames
            mel = cache.mel[clip.span].astype(np.float32).T
            batch["features"][row, :, :t] = torch.from_numpy(
                cepstral_features(mel, self._sizes.num_cepstra)
            )
            batch["phones"][row, : ids[i].shape[1]] = torch.from_numpy(ids[i][0].astype(np.int64))
            batch["states"][row, :n] = torch.from_numpy(states[row])
            batch["prior"][row, :t, :n] = torch.from_numpy(beta_binomial_prior(n, t))
        return batch


def state_scores(aligner: Aligner, batch: Batch, context: float) -> torch.Tensor:
    """(batch, frames, states) emission scores."""
    scores = aligner(batch["features"], batch["phones"], context)  # (batch, frames, tokens)
    states = batch["states"].unsqueeze(1).expand(-1, scores.shape[1], -1)
    return scores.gather(2, states)


class AlignTrainer(Trainer):
    """The aligner.

    Args:
        config: Sizes of the model; the aligner's are its usual ones unless they are there.
        options: The command line.
        cache: The prepared corpus.
        ids: Ids from `token_ids`.
    """

    file = "align"
    minutes = 12

    def __init__(
        self, config: ModelConfig, options: AlignOptions, cache: Cache, ids: TokenIds
    ) -> None:
        sizes = config.aligner or AlignerConfig()
        super().__init__(replace(config, aligner=sizes), options, WEIGHTS)
        self.aligner = self.network("aligner", Aligner(sizes, len(config.symbols)), decay=0.99)
        self.optimizer(
            "optimizer", torch.optim.AdamW(self.aligner.parameters(), options.rate), options.rate
        )
        self.cache = cache
        self._data = AlignData(cache, sizes, ids, options.batch, options.seed)
        self._shown = shown_clips(ids)

    def source(self) -> AlignData:
        """Whole clips."""
        return self._data

    def train_step(self, batch: Batch, progress: float) -> dict[str, torch.Tensor]:
        """Raise the likelihood of every path that says the text."""
        prior = batch["prior"] * max(0.0, 1 - progress / FLAT_START)
        context = min(1.0, max(0.0, 5 * (progress - CONTEXT_START)))
        scores = state_scores(self.aligner, batch, context) + prior
        loss = forward_sum_loss(scores, batch["num_states"].cpu(), batch["frames"].cpu())
        losses = {"path": loss}
        self.descend("optimizer", self.total(losses))
        return losses

    @torch.no_grad()
    def clip_alignment(self, i: int) -> tuple[npt.NDArray[np.int64], float]:
        """Durations (tokens,) of a clip, and its mean score."""
        assert self.ema
        assert isinstance(self.ema.module, Aligner)
        batch = self._data.collate(Plan(0, (i,)), slice(None))
        batch = {name: value.to(self.device) for name, value in batch.items()}
        emissions = state_scores(self.ema.module, batch, 1.0)[0].cpu().numpy()
        states = batch["states"][0].cpu().numpy()
        in_states = best_path(emissions, np.arange(len(states)))
        tokens = batch["phones"].shape[1]
        durations = np.bincount(states, in_states, tokens).astype(np.int64)
        held = np.repeat(np.arange(len(states)), in_states)
        return durations, float(emissions[np.arange(len(held)), held].mean())

    def show(self) -> None:
        """Ten mels with a line at every boundary, and the first one's audio."""
        if self.journal.shows:
            paths = {i: self.clip_alignment(i)[0] for i in self._shown}
            show_paths(self.journal, self.cache, paths, self.step)


def write_alignment(trainer: AlignTrainer, ids: TokenIds, path: Path) -> None:
    """Write the best paths of all clips."""
    numbers = tqdm(sorted(ids), "align", mininterval=10)
    save_alignment(path, {i: (ids[i], *trainer.clip_alignment(i)) for i in numbers})


def main(arguments: list[str] | None = None, config: ModelConfig | None = None) -> None:
    """Command line of the stage; `config` stands in for the sizes that it names."""
    options = parse(AlignOptions, arguments, "muspeaker-train align", __doc__)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    with distributed.first_goes_ahead():
        config = config or model_config(options)
        cache = Cache(options.corpus, config.audio)
    tokens = options.corpus / "tokens.npz"
    ids, left_out = (
        (load_tokens(tokens), {}) if tokens.exists() else token_ids(cache, config.symbols)
    )
    if not ids:
        raise ValueError(f"{options.corpus} has no clip whose text fits its length")
    trainer = AlignTrainer(config, options, cache, ids)
    trainer.run()
    if distributed.rank() == 0:
        if left_out:  # of a corpus that was prepared before phones were
            write_left_out(options.corpus / "alignment_left_out.tsv", left_out)
        write_alignment(trainer, ids, options.corpus / ALIGNMENT)


if __name__ == "__main__":
    main()
