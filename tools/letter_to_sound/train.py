"""Train the model that reads words which the lexicon lacks, and measure it on families of words that it never saw.

  nice python -m tools.letter_to_sound.train --data python/muspeaker/text/data

An averaged perceptron with a margin (Collins 2002; the features after Jiampojamarn et al. 2008, "Joint processing and
discriminative training for letter-to-phoneme conversion"), one for each accent, about a minute of one core.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from muspeaker.text.feature_weights import kept_weights
from muspeaker.text.letter_to_sound import LetterToSound
from muspeaker.text.lexicon_file import LexiconFile
from muspeaker.text.phone_sets import parse_word
from tools.letter_to_sound.data import aligned_chunks, vocabulary
from tools.letter_to_sound.perceptron import Options, fit
from tools.letter_to_sound.words import held_out, lexicon_words

if TYPE_CHECKING:
    from collections.abc import Sequence

ACCENTS = ("us", "gb")
NUM_TEST_WORDS = 2000


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
    parser.add_argument("--passes", type=int, default=Options.passes)
    parser.add_argument("--weights", type=int, default=350_000, help="that are kept")
    parser.add_argument("--min-count", type=int, default=Options.min_count)
    options = parser.parse_args()
    lexicons = {a: LexiconFile(options.data / "lexicon.bin", a) for a in ACCENTS}
    readings = {accent: lexicon_words(lexicon) for accent, lexicon in lexicons.items()}
    test, left_out = held_out(
        {word for words in readings.values() for word in words}, NUM_TEST_WORDS
    )
    for accent in ACCENTS:
        aligned = aligned_chunks(readings[accent], left_out)
        chunks = vocabulary(aligned)
        print(f"{accent}: {len(aligned)} readings, {len(chunks)} chunks", flush=True)
        buckets, averaged = fit(aligned, chunks, Options(options.passes, options.min_count))
        weights = kept_weights(buckets, averaged, options.weights, tuple(chunks))
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
