"""Train the model that reads words which the lexicon lacks, and measure it on families of words that it never saw.

  nice python -m tools.letter_to_sound.train --data python/muspeaker/text/data

An averaged perceptron with a margin (Collins 2002; the features after Jiampojamarn et al. 2008, "Joint processing and
discriminative training for letter-to-phoneme conversion"), one for each accent, about a minute of one core.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numba
import numpy as np

from muspeaker.text import letter_features as lf
from muspeaker.text.feature_weights import NUM_BUCKETS, kept_rows
from muspeaker.text.letter_to_sound import LetterToSound
from muspeaker.text.lexicon_file import LexiconFile
from muspeaker.text.phone_sets import parse_word
from tools.letter_to_sound.data import Aligned, aligned_chunks, vocabulary
from tools.letter_to_sound.words import held_out, lexicon_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

ACCENTS = ("us", "gb")
NUM_TEST_WORDS = 2000

REWARD_MARGIN = 12.0

lf.fold = numba.njit(inline="always")(lf.fold)  # type: ignore[assignment]
lf._set = numba.njit(inline="always")(lf._set)  # type: ignore[assignment]
_letter_keys = numba.njit(lf.letter_keys)


@dataclass
class Words:
    """Aligned words one after the other: word k has letters `starts[k]` to `starts[k + 1]`."""

    letters: NDArray[np.int64]
    chunks: NDArray[np.int64]
    starts: NDArray[np.int64]


def joined(words: Sequence[Aligned], chunks: Sequence[str]) -> Words:
    """Words whose chunks are all known, in one array."""
    number = {chunk: index for index, chunk in enumerate(chunks)}
    kept = [w for w in words if all(chunk in number for chunk in w.chunks)]
    letters = [lf.LETTERS.index(letter) for w in kept for letter in w.word]
    starts = np.cumsum([0] + [len(w.word) for w in kept])
    targets = [number[chunk] for w in kept for chunk in w.chunks]
    return Words(np.array(letters), np.array(targets), starts)


@numba.njit
def _walk(letters, chunks, starts, order, marks, rows, weights, total, step, count):  # type: ignore[no-untyped-def]
    """One pass over the words in an order: counts features if `count`, else learns. Returns step and errors.

    marks: for each chunk, 1 if it has the primary stress and 2 if it is silent.
    """
    keys = np.zeros(lf.NUM_KEYS, dtype=np.int64)
    found = np.zeros(lf.NUM_KEYS, dtype=np.int64)
    scores = np.zeros(weights.shape[1], dtype=np.float32)
    padded = np.zeros(64, dtype=np.int64)
    wrong = 0
    for word in order:
        first, length = starts[word], starts[word + 1] - starts[word]
        padded[:] = 0
        vowels = 0
        for i in range(length):
            padded[lf.MARGIN + i] = letters[first + i]
            vowels += lf.VOWELS[letters[first + i]]
        last = further = sounded = stressed = 0
        for i in range(length):
            _letter_keys(padded, lf.MARGIN + i, (last, further, sounded), (stressed, vowels), keys)
            right = chunks[first + i]
            guess = right
            num = 0
            for key in keys:
                if count:
                    rows[key & (NUM_BUCKETS - 1)] += 1
                elif rows[key & (NUM_BUCKETS - 1)] >= 0:
                    found[num] = rows[key & (NUM_BUCKETS - 1)]
                    num += 1
            if not count:
                scores[:] = 0
                for k in range(num):
                    scores += weights[found[k]]
                guess = np.argmax(scores)
                wrong += guess != right
                held = scores[right]
                scores[right] = -1e9
                rival = np.argmax(scores)
                if held - scores[rival] < REWARD_MARGIN:
                    for k in range(num):
                        weights[found[k], right] += 1
                        weights[found[k], rival] -= 1
                        total[found[k], right] += step
                        total[found[k], rival] -= step
                step += 1
            further, last = last, guess + 1
            if marks[guess] != 2:
                sounded = guess + 1
            if marks[guess] == 1:
                stressed = 1
            vowels -= lf.VOWELS[letters[first + i]]
    return step, wrong


def fit(words: Words, chunks: Sequence[str], passes: int, min_count: int) -> tuple[np.ndarray, np.ndarray]:
    """Keys' buckets in order, and (buckets, chunks) averaged float weights."""
    marks = np.array([1 if "ˈ" in chunk else 2 if not chunk else 0 for chunk in chunks])
    order = np.arange(len(words.starts) - 1)
    rows = np.zeros(NUM_BUCKETS, dtype=np.int32)
    none = np.zeros((1, len(chunks)), dtype=np.float32)
    args = (words.letters, words.chunks, words.starts)
    _walk(*args, order, marks, rows, none, none, 0, True)
    buckets = np.flatnonzero(rows >= min_count)
    rows = np.full(NUM_BUCKETS, -1, dtype=np.int32)
    rows[buckets] = np.arange(len(buckets))
    weights = np.zeros((len(buckets), len(chunks)), dtype=np.float32)
    total = np.zeros((len(buckets), len(chunks)), dtype=np.float64)
    rng = np.random.default_rng(0)
    step = 1
    for turn in range(passes):
        step, wrong = _walk(*args, rng.permutation(order), marks, rows, weights, total, step, False)
        print(f"pass {turn + 1}: {wrong / len(words.letters):.4f} of the letters wrong", flush=True)
    return buckets, (weights - total / step).astype(np.float32)


def distance(a: Sequence[object], b: Sequence[object]) -> int:
    """Edits that turn one sequence into the other."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        corner, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            corner, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, corner + (x != y))
    return row[-1]


def error_rates(model: LetterToSound, readings: dict[str, list[str]]) -> tuple[float, float, float]:
    """Phone error rate, the same with stress, and the share of words that are wrong, by the nearest reading."""
    edits = edits_with_stress = phones = words = 0
    for word, known in readings.items():
        guess = parse_word(model(word))
        pairs = [parse_word(reading) for reading in known]
        plain = [distance([s for s, _ in guess], [s for s, _ in pair]) for pair in pairs]
        best = int(np.argmin(plain))
        edits += plain[best]
        edits_with_stress += distance(guess, pairs[best])
        phones += len(pairs[best])
        words += plain[best] > 0
    return edits / phones, edits_with_stress / phones, words / len(readings)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the compiled lexicons")
    parser.add_argument("--passes", type=int, default=4)
    parser.add_argument("--rows", type=int, default=24_000)
    parser.add_argument("--min-count", type=int, default=12)
    options = parser.parse_args()
    lexicons = {a: LexiconFile(options.data / f"lexicon-{a}.bin") for a in ACCENTS}
    readings = {accent: lexicon_words(lexicon) for accent, lexicon in lexicons.items()}
    test, left_out = held_out({word for words in readings.values() for word in words}, NUM_TEST_WORDS)
    for accent in ACCENTS:
        aligned = aligned_chunks(readings[accent], left_out)
        chunks = vocabulary(aligned)
        words = joined(aligned, chunks)
        print(f"{accent}: {len(words.starts) - 1} words, {len(chunks)} chunks", flush=True)
        buckets, averaged = fit(words, chunks, options.passes, options.min_count)
        weights = kept_rows(buckets, averaged, options.rows, tuple(chunks))
        path = options.data / f"letters-{accent}.npz"
        weights.save(path)
        tested = {w: readings[accent][w] for w in sorted(test) if w in readings[accent]}
        rates = error_rates(LetterToSound(weights), tested)
        print(
            f"{accent}: phone error rate {rates[0]:.4f}, with stress {rates[1]:.4f}, words wrong"
            f" {rates[2]:.4f} of {len(tested)}; {len(buckets)} features, {path.stat().st_size} bytes",
            flush=True,
        )


if __name__ == "__main__":
    main()
