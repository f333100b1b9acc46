"""Stage: train the aligner on the corpus itself, then write the durations of every clip.

Writes `alignment.npz` beside the corpus: the token ids of each clip with a text, and their durations in
frames. Clips whose text does not fit are named and left out.
"""

from __future__ import annotations

import argparse
import logging
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from tqdm import tqdm

from muspeaker.config import SYMBOLS
from muspeaker.text.normalize import normalize
from muspeaker.text.phonemize import tokens_batch
from muspeaker.train.aligner import (
    NUM_FEATURES,
    Aligner,
    best_path,
    beta_binomial_prior,
    cepstral_features,
    forward_sum_loss,
    states_of,
)
from muspeaker.train.cache import Cache
from muspeaker.train.checkpoint import (
    Clock,
    load_checkpoint,
    load_optimizer,
    save_checkpoint,
    set_learning_rate,
)

log = logging.getLogger(__name__)
LANGUAGE = "en-us"
FLAT_START = 0.25  # of the budget, with a prior near the diagonal
CONTEXT_START = 0.4  # of the budget, when neighbours come in


def token_ids(cache: Cache) -> dict[int, npt.NDArray[np.int32]]:
    """(3, tokens) phone, stress and boundary ids of every clip with a text, by clip number."""
    numbers = [i for i, clip in enumerate(cache.clips) if clip.text]
    texts = sorted({cache.clips[i].text for i in numbers})
    spoken = tokens_batch([normalize(text) for text in texts], LANGUAGE, SYMBOLS)
    by_text = {
        text: np.stack([t.phones, t.stresses, t.boundaries])
        for text, t in zip(texts, spoken, strict=True)
    }
    kept = {}
    for i in numbers:
        ids = by_text[cache.clips[i].text]
        if 4 <= ids.shape[1] <= cache.clips[i].frames:
            kept[i] = ids
        else:
            log.warning("left out %s: %d tokens", cache.clips[i].id, ids.shape[1])
    return kept


def collate(
    cache: Cache, ids: dict[int, npt.NDArray[np.int32]], numbers: list[int]
) -> dict[str, torch.Tensor]:
    """Padded tensors of some clips: features, phones, states, prior, num_states, frames."""
    clips = [cache.clips[i] for i in numbers]
    states = [states_of(ids[i][0], clip.frames) for i, clip in zip(numbers, clips, strict=True)]
    frames = [clip.frames for clip in clips]
    longest = max(map(len, states))
    batch = {
        "features": torch.zeros(len(clips), NUM_FEATURES, max(frames)),
        "phones": torch.zeros(len(clips), max(ids[i].shape[1] for i in numbers), dtype=torch.long),
        "states": torch.zeros(len(clips), longest, dtype=torch.long),
        "prior": torch.zeros(len(clips), max(frames), longest),
        "num_states": torch.tensor([len(s) for s in states]),
        "frames": torch.tensor(frames),
    }
    for row, (i, clip) in enumerate(zip(numbers, clips, strict=True)):
        n, t = len(states[row]), clip.frames
        mel = cache.mel[clip.span].astype(np.float32).T
        batch["features"][row, :, :t] = torch.from_numpy(cepstral_features(mel))
        batch["phones"][row, : ids[i].shape[1]] = torch.from_numpy(ids[i][0].astype(np.int64))
        batch["states"][row, :n] = torch.from_numpy(states[row])
        batch["prior"][row, :t, :n] = torch.from_numpy(beta_binomial_prior(n, t))
    return batch


def state_scores(aligner: Aligner, batch: dict[str, torch.Tensor], context: float) -> torch.Tensor:
    """(batch, frames, states) emission scores."""
    scores = aligner(batch["features"], batch["phones"], context)  # (batch, frames, tokens)
    states = batch["states"].unsqueeze(1).expand(-1, scores.shape[1], -1)
    return scores.gather(2, states)


def train(
    cache: Cache, ids: dict[int, npt.NDArray[np.int32]], options: argparse.Namespace
) -> Aligner:
    """Fit the aligner within the budget of minutes."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    aligner = Aligner(len(SYMBOLS)).to(device)
    optimizer = torch.optim.AdamW(aligner.parameters(), options.rate)
    path, step = options.out / "aligner.pt", 0
    if path.exists():
        state = load_checkpoint(path)
        aligner.load_state_dict(state["aligner"])
        load_optimizer(optimizer, state.get("optimizer"))
        step = state["step"]
    random = np.random.default_rng(options.seed + step)
    numbers = np.array(sorted(ids))
    clock, mark, count, mean_loss = Clock(options.minutes), time.monotonic(), 0, 0.0
    while clock.progress < 1:
        set_learning_rate(optimizer, clock.learning_rate(options.rate, count))
        batch = collate(cache, ids, random.choice(numbers, options.batch).tolist())
        batch = {name: value.to(device) for name, value in batch.items()}
        prior = batch["prior"] * max(0.0, 1 - clock.progress / FLAT_START)
        context = min(1.0, max(0.0, 5 * (clock.progress - CONTEXT_START)))
        scores = state_scores(aligner, batch, context) + prior
        loss = forward_sum_loss(scores, batch["num_states"].cpu(), batch["frames"].cpu())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(aligner.parameters(), 1.0)
        optimizer.step()
        step, count = step + 1, count + 1
        value = float(loss.detach())
        mean_loss = value if count == 1 else 0.98 * mean_loss + 0.02 * value
        if count % 50 == 0:
            pace, mark = (time.monotonic() - mark) / 50, time.monotonic()
            log.info("step %d %.3f s/step loss %.4f", step, pace, mean_loss)
    state = {"aligner": aligner.state_dict(), "optimizer": optimizer.state_dict(), "step": step}
    save_checkpoint(path, state)
    return aligner


@torch.no_grad()
def align(
    cache: Cache, ids: dict[int, npt.NDArray[np.int32]], aligner: Aligner, path: Path
) -> None:
    """Write clip numbers, token ids, durations and mean scores of all clips, flattened."""
    numbers, tokens, durations, lengths, scores = [], [], [], [], []
    device = next(aligner.parameters()).device
    for i in tqdm(sorted(ids), "align", mininterval=10):
        batch = {name: value.to(device) for name, value in collate(cache, ids, [i]).items()}
        emissions = state_scores(aligner, batch, 1.0)[0].cpu().numpy()
        states = batch["states"][0].cpu().numpy()
        in_states = best_path(emissions)
        clip_durations = np.bincount(states, in_states, ids[i].shape[1]).astype(np.int64)
        held = np.repeat(np.arange(len(states)), in_states)
        numbers.append(i)
        lengths.append(ids[i].shape[1])
        tokens.append(ids[i])
        durations.append(clip_durations)
        scores.append(emissions[np.arange(len(held)), held].mean())
    partial = path.with_suffix(".partial.npz")
    np.savez(
        partial,
        numbers=np.array(numbers),
        lengths=np.array(lengths),
        tokens=np.concatenate(tokens, axis=1),
        durations=np.concatenate(durations),
        scores=np.array(scores),
    )
    partial.replace(path)


def main(arguments: list[str] | None = None) -> None:
    """Command line of the stage."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path, help="folder written by muspeaker.train.prepare")
    parser.add_argument("--out", type=Path, default=Path("runs/align"))
    parser.add_argument("--minutes", type=float, default=12)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    cache = Cache(options.corpus)
    ids = token_ids(cache)
    aligner = train(cache, ids, options)
    align(cache, ids, aligner, options.corpus / "alignment.npz")


if __name__ == "__main__":
    main()
