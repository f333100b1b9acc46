"""The shipped letter-to-sound models, on words of families that were left out of their training.

`held_out_words.tsv` has the words that `tools.letter_to_sound.words.held_out` draws, which takes it half a minute.
"""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("numba")  # tools.letter_to_sound trains with it

from muspeaker.text.letter_to_sound import shipped_letter_to_sound
from muspeaker.text.lexicon import DATA, FILE
from muspeaker.text.lexicon_file import LexiconFile
from tools.letter_to_sound.train import NUM_TEST_WORDS, error_rates
from tools.letter_to_sound.words import readable

WORDS = Path(__file__).with_name("held_out_words.tsv").read_text("utf-8").splitlines()[1:]


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


# The table in docs/phones.md.
@pytest.mark.parametrize(("accent", "words", "phones"), [("us", 1683, 0.073), ("gb", 1830, 0.060)])
def test_one_phone_in_ten_at_most_is_wrong_in_words_never_seen(
    accent: str, words: int, phones: float
) -> None:
    assert len(WORDS) == NUM_TEST_WORDS
    tested = readings_of(WORDS, accent)
    assert len(tested) == words
    wrong, _, _ = error_rates(shipped_letter_to_sound(accent), tested)
    assert wrong == pytest.approx(phones, abs=0.0006)
