"""English written out: every row of the table of readings, and what a table cannot say."""

from __future__ import annotations

import csv
import time
from pathlib import Path

import pytest

from muspeaker.text.english.reader import EnglishPhones
from muspeaker.text.letter_runs import with_stops
from muspeaker.text.normalize import normalize
from muspeaker.text.normalize.english import number_words
from muspeaker.text.normalize.lines import close_lines
from muspeaker.text.normalize.script import unreadable_letters
from muspeaker.text.passages import Passage, Reading, read_text
from muspeaker.text.phone_sets import MISAKI_SYMBOLS
from muspeaker.text.sentences import split_sentences
from muspeaker.text.traced import TracedText

OURS = Path(__file__).parent / "data" / "readings.tsv"
SHARED = Path(__file__).parents[3] / "shared" / "cases" / "readings.tsv"
ARTICLE_WORDS = 300


def rows(path: Path) -> list[dict[str, str]]:
    """Rows of a table whose texts have `\\n` for the end of a line."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8") as file:
        table = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    for row in table:
        is_path = "C:\\" in row["text"]
        for column in ("text", "reads_as"):
            row[column] = row[column] if is_path else row[column].replace("\\n", "\n")
    return table


def closed_lines(text: str) -> str:
    traced = TracedText(text)
    close_lines(traced)
    return traced.text


def name(row: dict[str, str]) -> str:
    return f"{row['kind']}: {row['text']}"


def heard(text: str, language: str) -> list[tuple[list[int], list[int], float]]:
    """Phones, stresses and the silence after each utterance."""

    def of(passage: Passage) -> tuple[list[int], list[int], float]:
        tokens = passage.tokens
        return tokens.phones.tolist(), tokens.stresses.tolist(), round(passage.silence_after, 3)

    return [of(p) for p in read_text(text, Reading(symbols=MISAKI_SYMBOLS, language=language))]


@pytest.mark.parametrize("row", rows(OURS), ids=name)
def test_each_row_is_written_out_as_it_is_said(row: dict[str, str]) -> None:
    written = normalize(row["text"], row["language"])
    said = row["reads_as"] if "\n\n" in row["reads_as"] else " ".join(row["reads_as"].split())
    assert written.lower() == said.lower()
    assert normalize(written, row["language"]) == written


@pytest.mark.parametrize("row", rows(OURS), ids=name)
def test_each_row_has_the_phones_of_what_is_said(row: dict[str, str]) -> None:
    language = row["language"]
    assert heard(row["text"], language) == heard(row["reads_as"], language)


@pytest.mark.skipif(not SHARED.exists(), reason="the table is not here")
@pytest.mark.parametrize(
    "row", [row for row in rows(SHARED) if not row["reads_as"].startswith("*")], ids=name
)
def test_each_row_of_the_shared_table_has_the_phones_of_what_is_said(row: dict[str, str]) -> None:
    assert heard(row["text"], "en-us") == heard(row["reads_as"], "en-us")


def test_the_table_has_each_kind_and_no_text_twice() -> None:
    texts = [(row["language"], row["text"]) for row in rows(OURS)]
    assert len(set(texts)) == len(texts) > 100
    assert {row["language"] for row in rows(OURS)} == {"en-us", "en-gb"}
    assert {row["kind"] for row in rows(SHARED)} - {row["kind"] for row in rows(OURS)} <= {
        "pause", "interjection", "homograph", "name", "script"
    }  # fmt: skip


# Numbers as words.


@pytest.mark.parametrize(
    ("number", "us", "gb"),
    [
        (0, "zero", "zero"),
        (21, "twenty-one", "twenty-one"),
        (110, "one hundred ten", "one hundred and ten"),
        (1_000_001, "one million one", "one million and one"),
        (2_300_450, "two million three hundred thousand four hundred fifty",
         "two million three hundred thousand four hundred and fifty"),
        (10**18, "one quintillion", "one quintillion"),
    ],
)  # fmt: skip
def test_cardinals(number: int, us: str, gb: str) -> None:
    assert number_words.cardinal(number) == us
    assert number_words.cardinal(number, british=True) == gb


def test_numbers_without_a_name_are_read_by_digits() -> None:
    assert number_words.cardinal("9" * 22) == " ".join(["nine"] * 22)
    assert number_words.cardinal("042") == "zero four two"


@pytest.mark.parametrize(
    ("number", "words"),
    [(5, "fifth"), (12, "twelfth"), (20, "twentieth"), (31, "thirty-first"), (100, "one hundredth"), (1000, "one thousandth")],
)  # fmt: skip
def test_ordinals(number: int, words: str) -> None:
    assert number_words.ordinal(number) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [(44, "forty-four"), (476, "four seventy-six"), (1000, "one thousand"), (1066, "ten sixty-six"),
     (1900, "nineteen hundred"), (2000, "two thousand"), (2009, "two thousand nine"), (2010, "twenty ten")],
)  # fmt: skip
def test_years(number: int, words: str) -> None:
    assert number_words.year(number) == words


@pytest.mark.parametrize(
    ("numeral", "value"),
    [("I", 1), ("IV", 4), ("XIX", 19), ("MCMXCIX", 1999), ("IIII", None), ("IC", None), ("VX", None), ("", None), ("MIX", 1009)],
)  # fmt: skip
def test_roman_numerals_have_one_form(numeral: str, value: int | None) -> None:
    assert number_words.roman_value(numeral) == value


# What cannot be read.


def test_letters_of_other_scripts_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"cannot read 你 \(U\+4F60\), 好 \(U\+597D\) in English"):
        normalize("你好")
    with pytest.raises(ValueError, match=r"and 2 more in English: expected Latin letters"):
        normalize("абвгдежзик")
    with pytest.raises(ValueError, match=r"λ \(U\+03BB\)"):
        normalize("λόγος")
    assert normalize("Привет, мир", "ru") == "Привет, мир"


def test_accents_greek_signs_and_compatibility_forms_are_read() -> None:
    assert unreadable_letters("Łódź Ærøskøbing ñ ß") == []
    assert normalize("α, Δt and 12 μm") == "alpha, delta t and twelve micrometers"
    assert normalize("ｆｕｌｌ １２ ㎞") == "full twelve kilometers"
    assert normalize("😀 👍🏽") == ""


# Letters, sounds and names.


def test_capitals_apart_are_one_word_of_letters() -> None:
    reader = EnglishPhones("us")
    assert reader(["the", "F", "B", "I", "agrees"])[1] == reader(["FBI"])[0]
    assert reader(["the", "U", "S's", "plan"])[1] == "jˌuˈɛsᵻz"
    assert reader(["plan", "B", "I", "like"])[1:3] == ["bˈi", "ˌI"]
    assert reader(["I", "I", "I", "see"])[:3] == ["ˌI", "ˌI", "ˌI"]
    assert reader(["Q", "and", "A"])[2] == "ˈA"
    assert with_stops("the F A Q, seven A M, the U S's plan B I like") == (
        "the F.A.Q., seven A.M., the U.S.'s plan B I like"
    )


@pytest.mark.parametrize(
    ("word", "us", "gb"),
    [("Shh", "ʃ", "ʃ"), ("Joaquin", "wɑkˈin", "wɑːkˈiːn"), ("JUAN", "wˈɑn", "wˈɑːn"), ("Sean's", "ʃˈɔnz", "ʃˈɔːnz")],
)  # fmt: skip
def test_sounds_and_names_that_the_lexicon_lacks(word: str, us: str, gb: str) -> None:
    assert EnglishPhones("us")([word]) == [us]
    assert EnglishPhones("gb")([word]) == [gb]


# Lines and sentences.


def test_lines_of_lists_and_headings_end() -> None:
    assert closed_lines("Intro\n* a;\n* b\n\nEnd") == "Intro.\n* a;\n* b\n\nEnd".replace(
        "* a;", "A."
    ).replace("* b", "B.")
    assert closed_lines("Title\n=====\nText") == "Title.\n\nText"
    assert closed_lines("> quoted\n> text") == "quoted\ntext"
    assert closed_lines("12. was the year\nof it") == "12. Was the year\nof it."
    assert closed_lines("- one") == "one"


def test_a_sentence_may_end_with_letters() -> None:
    text = normalize("I live in the U.S. It is big. See J. K. Rowling.")
    assert [s.text for s in split_sentences(text)] == [
        "I live in the U S.", "It is big.", "See J K Rowling."
    ]  # fmt: skip


# Time.


@pytest.mark.parametrize(
    "unit",
    ["1", "1.", "1,", "1-", "1/", "1:", "$1 ", "a.", "A.", "A ", "a@", "#a", "/a", "C:\\a", "<a", "<script>", "&amp;", "[a](",
     "*a", "`a", "- a\n", "1. a\n", "|a|\n", "I ", "1 1/2 ", "+1 ", "'90s ", "x^2", "a.com/", "5'1\"", "=", "<!--", "\u2029"],
)  # fmt: skip
def test_no_sign_makes_it_slow(unit: str) -> None:
    start = time.process_time()
    normalize(unit * (4096 // len(unit)))
    assert time.process_time() - start < 2  # takes 0.05 s; a quadratic pattern takes minutes


def test_an_article_is_written_out_at_once() -> None:
    sentence = (
        "On Nov. 24, 2026, Dr. Ruiz paid $1.5M for 412 ft of road, or 8% more than in the '90s. "
    )
    article = sentence * (ARTICLE_WORDS // len(sentence.split()))
    normalize(article)
    start = time.process_time()
    normalize(article)
    assert time.process_time() - start < 0.1  # takes 0.004 s
