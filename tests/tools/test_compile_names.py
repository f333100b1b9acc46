"""Names from a pronouncing dictionary: their phones in both accents, and which of them are written."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from muspeaker.text.english.dictionary import more_words
from muspeaker.text.english.reader import EnglishPhones
from muspeaker.text.lexicon import DATA, shipped_lexicon
from muspeaker.text.lexicon_file import Entry, LexiconFile, pack_lexicon
from tools import compile_lexicon, compile_names
from tools.british_names import in_britain
from tools.cmudict import american, read_cmudict

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("word", "phones", "us", "gb"),
    [
        ("hugh", "HH Y UW1", "hjˈu", "hjˈuː"),
        ("patricia", "P AH0 T R IH1 SH AH0", "pətɹˈɪʃə", "pətɹˈɪʃə"),
        ("natalia", "N AH0 T AA1 L Y AH0", "nətˈɑljə", "nətˈɑːlɪə"),
        ("connie", "K AA1 N IY0", "kˈɑni", "kˈɒni"),
        ("roberta", "R AH0 B ER1 T AH0", "ɹəbˈɜɹTə", "ɹəbˈɜːtə"),
        ("gordon", "G AO1 R D AH0 N", "ɡˈɔɹdᵊn", "ɡˈɔːdᵊn"),
        ("anne", "AE2 N", "ˈæn", "ˈan"),
    ],
)
def test_phones_of_both_accents(word: str, phones: str, us: str, gb: str) -> None:
    assert american(phones.split()) == us
    assert in_britain(word, us) == gb


@pytest.mark.parametrize(
    ("phones", "us"),
    [
        ("W AO1 T ER0 D", "wˈɔTəɹd"),
        ("AE1 D M AH0 N", "ˈædmən"),
        ("P AE1 T IH0 D", "pˈæTᵻd"),
        ("N AE1 SH AH0 Z", "nˈæʃᵻz"),
        ("K AE1 T AH0 L", "kˈæTᵊl"),
    ],
)
def test_the_dictionary_is_written_as_misaki_writes(phones: str, us: str) -> None:
    assert american(phones.split()) == us


@pytest.mark.parametrize(
    ("word", "us", "gb"),
    [
        ("watson", "wˈɑtsᵊn", "wˈɒtsᵊn"),
        ("walter", "wˈɔltəɹ", "wˈɔːltə"),
        ("washburn", "wˈɔʃbəɹn", "wˈɒʃbən"),
        ("larry", "lˈɛɹi", "lˈaɹi"),
        ("mary", "mˈɛɹi", "mˈɛːɹi"),
        ("jerry", "ʤˈɛɹi", "ʤˈɛɹi"),
        ("vera", "vˈɪɹə", "vˈɪəɹə"),
        ("miriam", "mˈɪɹiəm", "mˈɪɹɪəm"),
        ("doris", "dˈɔɹɪs", "dˈɒɹɪs"),
        ("nora", "nˈɔɹə", "nˈɔːɹə"),
        ("warren", "wˈɔɹən", "wˈɒɹən"),
        ("sara", "sˈɑɹə", "sˈɑːɹə"),
        ("murray", "mˈɜɹi", "mˈʌɹi"),
        ("mario", "mˈɑɹiO", "mˈɑːɹɪQ"),
        ("julia", "ʤˈuljə", "ʤˈuːlɪə"),
        ("duke", "dˈuk", "djˈuːk"),
        ("newman", "nˈumən", "njˈuːmən"),
        ("abdul", "æbdˈul", "abdˈuːl"),
        ("goldberg", "ɡˈOldbəɹɡ", "ɡˈQldbɜːɡ"),
        ("wilshire", "wˈɪlʃIɹ", "wˈɪlʃIə"),
        ("castiglione", "kɑstiɡliˈOni", "kɑːstiːɡlɪˈQni"),
    ],
)
def test_what_a_spelling_tells_about_british_vowels(word: str, us: str, gb: str) -> None:
    assert in_britain(word, us) == gb


def test_further_readings_of_a_word_follow_its_first(tmp_path: Path) -> None:
    path = tmp_path / "cmudict.dict"
    path.write_text(
        "curtis K ER1 T AH0 S # a note\ncurtis(2) K UH2 R T IY1 Z\ncurtis(3) K ER1 T AH0 S\n"
    )
    assert read_cmudict(path) == {"curtis": ["kˈɜɹTəs", "kˌʊɹtˈiz"]}


def test_weak_vowels_and_taps_are_no_difference() -> None:
    assert not compile_names.differ("ɹˈɑbəTˌə", "ɹˈɔbʌtə")
    assert compile_names.differ("ɹˈɑbəTə", "ɹɑbˈəTə")
    assert not compile_names.differ("kˈæɹəl", "kˈɛɹəl")
    assert compile_names.differ("hˈʌ", "hjˈu")


def test_only_words_that_would_be_misread_are_written(tmp_path: Path) -> None:
    known = {
        "hugo": "HH Y UW1 G OW2",  # in the lexicon
        "paris": "P EH1 R IH0 S",
        "mia": "M IY1 AH0",  # as the letters say
        "mczed": "M AH0 K Z AA1 D",
        "ganthi": "K AH1 V",
        "ganthis": "G AE1 N TH IH0 S",  # as its letters say, but it would be read as more than one ganthi
        "qzz": "B AA1",
        "ibx": "AY1 B IY1 EH1 K S",
        "vux": "B AA1",
        "vuxe": "B AA1",
        "wante": "B AA1",  # wanted would be a form of it
        "goblie": "G AA1 B UW0",  # no form of it is one of another word
        "bodie": "B OW1 D IY0",  # a frequent name: bodies are kept as they are
        "goblins": "B AA1",  # a form of a known word
    }
    lexicon = tmp_path / "plain"
    lexicon.mkdir()
    shutil.copy(DATA / "lexicon.bin", lexicon)
    (tmp_path / "cmudict.dict").write_text(
        "".join(f"{word} {phones} # a note\n" for word, phones in known.items())
    )
    lines = "".join(f"{name.upper()} 0.1 1 1\n" for name in ("mczed", "qzz", "ibx", "bodie"))
    for name, _ in compile_names.LISTS:
        (tmp_path / name).write_text(lines)
    table = tmp_path / "names.tsv"
    arguments = [str(tmp_path / "cmudict.dict"), str(tmp_path), "--lexicon", str(lexicon)]
    compile_names.main([*arguments, "--out", str(table)])
    header, *rows = table.read_text(encoding="utf-8").splitlines()
    assert header == compile_names.HEADER
    written = {row.split("\t")[0]: row for row in rows if row.split("\t")[0] in {*known, "bodies"}}
    assert [*written] == ["bodie", "bodies", "ganthi", "ganthis", "goblie", "mczed", "vuxe"]
    assert written["bodies"] == "bodies\tbˈɑdiz\tbˈɒdiz"
    assert written["mczed"] == "mczed\tməkzˈɑd\tməkzˈɑːd"
    assert written["vuxe"] == "vuxe\t~bˈɑ\t~bˈɑː"


def test_words_that_only_americans_have_are_written_for_britain(tmp_path: Path) -> None:
    us = {
        "Zennedy": Entry({"DEFAULT": "zˈɛnəti"}),
        "zold": Entry({"DEFAULT": "zˈOld"}),  # as its letters say
        "zeck": Entry({"DEFAULT": "zˈOl"}),  # zecked would be a form of it
        "zord": Entry({"DEFAULT": "zˈIp", "VERB": "zˈOl"}),
        "zed-zed": Entry({"DEFAULT": "zˈIp"}),
        "zork": Entry({"DEFAULT": "zˈɑɹdz"}, is_gold=False),
        "zecke": Entry({"DEFAULT": "zˈɛk"}),
    }
    gb = {"zecke": Entry({"DEFAULT": "zˈɛk"})}
    (tmp_path / "lexicon.bin").write_bytes(pack_lexicon(us, gb))
    assert compile_names.Plain(tmp_path).for_britain() == {
        "Zennedy": ("zˈɛnəti", "zˈɛnəti"),
        "zork": ("~zˈɑɹdz", "~zˈɑːdz"),
    }
    (tmp_path / "cmudict.dict").write_text("")
    for name, _ in compile_names.LISTS:
        (tmp_path / name).write_text("")
    table = tmp_path / "names.tsv"
    arguments = [str(tmp_path / "cmudict.dict"), str(tmp_path), "--lexicon", str(tmp_path)]
    compile_names.main([*arguments, "--out", str(table)])
    assert table.read_text(encoding="utf-8").splitlines()[1:] == [
        "Zennedy\tzˈɛnəti\tzˈɛnəti",
        "zork\t~zˈɑɹdz\t~zˈɑːdz",
    ]


def test_names_are_added_where_an_accent_lacks_them(tmp_path: Path) -> None:
    table = tmp_path / "names.tsv"
    table.write_text(
        "# a note\nhugh\thjˈu\thjˈuː\nvuxe\t~bˈɑ\t~bˈɑː\nOther\tˈO\tˈQ\n", encoding="utf-8"
    )
    us, gb = {"Other": Entry({"DEFAULT": "ˈʌðəɹ"})}, {"Hugh": Entry({"DEFAULT": "hjˈuːː"})}
    compile_lexicon.add_names(table, (us, gb))
    (tmp_path / "lexicon.bin").write_bytes(pack_lexicon(us, gb))
    in_us = dict(LexiconFile(tmp_path / "lexicon.bin", "us").entries())
    in_gb = dict(LexiconFile(tmp_path / "lexicon.bin", "gb").entries())
    assert in_us.keys() == {"Other", "hugh", "vuxe"}
    assert in_us["hugh"] == Entry({"DEFAULT": "hjˈu"}, is_gold=True)
    assert in_us["Other"] == Entry({"DEFAULT": "ˈʌðəɹ"})
    assert in_gb.keys() == {"Hugh", "Other", "vuxe"}
    assert in_gb["Hugh"] == Entry({"DEFAULT": "hjˈuːː"})
    assert in_gb["vuxe"] == Entry({"DEFAULT": "bˈɑː"}, is_gold=False)


def test_the_table_of_the_package() -> None:
    header, *rows = compile_names.TABLE.read_text(encoding="utf-8").splitlines()
    words = [row.split("\t")[0] for row in rows]
    assert header == compile_names.HEADER
    assert words == sorted(set(words))
    assert len(words) > 25_000
    assert not compile_names.LEFT_OUT & set(words)
    assert not more_words("us").keys() & set(words)
    assert all(shipped_lexicon(accent).find(words[7000]) for accent in ("us", "gb"))


@pytest.mark.parametrize(
    ("text", "us", "gb"),
    [
        ("Hugh and Patricia's", "hjˈu ænd pətɹˈɪʃəz", "hjˈuː and pətɹˈɪʃəz"),
        ("Neil McKenzie", "nˈil məkˈɛnzi", "nˈiːl məkˈɛnzi"),
        ("McBride or Mcbride", "məkbɹˈId ɔɹ məkbɹˈId", "məkbɹˈId ɔː məkbɹˈId"),
        ("CATHERINE", "kˈæθəɹən", "kˈaθəɹən"),
        ("DeLuca", "dɪlˈukə", "dɪlˈuːkə"),
        ("Curtis", "kˈɜɹTəs", "kˈɜːtɪs"),
        ("Kennedy", "kˈɛnədi", "kˈɛnədi"),
    ],
)
def test_names_are_read(text: str, us: str, gb: str) -> None:
    assert " ".join(EnglishPhones("us")(text.split())) == us
    assert " ".join(EnglishPhones("gb")(text.split())) == gb
