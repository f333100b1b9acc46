"""The shipped letter-to-sound models, on words of families that were left out of their training; and the training.

`held_out_words.tsv` has the words that `tools.letter_to_sound.words.held_out` draws, which takes it half a minute, and
`held_out_names.tsv` every fifth of the names that `other_words` draws.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("numba")  # tools.letter_to_sound trains with it

from muspeaker.text.letter_to_sound import shipped_letter_to_sound
from muspeaker.text.lexicon import DATA, FILE
from muspeaker.text.lexicon_file import LexiconFile
from tools.compile_names import TABLE
from tools.letter_to_sound.train import NUM_TEST_WORDS, error_rates, names_of
from tools.letter_to_sound.words import other_words, readable

WORDS = Path(__file__).with_name("held_out_words.tsv").read_text("utf-8").splitlines()[1:]
NAMES = Path(__file__).with_name("held_out_names.tsv").read_text("utf-8").splitlines()[1:]


def readings_of(words: list[str], accent: str) -> dict[str, list[str]]:
    """What the lexicon says of those of the words that the accent has, with small letters or one capital."""
    lexicon = LexiconFile(DATA / FILE, accent)
    found: dict[str, list[str]] = {}
    for word in words:
        spellings = [word[:at] + word[at:].capitalize() for at in range(len(word))]
        for spelling in filter(readable, {word, *spellings}):
            entry = lexicon.find(spelling)
            for reading in entry.readings.values() if entry else ():
                if reading and reading not in found.setdefault(word, []):
                    found[word].append(reading)
    return {word: readings for word, readings in found.items() if readings}


# The table in docs/phones.md, less the words that have their phones from elsewhere in one of the accents.
@pytest.mark.parametrize(("accent", "words", "phones"), [("us", 1623, 0.067), ("gb", 1824, 0.057)])
def test_one_phone_in_ten_at_most_is_wrong_in_words_never_seen(
    accent: str, words: int, phones: float
) -> None:
    assert len(WORDS) == NUM_TEST_WORDS
    rows = TABLE.read_text("utf-8").splitlines()
    others = {row.split("\t")[0].lower() for row in rows}
    tested = readings_of([word for word in WORDS if word not in others], accent)
    assert len(tested) == words
    wrong, _, _ = error_rates(shipped_letter_to_sound(accent), tested)
    assert wrong == pytest.approx(phones, abs=0.0006)


@pytest.mark.parametrize(("accent", "most"), [("us", 0.50), ("gb", 0.50)])
def test_half_of_the_names_never_seen_are_read_without_a_wrong_phone(
    accent: str, most: float
) -> None:
    known = {name: spoken.split() for name, spoken in (line.split("\t") for line in NAMES)}
    tested = names_of(set(known), known, accent)
    assert len(tested) == NUM_TEST_WORDS // 5
    wrong = error_rates(shipped_letter_to_sound(accent), tested)[2]
    assert 0.3 < wrong < most


def test_words_of_another_dictionary_are_parted_by_families() -> None:
    known = {"paris", "mend", "mends", "sing"}
    others = ["paris", "mended", "singer", "hugh", "hughs", "brock", "brock's", "bvd", "X"]
    learned, tested = other_words(known, {"mend", "mends"}, others, 1)
    assert len(tested) == 1
    assert tested < {"hugh", "hughs", "brock"}
    hughs = {"hugh", "hughs"}
    assert learned == {"singer"} | ({"brock"} if tested < hughs else hughs)
    learned, tested = other_words(known, {"mend", "mends"}, others, 9)
    assert (learned, len(tested)) == ({"singer"}, 2)  # of a family with a known word: only to learn


TRAINING = """
from muspeaker.text.feature_weights import kept_weights
from muspeaker.text.letter_to_sound import LetterToSound
from tools.letter_to_sound.data import aligned_chunks
from tools.letter_to_sound.perceptron import Options, fit
from tools.compile_names import TABLE
from tools.letter_to_sound.train import error_rates

words = {a + b + c: [f"{a}ˈ{d}{c}"] for a in "bdfkl" for b, d in ("aæ", "eɛ") for c in "mnpst"}
aligned = aligned_chunks(words, {"batman": ["bˈætmæn"]})
chunks = sorted({chunk for word in aligned for chunk in word.chunks})
buckets, weights = fit(aligned, chunks, Options(passes=3, passes_of_kept=2, weights=100, min_count=2))
model = LetterToSound(kept_weights(buckets, weights, 100, tuple(chunks)))
print(len(words), [w.size for w in aligned if w.size != 1], (weights != 0).sum(), error_rates(model, words)[2])
"""


def test_training_keeps_few_weights_and_reads_with_them() -> None:
    plain = os.environ | {"NUMBA_DISABLE_JIT": "1"}  # compiling takes longer than so few words
    run = subprocess.run(
        [sys.executable, "-c", TRAINING], capture_output=True, text=True, check=True, env=plain
    )
    number, names, kept, wrong = run.stdout.splitlines()[-1].split()
    assert (int(number), names) == (50, "[0.5]")
    assert 50 < int(kept) <= 110  # ties are kept
    assert float(wrong) < 0.1
