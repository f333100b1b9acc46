"""Train the network that reads words which the lexicon lacks, and measure it on families of words that it never saw.

  nice python -m tools.letter_to_sound.train --data python/muspeaker/text/data --out runs/letters --minutes 25
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F

from muspeaker.text.lexicon_file import LexiconFile
from tools.letter_to_sound.data import Example, examples
from tools.letter_to_sound.network import LetterNetwork
from tools.letter_to_sound.words import held_out, lexicon_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ACCENTS = ("us", "gb")
NUM_TEST_WORDS = 2000
BATCH = 512
PEAK_RATE = 3e-3
WARMUP = 0.05
SMOOTHING = 0.05


def batches(found: Sequence[Example], rng: np.random.Generator) -> Iterator[list[Example]]:
    """All examples once, words of like length together."""
    order = rng.permutation(len(found))
    for at in range(0, len(order), BATCH * 32):
        part = sorted(order[at : at + BATCH * 32], key=lambda i: len(found[i].letters))
        cuts = np.arange(0, len(part), BATCH)
        for cut in rng.permutation(cuts):
            yield [found[i] for i in part[cut : cut + BATCH]]


def collate(batch: Sequence[Example]) -> tuple[torch.Tensor, ...]:
    """Letters with `^` around, accents, mask and chunks; -100 where no chunk counts."""
    longest = max(len(example.letters) for example in batch) + 2
    letters = np.zeros((len(batch), longest), dtype=np.int64)
    chunks = np.full((len(batch), longest), -100, dtype=np.int64)
    mask = np.zeros((len(batch), longest), dtype=bool)
    for row, example in enumerate(batch):
        length = len(example.letters)
        letters[row, 1 : length + 1] = example.letters
        chunks[row, 1 : length + 1] = example.chunks
        mask[row, : length + 2] = True
    accents = np.array([example.accent for example in batch])
    return tuple(torch.from_numpy(a) for a in (letters, accents, mask, chunks))


def fit(network: LetterNetwork, found: Sequence[Example], minutes: float, log: Path) -> None:
    """Train for so many minutes, the learning rate falling by the time that is left."""
    optimizer = torch.optim.AdamW(network.parameters(), lr=PEAK_RATE, weight_decay=0.01)
    rng = np.random.default_rng(0)
    start, step, losses = time.monotonic(), 0, []
    while True:
        for batch in batches(found, rng):
            done = (time.monotonic() - start) / (60 * minutes)
            if done >= 1:
                return
            rate = min(1.0, done / WARMUP + 0.01) * (1 - done)
            for group in optimizer.param_groups:
                group["lr"] = PEAK_RATE * rate
            letters, accents, mask, chunks = collate(batch)
            with torch.autocast("cpu", torch.bfloat16):
                scores = network(letters, accents, mask)
            loss = F.cross_entropy(
                scores.float().flatten(0, 1), chunks.flatten(), label_smoothing=SMOOTHING
            )
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            losses.append(loss.item())
            step += 1
            if step % 200 == 0:
                torch.save(network.state_dict(), log.with_name("unfinished.pt"))
            if step % 50 == 0:
                with log.open("a") as file:
                    file.write(
                        f"{step}\t{done:.3f}\t{np.mean(losses[-50:]):.4f}\t{time.process_time():.0f}\n"
                    )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the compiled lexicons")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=25.0)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    lexicons = {a: LexiconFile(options.data / f"lexicon-{a}.bin") for a in ACCENTS}
    words = {word for lexicon in lexicons.values() for word in lexicon_words(lexicon)}
    test, left_out = held_out(words, NUM_TEST_WORDS)
    found, vocabulary = examples(lexicons, left_out)
    network = LetterNetwork(len(vocabulary))
    print(f"{len(found)} examples, {len(vocabulary)} chunks, {len(left_out)} words left out")
    print(f"{sum(p.numel() for p in network.parameters())} parameters", flush=True)
    fit(network, found, options.minutes, options.out / "log.tsv")
    torch.save({"network": network.state_dict(), "chunks": vocabulary}, options.out / "letters.pt")
    (options.out / "test_words.json").write_text(json.dumps(sorted(test)))


if __name__ == "__main__":
    main()
