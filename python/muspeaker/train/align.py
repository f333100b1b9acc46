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
from muspeaker.train.aligner import Aligner, beta_binomial_prior, best_path, forward_sum_loss
from muspeaker.train.cache import Cache, Clip
from muspeaker.train.checkpoint import (
    Clock,
    load_checkpoint,
    save_checkpoint,
    set_learning_rate,
)

log = logging.getLogger(__name__)
LANGUAGE = "en-us"
PADDED = -1e5
BINARIZE_AFTER = 0.5


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


def normalized_mel(cache: Cache, clip: Clip) -> npt.NDArray[np.float32]:
    """(mels, frames), zero mean and unit deviation in each band."""
    mel = cache.mel[clip.span].astype(np.float32).T
    deviation = mel.std(1, keepdims=True) + 1e-3
    return np.asarray((mel - mel.mean(1, keepdims=True)) / deviation, np.float32)


def collate(
    cache: Cache, ids: dict[int, npt.NDArray[np.int32]], numbers: list[int]
) -> dict[str, torch.Tensor]:
    """Padded tensors of some clips: mel, phones, prior, tokens, frames."""
    clips = [cache.clips[i] for i in numbers]
    tokens = torch.tensor([ids[i].shape[1] for i in numbers])
    frames = torch.tensor([clip.frames for clip in clips])
    mel = torch.zeros(len(clips), 80, int(frames.max()))
    phones = torch.zeros(len(clips), int(tokens.max()), dtype=torch.long)
    prior = torch.full((len(clips), int(frames.max()), int(tokens.max())), PADDED)
    for row, (i, clip) in enumerate(zip(numbers, clips, strict=True)):
        n = ids[i].shape[1]
        mel[row, :, : clip.frames] = torch.from_numpy(normalized_mel(cache, clip))
        phones[row, :n] = torch.from_numpy(ids[i][0].astype(np.int64))
        prior[row, : clip.frames, :n] = torch.from_numpy(beta_binomial_prior(n, clip.frames))
    return {"mel": mel, "phones": phones, "prior": prior, "tokens": tokens, "frames": frames}


def binarization_loss(log_probs: torch.Tensor, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """Mean negative log-probability along the best path."""
    terms = []
    for row in range(len(log_probs)):
        n, t = int(batch["tokens"][row]), int(batch["frames"][row])
        scores = log_probs[row, :t, :n]
        durations = best_path(scores.detach().cpu().numpy())
        path = torch.from_numpy(np.repeat(np.arange(n), durations)).to(scores.device)
        terms.append(-scores.gather(1, path.unsqueeze(1)).mean())
    return torch.stack(terms).mean()


def train(cache: Cache, ids: dict[int, npt.NDArray[np.int32]], options: argparse.Namespace) -> Aligner:
    """Fit the aligner within the budget of minutes."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    aligner = Aligner(len(SYMBOLS)).to(device)
    optimizer = torch.optim.AdamW(aligner.parameters(), options.rate)
    path, step = options.out / "aligner.pt", 0
    if path.exists():
        state = load_checkpoint(path)
        aligner.load_state_dict(state["aligner"])
        optimizer.load_state_dict(state["optimizer"])
        step = state["step"]
    random = np.random.default_rng(options.seed + step)
    numbers = np.array(sorted(ids))
    clock, mark, count, mean_loss = Clock(options.minutes), time.monotonic(), 0, 0.0
    while clock.progress < 1:
        set_learning_rate(optimizer, clock.learning_rate(options.rate, count))
        batch = collate(cache, ids, random.choice(numbers, options.batch).tolist())
        batch = {name: value.to(device) for name, value in batch.items()}
        with torch.autocast(device.type, torch.bfloat16):
            log_probs = aligner(batch["mel"], batch["phones"], batch["prior"])
        loss = forward_sum_loss(log_probs, batch["tokens"].cpu(), batch["frames"].cpu())
        if clock.progress > BINARIZE_AFTER:
            loss = loss + binarization_loss(log_probs, batch)
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
def align(cache: Cache, ids: dict[int, npt.NDArray[np.int32]], aligner: Aligner, path: Path) -> None:
    """Write clip numbers, token ids, durations and mean scores of all clips, flattened."""
    numbers, tokens, durations, lengths, scores = [], [], [], [], []
    device = next(aligner.parameters()).device
    for i in tqdm(sorted(ids), "align"):
        batch = {name: value.to(device) for name, value in collate(cache, ids, [i]).items()}
        log_probs = aligner(batch["mel"], batch["phones"], batch["prior"])[0].cpu().numpy()
        clip_durations = best_path(log_probs)
        held = np.repeat(np.arange(len(clip_durations)), clip_durations)
        numbers.append(i)
        lengths.append(ids[i].shape[1])
        tokens.append(ids[i])
        durations.append(clip_durations)
        scores.append(log_probs[np.arange(len(held)), held].mean())
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


def main() -> None:
    """Command line of the stage."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path, help="folder written by muspeaker.train.prepare")
    parser.add_argument("--out", type=Path, default=Path("runs/align"))
    parser.add_argument("--minutes", type=float, default=12)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    cache = Cache(options.corpus)
    ids = token_ids(cache)
    aligner = train(cache, ids, options)
    align(cache, ids, aligner, options.corpus / "alignment.npz")


if __name__ == "__main__":
    main()
