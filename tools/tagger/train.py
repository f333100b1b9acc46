"""Train the part-of-speech tagger.

  python -m tools.tagger.label texts.txt --out labelled.tsv
  python -m tools.tagger.train labelled.tsv --test labelled-test.tsv --out python/muspeaker/text/data/tagger.npz
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import numpy as np

from muspeaker.text.tagger import NUM_ROWS, START, Tagger, features, tag_features

Sentence = tuple[list[str], list[str]]


def read(path: Path) -> list[Sentence]:
    """Words and tags of every sentence."""
    sentences = []
    for line in path.read_text("utf-8").splitlines():
        pairs = [pair.rsplit("/", 1) for pair in line.split(" ") if pair]
        if pairs:
            sentences.append(([word for word, _ in pairs], [tag for _, tag in pairs]))
    return sentences


def train(sentences: list[Sentence], tags: list[str], rounds: int) -> np.ndarray:
    """(rows, tags) float weights, averaged over all steps."""
    number = {tag: index for index, tag in enumerate(tags)}
    weights = np.zeros((NUM_ROWS, len(tags)), dtype=np.float32)
    total = np.zeros_like(weights)  # of weights x the step at which each change came
    fixed = [[features(words, i) for i in range(len(words))] for words, _ in sentences]
    order = list(range(len(sentences)))
    rng = random.Random(0)
    step = 1
    for _ in range(rounds):
        rng.shuffle(order)
        for sentence in order:
            words, truth = sentences[sentence]
            before = further = START
            for index, word in enumerate(words):
                rows = fixed[sentence][index] + tag_features(word, before, further)
                guess = int(np.argmax(weights[rows].sum(0)))
                right = number[truth[index]]
                if guess != right:
                    weights[rows, right] += 1
                    weights[rows, guess] -= 1
                    total[rows, right] += step
                    total[rows, guess] -= step
                step += 1
                # The tags that it will see when it is used are its own.
                before, further = tags[guess], before
    return weights - total / step


def quantized(weights: np.ndarray) -> np.ndarray:
    """Weights as int8, the few largest clamped."""
    scale = 127 / np.quantile(np.abs(weights[weights != 0]), 0.999)
    return np.clip(np.rint(weights * scale), -127, 127).astype(np.int8)


def accuracy(tagger: Tagger, sentences: list[Sentence]) -> float:
    """Share of the words with the right tag."""
    pairs = [
        pair
        for words, truth in sentences
        for pair in zip(tagger(words), truth, strict=True)
    ]
    return float(np.mean([guess == right for guess, right in pairs]))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("labelled", type=Path, nargs="+")
    parser.add_argument("--test", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=6)
    options = parser.parse_args()
    sentences = [sentence for path in options.labelled for sentence in read(path)]
    tags = sorted({tag for _, truth in sentences for tag in truth})
    weights = quantized(train(sentences, tags, options.rounds))
    np.savez_compressed(options.out, weights=weights, tags=np.array(tags))
    print(f"{len(sentences)} sentences, {len(tags)} tags, {options.out.stat().st_size} bytes")
    print(f"right: {accuracy(Tagger(weights, tags), read(options.test)):.4f} of the test words")


if __name__ == "__main__":
    main()
