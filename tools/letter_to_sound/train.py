"""Train the model that reads words which the lexicon lacks, and measure it on families of words that it never saw.

  python tools/compile_lexicon.py --data misaki/data --out plain
  nice python -m tools.letter_to_sound.train --lexicon plain --cmudict cmudict.dict --data python/muspeaker/text/data

An averaged perceptron with a margin (Collins 2002; the features after Jiampojamarn et al. 2008, "Joint processing and
discriminative training for letter-to-phoneme conversion"), one for each accent, about a minute of one core. It learns from
misaki's words, which the folder `plain` has alone, and from those of the CMU Pronouncing Dictionary (tools/cmudict.py)
that misaki lacks, most of them names.
"""

from __future__ import annotations

import argparse
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from muspeaker.text.feature_weights import kept_weights
from muspeaker.text.letter_to_sound import LetterToSound
from muspeaker.text.lexicon_file import LexiconFile
from muspeaker.text.phone_sets import parse_word
from tools.british_names import in_britain
from tools.cmudict import read_cmudict
from tools.letter_to_sound.data import aligned_chunks, vocabulary
from tools.letter_to_sound.perceptron import Options, fit
from tools.letter_to_sound.words import held_out, lexicon_words, other_words

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


def names_of(words: set[str], known: dict[str, list[str]], accent: str) -> dict[str, list[str]]:
    """Readings of some words of the other dictionary in one accent."""
    if accent == "us":
        return {word: known[word] for word in sorted(words)}
    return {word: [in_britain(word, spoken) for spoken in known[word]] for word in sorted(words)}


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lexicon", type=Path, required=True, help="folder of misaki's lexicon")
    parser.add_argument("--cmudict", type=Path, required=True, help="cmudict.dict")
    parser.add_argument("--data", type=Path, required=True, help="folder to write to")
    parser.add_argument("--weights", type=int, default=Options.weights, help="that are kept")
    parser.add_argument("--accents", nargs="+", default=ACCENTS)
    options = parser.parse_args()
    lexicons = {a: LexiconFile(options.lexicon / "lexicon.bin", a) for a in ACCENTS}
    readings = {accent: lexicon_words(lexicon) for accent, lexicon in lexicons.items()}
    words = {word for known in readings.values() for word in known}
    test, left_out = held_out(words, NUM_TEST_WORDS)
    cmudict = read_cmudict(options.cmudict)
    to_learn, test_names = other_words(words, left_out, cmudict, NUM_TEST_WORDS)
    for accent in options.accents:
        own = {word: known for word, known in readings[accent].items() if word not in left_out}
        names = {w: r[:1] for w, r in names_of(to_learn, cmudict, accent).items()}
        aligned = aligned_chunks(own, names)
        chunks = vocabulary(aligned)
        print(f"{accent}: {len(aligned)} readings, {len(chunks)} chunks", flush=True)
        buckets, averaged = fit(aligned, chunks, Options(weights=options.weights))
        weights = kept_weights(buckets, averaged, options.weights, tuple(chunks))
        path = options.data / f"letters-{accent}.npz"
        weights.save(path)
        packed = len(zlib.compress(path.read_bytes(), 9))
        print(f"{accent}: {len(buckets)} features, {path.stat().st_size} bytes, {packed} packed")
        own_test = {w: readings[accent][w] for w in sorted(test) if w in readings[accent]}
        for kind, tested in (
            ("words", own_test),
            ("names", names_of(test_names, cmudict, accent)),
        ):
            rates = error_rates(LetterToSound(weights), tested)
            print(
                f"{accent}, {kind}: phone error rate {rates[0]:.4f}, with stress {rates[1]:.4f}, words"
                f" wrong {rates[2]:.4f} of {len(tested)}",
                flush=True,
            )


if __name__ == "__main__":
    main()
