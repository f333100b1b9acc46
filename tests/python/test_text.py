from __future__ import annotations

import csv
import logging
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from muspeaker.config import SYMBOLS
from muspeaker.text.normalize import normalize
from muspeaker.text.phonemize import Tokens, canonical_language, tokens, tokens_batch
from muspeaker.text.sentences import (
    CLAUSE_PAUSE_SECONDS,
    PARAGRAPH_PAUSE_SECONDS,
    SENTENCE_PAUSE_SECONDS,
    split_sentences,
)

MANIFEST = Path(__file__).parents[3] / "shared" / "corpus" / "manifest.tsv"


def spoken(sentence: Tokens) -> str:
    return " ".join(SYMBOLS[phone] for phone in sentence.phones)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Dr. Smith paid $3.50 at 5:30 p.m. on 3/4/2021",
         "Doctor Smith paid three dollars and fifty cents at five thirty P M on March fourth, twenty twenty-one"),
        ("$1, $0.99, $2.5 million", "one dollar, ninety-nine cents, two point five million dollars"),
        ("£5, €20.99, $1,000", "five pounds, twenty euros and ninety-nine cents, one thousand dollars"),
        ("HE WAS NOT THERE, AND IT WAS ALL A DREAM.", "he was not there, and it was all a dream."),
        ("IT IS US", "it is us"),
        ("NASA and the FBI met in the U.S. today.", "NASA and the FBI met in the U S today."),
        ("NASA", "NASA"),
        ("See https://www.example.com/a, or mail joe.b@mail.org!",
         "See W W W dot example dot com slash a, or mail joe dot b at mail dot org!"),
        ("Mr. and Mrs. Jones vs. the St. James St. They left.",
         "Mister and Missus Jones versus the Saint James Street. They left."),
        ("cats etc. and e.g. this, i.e. that etc.",
         "cats et cetera and for example, this, that is, that et cetera."),
        ("the 1990s, on 2021-03-22", "the nineteen nineties, on March twenty-second, twenty twenty-one"),
        ("5–10 km/h, 3 cm.", "five to ten kilometers per hour, three centimeters."),
        ("1/2 cup, 2 ½ cups and/or 20%", "one half cup, two and a half cups and or twenty percent"),
        ("“Hello” — she said… then (quietly) left", "Hello, she said, then, quietly, left"),
        ("'twas the dogs' bone, rock 'n' roll, 'so'", "'twas the dogs' bone, rock 'n' roll, so"),
        ("5 p.m. Then 7am.", "five P M. Then seven A M."),
        ("John F. Kennedy met J. K. Rowling", "John F Kennedy met J K Rowling"),
        ("a\tb\x00c\u200bd \ufb01ne \U0001f600", "a b cd fine"),
        ("one\r\n\r\ntwo\nthree", "one\n\ntwo three"),
        ("\ud800", ""),
    ],
)  # fmt: skip
def test_normalize(written: str, expected: str) -> None:
    assert normalize(written) == expected


def test_normalize_leaves_other_languages_their_abbreviations() -> None:
    assert normalize("Dr. Müller", "de") == "Dr. Müller"


def test_normalize_reads_no_english_into_other_languages() -> None:
    assert normalize("Von 1914–1918 war Krieg.", "de") == "Von 1914, 1918 war Krieg."
    assert normalize("Er rief 'Emil' und 'das'.", "de") == "Er rief Emil und das."


@pytest.mark.parametrize("unit", ["'", "_", "\n ", "A.", "$1,", "— ", ". ", "1/2 ", "㎞"])
def test_normalize_takes_linear_time(unit: str) -> None:
    text = unit * (20_000 // len(unit))
    assert len(normalize(text)) <= 30 * len(text)  # a quadratic pattern would hang here


def test_signs_that_stand_for_many_letters_are_bounded() -> None:
    """4,096 times U+FDFA are 73,728 letters, which espeak-ng spells one by one."""
    with pytest.raises(
        ValueError, match="make the text 73728 characters long: expected at most 8292"
    ):
        normalize("\ufdfa" * 4096)
    assert normalize("\ufdfa", "ar") == "صلى الله عليه وسلم"
    assert normalize("㎞ " * 2000).startswith("k")  # twice as long


def test_sentences_and_pauses() -> None:
    sentences = split_sentences("One, two. Three? Yes!\n\nFour unkn. more. Six.")
    assert [s.text for s in sentences] == [
        "One, two.",
        "Three?",
        "Yes!",
        "Four unkn. more.",
        "Six.",
    ]
    short, long = SENTENCE_PAUSE_SECONDS, PARAGRAPH_PAUSE_SECONDS
    assert [s.pause_seconds for s in sentences] == [short, short, long, short, 0.0]


def test_sentences_without_capitals_are_split_too() -> None:
    assert [s.text for s in split_sentences("hello. there")] == ["hello.", "there"]


def test_long_sentences_are_cut_at_commas_then_words_then_anywhere() -> None:
    cut = split_sentences("one two, three four, " + "x" * 25 + " five", 12)
    assert [s.text for s in cut] == ["one two,", "three four,", "x" * 12, "x" * 12, "x five"]
    assert [s.pause_seconds for s in cut] == [CLAUSE_PAUSE_SECONDS] * 2 + [0.0] * 3
    with pytest.raises(ValueError, match="max_characters must be positive, got 0"):
        split_sentences("a", 0)


@pytest.mark.parametrize("mute", ["", "  \n", "...", "?! -- \n\n ;"])
def test_nothing_to_say_is_no_sentence(mute: str) -> None:
    assert split_sentences(mute) == []


def test_tokens_of_a_sentence() -> None:
    sentence = tokens("The church judged, twice!", "en-us", SYMBOLS)
    assert spoken(sentence) == "_ ð ə tʃ ɜː tʃ dʒ ʌ dʒ d , t w aɪ s ! _"
    assert sentence.stresses.tolist() == [0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0]
    assert sentence.boundaries.tolist() == [2, 1, 0, 1, 0, 0, 1, 0, 0, 0, 2, 1, 0, 0, 0, 2, 2]
    assert {sentence.phones.dtype, sentence.stresses.dtype, sentence.boundaries.dtype} == {
        np.dtype(np.int32)
    }
    assert [(w.text, w.start, w.end) for w in sentence.words] == [
        ("The", 1, 3), ("church", 3, 6), ("judged", 6, 10), ("twice", 11, 15)
    ]  # fmt: skip


def test_words_keep_their_phones_where_espeak_joins_or_splits_them() -> None:
    sentence = tokens("It's 25 of the best, in the end", "en-us", SYMBOLS)
    phones = {w.text: spoken(sentence).split()[w.start : w.end] for w in sentence.words}
    assert phones["25"] == ["t", "w", "ɛ", "n", "t", "i", "f", "aɪ", "v"]
    assert phones["best"] == ["b", "ɛ", "s", "t"]
    assert phones["in"] == ["ɪ", "n"]
    assert phones["of"] == ["ʌ", "v"]


def test_numbers_with_points_are_one_clause() -> None:
    assert spoken(tokens("3.50 at 5:30", "en-us", SYMBOLS)).count(".") == 0


def test_batch_equals_one_by_one_and_threads_agree() -> None:
    texts = ["Hello there.", "", "A day in the life, twice?", "12 monkeys"] * 5
    batch = tokens_batch(texts, "en-us", SYMBOLS)
    with ThreadPoolExecutor(8) as pool:
        single = list(pool.map(lambda text: tokens(text, "en-us", SYMBOLS), texts))
    for a, b in zip(batch, single, strict=True):
        assert a.phones.tolist() == b.phones.tolist()
        assert a.words == b.words
    assert not batch[1].has_speech


def test_phones_written_by_hand() -> None:
    sentence = tokens("həˈloʊ ˈstɹɪŋ, kˈæts 'gɜ:l t͡s", "en-us", SYMBOLS, phonemes=True)
    assert spoken(sentence) == "_ h ə l oʊ s t ɹ ɪ ŋ , k æ t s ɡ ɜː l ts _"
    assert np.flatnonzero(sentence.stresses).tolist() == [4, 8, 12, 16]
    assert sentence.words[0].text == "həˈloʊ"


def test_letters_without_a_symbol_are_dropped_with_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING, "muspeaker"):
        sentence = tokens("m\u0251\u0303\u01c2", "en-us", SYMBOLS, phonemes=True)
    assert spoken(sentence) == "_ m ɑ _"
    assert "no symbol for U+01C2 LATIN LETTER ALVEOLAR CLICK" in caplog.text


def test_a_model_with_fewer_symbols_spells_with_what_it_has() -> None:
    sentence = tokens("church", "en-us", ("_", "t", "ʃ", "ɜ"))
    assert sentence.phones.tolist() == [0, 1, 2, 3, 1, 2, 0]


def test_the_package_may_lie_under_a_long_path(tmp_path: Path) -> None:
    """espeak-ng ends the process when the path of its data overflows its buffer."""
    package = Path(pytest.importorskip("espeakng_loader").__file__).parent
    folder = tmp_path / ("x" * 100) / ("y" * 100)
    data = folder / "espeakng_loader" / "espeak-ng-data"
    data.mkdir(parents=True)
    for entry in package.iterdir():
        if entry.is_file():
            shutil.copy(entry, data.parent)
    for entry in (package / "espeak-ng-data").iterdir():
        (data / entry.name).symlink_to(entry)
    code = (
        "from muspeaker.text.phonemize import tokens;"
        "print(len(tokens('Hello', 'en-us', ('_', 'h', 'ə', 'l', 'oʊ')).phones))"
    )
    path = os.pathsep.join([str(folder), *sys.path])
    env = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False
    )
    assert done.stdout == "6\n", done.stderr


def test_languages() -> None:
    assert canonical_language("EN_us") == "en-us"
    assert canonical_language("en") == "en-us"
    with pytest.raises(ValueError, match=r"unknown language 'en-uz'.*did you mean .*en-us"):
        canonical_language("en-uz")
    with pytest.raises(TypeError, match="language must be a str such as 'en-us', got int"):
        canonical_language(3)


@pytest.mark.parametrize("source", ["generated", "corpus"])
def test_every_english_phone_has_a_symbol(source: str, caplog: pytest.LogCaptureFixture) -> None:
    if source == "corpus":
        if not MANIFEST.exists():
            pytest.skip("the corpus is not here")
        with MANIFEST.open() as file:
            rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            texts = [row["text"] for row in rows][::5]
    else:
        texts = ["The quick brown fox jumps over the lazy dog.", "Joyous boys measured pure fire hours",
                 "Button, mountain; bottle: little! Church judge, thing, this?", "She sees far tours"]  # fmt: skip
    with caplog.at_level(logging.WARNING, "muspeaker"):
        batch = tokens_batch([normalize(text) for text in texts], "en-us", SYMBOLS)
    assert not caplog.records
    single_letters = SYMBOLS.index("a")
    assert max(int(sentence.phones.max()) for sentence in batch) < single_letters
