"""Words that the lexicon lacks: made of others by affixes, possessives of names, drawn out, and initials."""

from __future__ import annotations

import re

import pytest

from muspeaker.text.english import affixes
from muspeaker.text.english.dictionary import Dictionary
from muspeaker.text.english.endings import stem_of_past
from muspeaker.text.english.last_vowels import with_last_vowel
from muspeaker.text.english.place_names import place_in_britain
from muspeaker.text.english.reader import EnglishPhones
from muspeaker.text.english.weak_forms import Context
from muspeaker.text.lexicon import shipped_lexicon
from muspeaker.text.phone_sets import parse_word


def say(text, accent="us"):
    return " ".join(phones for phones in EnglishPhones(accent)(text.split()) if phones)


@pytest.mark.parametrize(
    ("word", "us", "gb"),
    [
        ("nightliness", "nˈItlinəs", "nˈItlɪnɪs"),
        ("blenderhood", "blˈɛndəɹhˌʊd", "blˈɛndəhʊd"),
        ("splendorless", "splˈɛndəɹləs", "splˈɛndəlɪs"),
        ("midgetship", "mˈɪʤətʃˌɪp", "mˈɪʤɪtʃɪp"),
        ("midgetships", "mˈɪʤətʃˌɪps", "mˈɪʤɪtʃɪps"),
        ("unblinkingnesses", "ˌʌnblˈɪŋkɪŋnəsᵻz", "ʌnblˈɪŋkɪŋnɪsɪz"),
        ("spelllike", "spˈɛllˌIk", "spˈɛllˌIk"),
        ("horrorist", "hˈɔɹəɹɪst", "hˈɒɹəɹɪst"),
        ("scareable", "skˈɛɹəbᵊl", "skˈɛːɹəbᵊl"),
        ("pacifiable", "pˈæsəfˌIəbᵊl", "pˈasɪfIəbᵊl"),
        ("overeager", "ˌOvəɹˈiɡəɹ", "ˌQvəɹˈiːɡə"),
        ("overclever", "ˌOvəɹklˈɛvəɹ", "ˌQvəklˈɛvə"),
        ("counterspell", "kˌWntəɹspˈɛl", "kˌWntəspˈɛl"),
        ("nonglossy", "nˌɑŋɡlˈɔsi", "nˌɒŋɡlˈɒsi"),
        ("nonruminants", "nˌɑnɹˈumənənts", "nˌɒnɹˈuːmɪnənts"),
        ("Unlaughable", "ʌnlˈæfəbᵊl", "ˌʌnlˈɑːfəbᵊl"),
        ("UNLAUGHABLE", "ʌnlˈæfəbᵊl", "ˌʌnlˈɑːfəbᵊl"),
    ],
)
def test_words_with_a_prefix_or_suffix(word, us, gb):
    assert say(word) == us
    assert say(word, "gb") == gb


@pytest.mark.parametrize("accent", ["us", "gb"])
@pytest.mark.parametrize("affix", [*affixes._SUFFIXES, *affixes._PREFIXES])
def test_affixes_are_phones_of_the_inventory(affix, accent):
    british = accent == "gb"
    table = affixes._SUFFIXES if affix in affixes._SUFFIXES else affixes._PREFIXES
    assert parse_word(table[affix][british])
    words = {"kindle": "kˈɪndᵊl"}
    word = f"kindle{affix}" if table is affixes._SUFFIXES else f"{affix}kindle"
    phones = affixes.with_affix(word, words.get, british=british)
    assert phones
    assert phones.count("ˈ") == 1
    assert affixes.with_affix(word, {}.get, british=british) is None


@pytest.mark.parametrize("word", ["Disney", "Overton", "understand", "Unger", "harness", "Fitness"])
def test_a_word_of_the_lexicon_and_a_short_one_have_no_affix(word):
    entry = shipped_lexicon("us").find(word)
    known = Dictionary("us").read(word, "NN", Context())
    assert entry is not None or known is None


@pytest.mark.parametrize(
    ("word", "stem"), [("pacified", "pacify"), ("died", None), ("tied", None), ("zied", None)]
)
def test_the_past_of_a_word_with_y(word, stem):
    assert stem_of_past(word, {"pacify", "dy", "ty"}.__contains__) == stem


@pytest.mark.parametrize("accent", ["us", "gb"])
@pytest.mark.parametrize("name", ["Zarmok", "Keshanna", "Dennaz", "Tolvith"])
def test_possessives_of_unknown_names_are_the_names_with_s(name, accent):
    reader = EnglishPhones(accent)
    (alone,) = reader([name])
    ends = (
        "s" if alone[-1] in "kθ" else ("ᵻz" if accent == "us" else "ɪz") * (alone[-1] == "z") or "z"
    )
    assert reader([f"{name}'s"]) == [alone + ends]
    assert reader([f"{name}'"]) == [alone]


@pytest.mark.parametrize(
    ("text", "us"),
    [
        ("pleeease", "plˈiz"),
        ("goood", "ɡˈʊd"),
        ("heyyyy", "hˈA"),
        ("shhhh", "ʃ"),
        ("nooo's", "nˈOz"),
    ],
)
def test_a_letter_is_drawn_out(text, us):
    assert say(text) == us


@pytest.mark.parametrize(
    ("text", "us"),
    [
        ("xml", "ˌɛksˌɛmˈɛl"),
        ("dvds", "dˌivˌidˈiz"),
        ("dvd's", "dˌivˌidˈiz"),
        ("pcs", "pˌisˈiz"),
        ("psst", "pst"),
        ("nth", "ˈɛnθ"),
        ("th' house", "ðə hˈWs"),
        ("you ll see", "ju ᵊl sˈi"),
    ],
)
def test_small_letters_without_a_vowel_are_initials(text, us):
    assert say(text) == us


@pytest.mark.parametrize(
    ("word", "us", "gb"),
    [
        ("McFee's", "məkfˈiz", "məkfˈiːz"),
        ("McQuirk", "məkwˈɜɹk", "məkwˈɜːk"),
        ("DualDisc", "dˌuəldˈɪsk", "djˈuːəldˌɪsk"),
    ],
)
def test_capitals_inside_of_a_word(word, us, gb):
    assert say(word) == us
    assert say(word, "gb") == gb


@pytest.mark.parametrize(
    ("word", "us", "gb"),
    [
        ("Birmingham", "bˈɜɹmɪŋhˌæm", "bˈɜːmɪŋəm"),
        ("Banbury", "bˈænbˌɛɹi", "bˈanbəɹi"),
        ("Marlborough", "mˈɑɹlbəɹO", "mˈɑːlbəɹə"),
        ("Zagenham's", "zˈAɡənhəmz", "zˈAɡənəmz"),
    ],
)
def test_ends_of_english_places(word, us, gb):
    assert say(word) == us
    assert say(word, "gb") == gb


def test_what_only_looks_like_the_end_of_a_place_stays():
    assert place_in_britain("sham", "ʃˈam") == "ʃˈam"
    assert place_in_britain("ham", "hˈam") == "hˈam"
    assert place_in_britain("gotham", "ɡˈɒθəm") == "ɡˈɒθəm"
    assert place_in_britain("marlborough", "mˈɑːlbəɹQ") == "mˈɑːlbəɹə"


@pytest.mark.parametrize(
    ("word", "lost", "us", "gb"),
    [
        ("gumtree", "ɡˈʌmtɹ", "ɡˈʌmtɹi", "ɡˈʌmtɹiː"),
        ("aspell", "ˈæspl", "ˈæspɛl", "ˈæspɛl"),
        ("willenhall", "wˈɪlənhl", "wˈɪlənhᵊl", "wˈɪlənhᵊl"),
        ("seafloor", "sˈiflɹ", "sˈifləɹ", "sˈiflə"),
        ("carl", "kˈɑɹl", "kˈɑɹl", "kˈɑɹl"),
        ("committee", "kəmˈɪTi", "kəmˈɪTi", "kəmˈɪTi"),
    ],
)
def test_the_last_vowel_is_not_lost(word, lost, us, gb):
    assert with_last_vowel(word, lost, "us") == us
    assert with_last_vowel(word, lost, "gb") == gb


@pytest.mark.parametrize("word", ["gumtree", "axletree", "Aspell", "Willenhall", "seafloor"])
@pytest.mark.parametrize("accent", ["us", "gb"])
def test_no_word_ends_in_consonants_that_nobody_can_say(word, accent):
    assert not re.search("[bdfhkmnpstvz](?:l|ɹ)$", say(word, accent))


def test_frequent_names_are_no_initials_in_capitals():
    words = ["I", "met", "DONALD", "and", "MCCARTNEY", "there", "."]
    spoken = EnglishPhones("us")(words)
    assert (spoken[2], spoken[4]) == ("dˈɑnəld", "məkˈɑɹtni")


def test_initials_are_no_parts_of_names():
    assert (
        EnglishPhones("us")(["The", "DE", "team", "likes", "Charles", "de", "Gaulle", "."])[1]
        == "dˌiˈi"
    )
    assert EnglishPhones("us")(["Charles", "de", "Gaulle", "."])[1] == "də"


@pytest.mark.parametrize(("word", "us"), [("ZANE'S", "zˈAnz"), ("zorb's", "zˈɔɹbz")])
def test_a_possessive_of_an_unknown_name_in_any_case(word, us):
    assert EnglishPhones("us")(["the", word, "house", "."])[1] == us
