"""Names from a pronouncing dictionary: their phones in both accents, and which of them are written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from muspeaker.text.english.dictionary import more_words
from muspeaker.text.english.reader import EnglishPhones
from tools import compile_names

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("word", "phones", "us", "gb"),
    [
        ("hugh", "HH Y UW1", "hjˈu", "hjˈuː"),
        ("patricia", "P AH0 T R IH1 SH AH0", "pətɹˈɪʃə", "pətɹˈɪʃə"),
        ("natalia", "N AH0 T AA1 L Y AH0", "nətˈɑljə", "nətˈɑːljə"),
        ("connie", "K AA1 N IY0", "kˈɑni", "kˈɒni"),
        ("roberta", "R AH0 B ER1 T AH0", "ɹəbˈɜɹTə", "ɹəbˈɜːtə"),
        ("gordon", "G AO1 R D AH0 N", "ɡˈɔɹdᵊn", "ɡˈɔːdᵊn"),
        ("anne", "AE2 N", "ˈæn", "ˈan"),
    ],
)
def test_phones_of_both_accents(word: str, phones: str, us: str, gb: str) -> None:
    assert compile_names.american(phones.split()) == us
    assert compile_names.in_britain(word, us) == gb


def test_weak_vowels_and_taps_are_no_difference() -> None:
    assert not compile_names.differ("ɹˈɑbəTə", "ɹˌɔbʌtə")
    assert compile_names.differ("hˈʌ", "hjˈu")


def test_only_names_that_would_be_misread_are_written(tmp_path: Path) -> None:
    known = {
        "hugh": "HH Y UW1",
        "paris": "P EH1 R IH0 S",
        "mia": "M IY1 AH0",
        "mczed": "M AH0 K Z EH1 D",
    }
    (tmp_path / "cmudict.dict").write_text(
        "".join(f"{word} {phones} # a note\n" for word, phones in known.items())
    )
    for name, _ in compile_names.LISTS:
        (tmp_path / name).write_text("HUGH 0.1 1 1\nPARIS 0.1 1 2\nMIA 0.1 1 3\nMCZED 0.1 1 4\n")
    table = tmp_path / "names.tsv"
    compile_names.main([str(tmp_path / "cmudict.dict"), str(tmp_path), "--out", str(table)])
    header, *rows = table.read_text(encoding="utf-8").splitlines()
    written = [row.split("\t")[0] for row in rows]
    assert header.startswith("# Names")
    # The package's own table says how to read hugh, so only what that lacks can be written.
    assert written == ["mczed"]


def test_the_table_of_the_package() -> None:
    header, *rows = compile_names.TABLE.read_text(encoding="utf-8").splitlines()
    words = [row.split("\t")[0] for row in rows]
    assert header == compile_names.HEADER
    assert words == sorted(set(words))
    assert len(words) > 1900
    assert not compile_names.LEFT_OUT & set(words)
    assert set(words) <= more_words("us").keys()


@pytest.mark.parametrize(
    ("text", "us", "gb"),
    [
        ("Hugh and Patricia's", "hjˈu ænd pətɹˈɪʃəz", "hjˈuː and pətɹˈɪʃəz"),
        ("Neil McKenzie", "nˈil məkˈɛnzi", "nˈiːl məkˈɛnzi"),
        ("CATHERINE", "kˈæθəɹən", "kˈaθəɹən"),
    ],
)
def test_names_are_read(text: str, us: str, gb: str) -> None:
    assert " ".join(EnglishPhones("us")(text.split())) == us
    assert " ".join(EnglishPhones("gb")(text.split())) == gb
