"""Stage: train the phone classifier on the labels there are, and give every clip labels of its own.

The hidden Markov model of the stage `align` has one Gaussian a phone and one frame of sound, so over many
speakers and noise its paths lose whole words. Most of its labels are right, though. The classifier hears a
fifth of a second around each frame and learns what most labels say; every few hundred steps the labels are
replaced by its own best paths. Writes `realigned.npz` into the corpus, which the later stages prefer.

Clips whose phones and durations the manifest gives, such as speech of a teacher, keep them. With such clips
`align` is not needed: the classifier learns from them first and then labels all others. At the end a pause
that is heard between two words of another clip becomes a token.
Source: hybrid recognition, Bourlard and Morgan 1994 (doi 10.1007/978-1-4615-3210-2), Chapter 7.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from tqdm import tqdm

from muspeaker.config import ModelConfig, PhoneClassifierConfig
from muspeaker.train.corpus.alignment import ALIGNMENT, REALIGNED, load_alignment, save_alignment
from muspeaker.train.corpus.alignment_pictures import show_paths, shown_clips
from muspeaker.train.corpus.cache import Cache, write_left_out
from muspeaker.train.corpus.given_phones import given_alignment, reader_for
from muspeaker.train.corpus.heard_pauses import LEAST_SECONDS, MARK, hear_pauses
from muspeaker.train.corpus.phones import load_tokens
from muspeaker.train.loop import distributed
from muspeaker.train.loop.checkpoint import load_checkpoint
from muspeaker.train.loop.feed import Batch, Plan
from muspeaker.train.loop.options import TrainOptions, model_config, option, parse
from muspeaker.train.loop.trainer import Trainer
from muspeaker.twin.dsp.best_path import best_path, merge_pauses, states_of
from muspeaker.twin.dsp.normalized_mel import normalized_mel
from muspeaker.twin.model.phone_classifier import LEAST, PhoneClassifier

if TYPE_CHECKING:
    from collections.abc import Iterator

    from muspeaker.train.corpus.alignment import Alignment
    from muspeaker.train.corpus.phones import TokenIds

log = logging.getLogger(__name__)
WEIGHTS = {"phone": 1.0}
CUT_FRAMES = 300
COPY_WEIGHT = 0.6  # weight of copies at another speed, or with another pitch and vocal tract
SMOOTHING = 0.05  # label smoothing, because some labels are wrong
UNSURE_SHARE = 0.2  # share of the clips, those of lowest score, that teach nothing
BATCH = 16  # clips that are aligned at a time


@dataclass(frozen=True, kw_only=True)
class RealignOptions(TrainOptions):
    """The command line of the stage."""

    out: Path = option(Path("runs/realign"), "folder of the checkpoint, the log and the samples")
    rate: float = option(2e-3, "peak learning rate")
    batch: int = option(32, "cuts in a batch")
    round_steps: int = option(300, "steps between two alignments")
    to: Path | None = option(None, f"where the durations go (default: {REALIGNED} of the corpus)")


def classified_path(
    log_posterior: npt.NDArray[np.float32],
    scores: npt.NDArray[np.float32],
    phones: npt.NDArray[np.int32],
    num_pauses: int,
) -> tuple[npt.NDArray[np.int64], float]:
    """The best path of a text through the classifier's posteriors.

    Args:
        log_posterior: (frames, phones), log-probabilities.
        scores: (frames, phones) from `PhoneClassifier.phone_scores`.
        phones: (tokens,) of the text.
        num_pauses: The first symbols, which are pauses.

    Returns:
        Durations (tokens,) in frames, and the mean log-probability of the path's phones where they are
        no pauses.
    """
    frames, merged = len(log_posterior), merge_pauses(phones, num_pauses)
    states = states_of(phones, frames, num_pauses)
    durations = best_path(scores[:, merged], states)
    held = np.repeat(merged, durations)
    spoken = held > 0
    if not spoken.any():
        return durations, LEAST
    heard = log_posterior[np.arange(frames), held].clip(LEAST)
    return durations, float(heard[spoken].mean())


class Labels(NamedTuple):
    """What is known before the classifier hears anything.

    Attributes:
        alignment: Clips that have durations.
        given: Those of them that keep them.
        unlabelled: Token ids of the clips that have none yet.
    """

    alignment: Alignment
    given: frozenset[int]
    unlabelled: TokenIds


def first_labels(cache: Cache, symbols: tuple[str, ...]) -> Labels:
    """Given durations, then those of the stage `align`; the other clips with a text have none.

    Raises:
        ValueError: If no clip has durations.
    """
    read = reader_for(symbols)
    given, left_out = given_alignment(cache, read) if read else ({}, {})
    if left_out:
        write_left_out(cache.folder / "given_left_out.tsv", left_out)
        log.warning(
            "%d clips have durations that cannot be used, named in given_left_out.tsv",
            len(left_out),
        )
    path, tokens = cache.folder / ALIGNMENT, cache.folder / "tokens.npz"
    alignment = (load_alignment(path) if path.exists() else {}) | given
    if not alignment:
        raise ValueError(f"no clip of {cache.folder} has durations: run the stage align first")
    known = load_tokens(tokens) if tokens.exists() else {}
    unlabelled = {i: ids for i, ids in known.items() if i not in alignment}
    return Labels(alignment, frozenset(given), unlabelled if given else {})


class RealignData:
    """Cuts of clips.

    Args:
        cache: The prepared corpus.
        numbers: Numbers of the clips that have an alignment.
        size: Cuts in a batch.
        seed: Seed of the sampling.
    """

    def __init__(self, cache: Cache, numbers: list[int], size: int, seed: int) -> None:
        self._cache = cache
        self._size = size
        self._seed = seed
        self.draw_from(numbers)

    def draw_from(self, numbers: list[int]) -> None:
        """Take these clips from now on.

        Raises:
            ValueError: If the weight of each is 0.
        """
        self._numbers = np.array(numbers)
        weights = np.array([self._weight(i) for i in numbers])
        if not weights.any():
            raise ValueError(f"every aligned clip of {self._cache.folder} has weight 0")
        self._weights = weights / weights.sum()

    def _weight(self, i: int) -> float:
        clip = self._cache.clips[i]
        plain = clip.speed == 1.0 and not clip.warp
        return clip.weight * clip.frames * (1 if plain else COPY_WEIGHT)

    def plans(self, first: int) -> Iterator[Plan]:
        """See `Source`."""
        number = first
        while True:
            random = np.random.default_rng((self._seed, number))
            picks = random.choice(self._numbers, self._size, p=self._weights)
            yield Plan(number, tuple(picks.tolist()))
            number += 1

    def collate(self, plan: Plan, rows: slice) -> Batch:
        """Mel (batch, bands, CUT_FRAMES), padded; clip, first and frames (batch,) of the cuts."""
        places = np.random.default_rng((self._seed, plan.number, 1)).random(len(plan.clips))
        clips = plan.clips[rows]
        batch = {
            "mel": torch.zeros(len(clips), self._cache.mel.shape[1], CUT_FRAMES),
            "clip": torch.tensor(clips),
            "first": torch.zeros(len(clips), dtype=torch.long),
            "frames": torch.zeros(len(clips), dtype=torch.long),
        }
        for row, (i, place) in enumerate(zip(clips, places[rows].tolist(), strict=True)):
            clip = self._cache.clips[i]
            first = int(place * max(1, clip.frames - CUT_FRAMES + 1))
            cut = normalized_mel(self._cache.mel[clip.span])[:, first : first + CUT_FRAMES]
            batch["mel"][row, :, : cut.shape[1]] = torch.from_numpy(cut)
            batch["first"][row], batch["frames"][row] = first, cut.shape[1]
        return batch


class RealignTrainer(Trainer):
    """The classifier, and the labels that it learns from and replaces.

    Args:
        config: Sizes of the model; the classifier's are its usual ones unless they are there.
        options: The command line.
        cache: The prepared corpus.
        labels: Labels from `first_labels`.

    Attributes:
        alignment: The labels now.
    """

    file = "realign"
    minutes = 9

    def __init__(
        self, config: ModelConfig, options: RealignOptions, cache: Cache, labels: Labels
    ) -> None:
        sizes = config.phone_classifier or PhoneClassifierConfig()
        super().__init__(replace(config, phone_classifier=sizes), options, WEIGHTS)
        classifier = PhoneClassifier(sizes, cache.mel.shape[1], len(config.symbols))
        self.classifier = self.network("classifier", classifier, decay=0.99)
        self.optimizer(
            "optimizer", torch.optim.AdamW(classifier.parameters(), options.rate), options.rate
        )
        self.cache = cache
        self.alignment = dict(labels.alignment)
        self._labels_given = labels.given
        self._unlabelled = labels.unlabelled
        self._num_pauses = sizes.num_pauses
        self._round_steps = options.round_steps
        self._data = RealignData(cache, sorted(self.alignment), options.batch, options.seed)
        self._count_phones()

    def source(self) -> RealignData:
        """Cuts of clips."""
        return self._data

    def state(self) -> dict[str, object]:
        """What every stage keeps, and the labels."""
        durations = [torch.from_numpy(self.alignment[i][1]) for i in sorted(self.alignment)]
        scores = [self.alignment[i][2] for i in sorted(self.alignment)]
        labels = {"durations": torch.cat(durations), "scores": scores}
        return super().state() | labels | {"numbers": sorted(self.alignment)}

    def resume(self, path: Path) -> None:
        """Load what `state` gave; where a snapshot left the labels out, the classifier places them.

        Raises:
            ValueError: If the checkpoint is of another corpus.
        """
        super().resume(path)
        state = load_checkpoint(path)
        if "scores" not in state:
            self.realign()
            return
        numbers = state.get("numbers", sorted(self.alignment))
        tokens = {i: entry[0] for i, entry in self.alignment.items()} | self._unlabelled
        lengths = [tokens[i].shape[1] for i in numbers if i in tokens]
        if len(state["scores"]) != len(numbers) or len(state["durations"]) != sum(lengths):
            raise ValueError(f"{path} was made on another corpus: move it away")
        parts = state["durations"].split(lengths)
        for i, durations, score in zip(numbers, parts, state["scores"], strict=True):
            self.alignment[i] = (tokens[i], durations.numpy(), score)
        self._data.draw_from(sorted(self.alignment))
        self._count_phones()

    def train_step(self, batch: Batch, progress: float) -> dict[str, torch.Tensor]:  # noqa: ARG002  (every budget teaches alike)
        """Learn the labels of some cuts; now and then replace all labels before that."""
        if self.step and self.step % self._round_steps == 0:
            self.realign()
        labels = self._labels(batch).to(self.device)
        with self.autocast():
            logits = self.classifier(batch["mel"])
        loss = F.cross_entropy(
            logits.float().transpose(1, 2), labels, label_smoothing=SMOOTHING, reduction="sum"
        )
        count = distributed.joint_mean((labels >= 0).sum().float()).clamp(min=1)
        losses = {"phone": loss / count}
        self.descend("optimizer", self.total(losses))
        return losses

    def _labels(self, batch: Batch) -> torch.Tensor:
        """(batch, CUT_FRAMES) phones; -100 where nothing is taught."""
        surest = np.quantile([score for _, _, score in self.alignment.values()], UNSURE_SHARE)
        labels = torch.full((len(batch["clip"]), CUT_FRAMES), -100)
        places = zip(*(batch[name].tolist() for name in ("clip", "first", "frames")), strict=True)
        for row, (i, first, frames) in enumerate(places):
            tokens, durations, score = self.alignment[i]
            if score >= surest:
                phones = np.repeat(merge_pauses(tokens[0], self._num_pauses), durations)
                labels[row, :frames] = torch.from_numpy(phones[first : first + frames])
        return labels

    @torch.no_grad()
    def realign(self, *, with_pauses: bool = False) -> None:
        """Replace labels that were not given by the best paths through what the averaged classifier hears.

        Args:
            with_pauses: Put a pause where one is heard between words; the tokens are others then.
        """
        assert self.ema
        clips = self.cache.clips
        classifier = self.ema.module  # its prior is of the labels that it learnt from
        assert isinstance(classifier, PhoneClassifier)
        tokens = {i: entry[0] for i, entry in self.alignment.items()} | self._unlabelled
        order = sorted(tokens.keys() - self._labels_given, key=lambda i: clips[i].frames)
        groups = [order[at : at + BATCH] for at in range(0, len(order), BATCH)]
        for group in tqdm(groups, "realign", mininterval=10, disable=distributed.rank() > 0):
            x = torch.zeros(len(group), self.cache.mel.shape[1], clips[group[-1]].frames)
            for row, i in enumerate(group):
                mel = normalized_mel(self.cache.mel[clips[i].span])
                x[row, :, : clips[i].frames] = torch.from_numpy(mel)
            with self.autocast():
                logits = classifier(x.to(self.device))
            heard = F.log_softmax(logits.float(), -1).cpu().numpy()
            scores = classifier.phone_scores(logits).cpu().numpy()
            for row, i in enumerate(group):
                cut = slice(clips[i].frames)
                sound = heard[row, cut], scores[row, cut]
                ids = self._with_pauses(tokens[i], *sound) if with_pauses else tokens[i]
                path = classified_path(*sound, ids[0], self._num_pauses)
                self.alignment[i] = (ids, *path)
        self._data.draw_from(sorted(self.alignment))
        self._count_phones()

    def _with_pauses(
        self,
        tokens: npt.NDArray[np.int32],
        heard: npt.NDArray[np.float32],
        scores: npt.NDArray[np.float32],
    ) -> npt.NDArray[np.int32]:
        if 2 * tokens.shape[1] > len(scores):
            return tokens  # no frames are left for pauses
        audio = self.config.audio
        least = round(LEAST_SECONDS * audio.sample_rate / audio.hop_samples)
        return hear_pauses(
            tokens,
            lambda ids: classified_path(heard, scores, ids[0], self._num_pauses)[0],
            self.config.symbols.index(MARK),
            least,
        )

    def show(self) -> None:
        """Ten mels with a line at every boundary of the labels now, and the first one's audio."""
        if self.journal.shows:
            paths = {i: self.alignment[i][1] for i in shown_clips(self.alignment)}
            show_paths(self.journal, self.cache, paths, self.step)

    def _count_phones(self) -> None:
        """Give the classifier its prior: how often each phone is in the labels now, plus one."""
        assert self.ema
        counts = np.ones(len(self.config.symbols))
        for tokens, durations, _ in self.alignment.values():
            np.add.at(counts, merge_pauses(tokens[0], self._num_pauses), durations)
        log_prior = torch.from_numpy(np.log(counts / counts.sum()).astype(np.float32))
        for module in (self.classifier, self.ema.module):
            module.get_buffer("log_prior").copy_(log_prior)


def main(arguments: list[str] | None = None, config: ModelConfig | None = None) -> None:
    """Command line of the stage; `config` stands in for the sizes that it names."""
    options = parse(RealignOptions, arguments, "muspeaker-train realign", __doc__)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    if options.round_steps < 1:
        raise ValueError(f"--round-steps must be at least 1, got {options.round_steps}")
    with distributed.first_goes_ahead():
        config = config or model_config(options)
        cache = Cache(options.corpus, config.audio)
    trainer = RealignTrainer(config, options, cache, first_labels(cache, config.symbols))
    trainer.run()
    if distributed.rank() == 0:
        trainer.realign(with_pauses=True)
        save_alignment(options.to or options.corpus / REALIGNED, trainer.alignment)


if __name__ == "__main__":
    main()
