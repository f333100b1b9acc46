"""Train the part-of-speech tagger on what tools.tagger.label wrote.

python -m tools.tagger.train labelled.tsv --test labelled-test.tsv --out python/muspeaker/text/data/tagger.npz
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from muspeaker.text.feature_weights import NUM_BUCKETS, FeatureWeights, kept_rows
from muspeaker.text.tagger import START, Tagger, features, tag_features

Sentence = tuple[list[str], list[str]]


@dataclass(frozen=True)
class Options:
    """How long it trains, and which features it keeps."""

    rounds: int = 6
    min_count: int = 2
    rows: int = 32_000


def read(path: Path) -> list[Sentence]:
    """Words and tags of every sentence."""
    sentences = []
    for line in path.read_text("utf-8").splitlines():
        pairs = [pair.rsplit("/", 1) for pair in line.split(" ") if pair]
        if pairs:
            sentences.append(([word for word, _ in pairs], [tag for _, tag in pairs]))
    return sentences


def train(sentences: list[Sentence], tags: list[str], options: Options) -> FeatureWeights:
    """An averaged perceptron over the features that come often enough."""
    number = {tag: index for index, tag in enumerate(tags)}
    fixed = [features(words) for words, _ in sentences]
    counts = Counter(key & (NUM_BUCKETS - 1) for rows in fixed for keys in rows for key in keys)
    for words, truth in sentences:
        past = [START, START, *truth]
        for i, word in enumerate(words):
            counts.update(k & (NUM_BUCKETS - 1) for k in tag_features(word, past[i + 1], past[i]))
    buckets = sorted(key for key, count in counts.items() if count >= options.min_count)
    place = {bucket: index for index, bucket in enumerate(buckets)}
    weights = np.zeros((len(buckets), len(tags)), dtype=np.float32)
    total = np.zeros((len(buckets), len(tags)))  # of each change x the step at which it came

    def rows_of(keys: list[int]) -> list[int]:
        known = (place.get(key & (NUM_BUCKETS - 1)) for key in keys)
        return [row for row in known if row is not None]

    rows_fixed = [[rows_of(keys) for keys in sentence] for sentence in fixed]
    order = list(range(len(sentences)))
    rng = random.Random(0)
    step = 1
    for _ in range(options.rounds):
        rng.shuffle(order)
        for sentence in order:
            words, truth = sentences[sentence]
            before = further = START
            for index, word in enumerate(words):
                rows = rows_fixed[sentence][index] + rows_of(tag_features(word, before, further))
                guess = int(weights[rows].sum(0).argmax())
                right = number[truth[index]]
                if guess != right:
                    weights[rows, right] += 1
                    weights[rows, guess] -= 1
                    total[rows, right] += step
                    total[rows, guess] -= step
                step += 1
                # The tags that it will see when it is used are its own.
                before, further = tags[guess], before
    averaged = (weights - total / step).astype(np.float32)
    return kept_rows(np.array(buckets), averaged, options.rows, tuple(tags))


def accuracy(tagger: Tagger, sentences: list[Sentence]) -> float:
    """Share of the words with the right tag."""
    pairs = [pair for words, truth in sentences for pair in zip(tagger(words), truth, strict=True)]
    return float(np.mean([guess == right for guess, right in pairs]))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("labelled", type=Path, nargs="+")
    parser.add_argument("--test", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=Options.rounds)
    parser.add_argument("--rows", type=int, default=Options.rows, help="features that are kept")
    options = parser.parse_args()
    sentences = [sentence for path in options.labelled for sentence in read(path)]
    tags = sorted({tag for _, truth in sentences for tag in truth})
    weights = train(sentences, tags, Options(options.rounds, rows=options.rows))
    weights.save(options.out)
    print(f"{len(sentences)} sentences, {len(tags)} tags, {options.out.stat().st_size} bytes")
    print(f"right: {accuracy(Tagger(weights), read(options.test)):.4f} of the test words")


if __name__ == "__main__":
    main()
