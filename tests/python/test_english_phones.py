"""English words to phones: lexicon, readings in context, weak forms, endings, unknown words."""

from __future__ import annotations

import time
import zlib

import numpy as np
import pytest

from muspeaker.config import SYMBOLS
from muspeaker.text.english.accents import without_accents
from muspeaker.text.english.reader import EnglishPhones
from muspeaker.text.english.tokens import english_accent, english_tokens
from muspeaker.text.english.words import groups, tagged_pieces
from muspeaker.text.feature_weights import NUM_BUCKETS
from muspeaker.text.letter_to_sound import shipped_letter_to_sound
from muspeaker.text.lexicon import DATA, Lexicon, shipped_lexicon
from muspeaker.text.lexicon_file import (
    ENTRIES_PER_BLOCK,
    Entry,
    LexiconFile,
    british,
    pack_lexicon,
)
from muspeaker.text.phone_sets import MISAKI_SYMBOLS, parse_word
from muspeaker.text.phonemize import canonical_language, tokens, tokens_batch
from muspeaker.text.tagger import features, pair_feature, shipped_tagger


def say(text, accent="us"):
    return " ".join(phones for phones in EnglishPhones(accent)(text.split()) if phones)


# The file format.


def test_a_lexicon_file_gives_back_what_was_packed(tmp_path):
    words = [f"{a}{b}{c}" for a in "abcXY" for b in "aeiou" for c in ("", "n", "n'T", "-up")]
    entries = {
        word: Entry({"DEFAULT": f"kˈ{index % 7}ɹ", "VERB": None}, is_gold=index % 3 > 0)
        if index % 2
        else Entry({"DEFAULT": "ʤˈæm"}, is_gold=index % 3 > 0)
        for index, word in enumerate(words)
    }
    others = {
        word: Entry(
            {"DEFAULT": british(entry.readings["DEFAULT"]) + "kˈ"[: index % 3]}, index % 5 > 0
        )
        if len(entry.readings) == 1
        else entry
        for index, (word, entry) in enumerate(entries.items())
        if index % 7
    } | {"bap": Entry({"DEFAULT": "bˈap"}), "beep": Entry({"DEFAULT": "bˈip", "NOUN": None})}
    path = tmp_path / "lexicon.bin"
    path.write_bytes(pack_lexicon(entries, others))
    for accent, expected in (("us", entries), ("gb", others)):
        lexicon = LexiconFile(path, accent)
        assert dict(lexicon.entries()) == expected
        assert all(lexicon.find(word) == expected.get(word) for word in entries | others)
        assert lexicon.find("zzz") is None
        assert lexicon.find("") is None
        assert lexicon.find("ba\tn") is None


@pytest.mark.parametrize(
    ("american", "spoken"),
    [
        ("~dɪskˈæTəɹ", "~dɪskˈatə"),
        ("tˈi", "tˈiː"),
        ("tˈæbi", "tˈabi"),
        ("hˌælOpˈɛəɹədɔl", "hˌalQpˈɛəɹədɔːl"),
        ("fjˈuməɡˌAt", "fjˈuːməɡAt"),
        ("~ʌnbˈɛɹz", "~ʌnbˈɛːz"),
        ("DEFAULT=T;VERB=O", "DEFAULT=T;VERB=O"),
    ],
)
def test_the_british_reading_is_guessed(american, spoken):
    assert british(american) == spoken


@pytest.mark.parametrize("word", ["caf\u00e9", "a\nb", "a\tb"])
def test_a_word_that_the_format_cannot_hold_is_refused(word):
    with pytest.raises(ValueError, match="no word of a lexicon"):
        pack_lexicon({word: Entry({"DEFAULT": "ˈA"})}, {})


def test_a_damaged_lexicon_file_is_refused(tmp_path):
    whole = pack_lexicon({"a": Entry({"DEFAULT": "ˈA"})}, {})
    two_blocks = pack_lexicon(
        {f"a{n:03}": Entry({"DEFAULT": "ˈA"}) for n in range(ENTRIES_PER_BLOCK + 1)}, {}
    )
    keys = b"a000\na%03d" % ENTRIES_PER_BLOCK
    assert two_blocks.count(keys) == 1
    for name, data in {
        "short": whole[:-2],
        "foreign": b"RIFF" + whole[4:],
        "older": b"MSLEX002" + whole[8:],
        "one key for two blocks": two_blocks.replace(keys, keys.replace(b"\n", b"-")),
        "stub": whole[:12],
    }.items():
        path = tmp_path / name
        path.write_bytes(data)
        with pytest.raises(ValueError, match=r"no lexicon file|cut short"):
            LexiconFile(path, "us")


def test_a_missing_lexicon_says_how_it_is_made(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"Lexicon\.cmake"):
        Lexicon("us", tmp_path)


# The shipped data.


@pytest.mark.parametrize("accent", ["us", "gb"])
def test_every_reading_of_the_lexicon_is_in_the_inventory(accent):
    entries = LexiconFile(DATA / "lexicon.bin", accent).entries()
    for number, (_, entry) in enumerate(entries):
        if number % 40 == 0:
            for reading in entry.readings.values():
                assert reading is None or parse_word(reading)


@pytest.mark.parametrize("accent", ["us", "gb"])
def test_words_of_the_shipped_lexicon_are_found_as_they_stand_in_it(accent):
    lexicon = LexiconFile(DATA / "lexicon.bin", accent)
    entries = list(LexiconFile(DATA / "lexicon.bin", accent).entries())
    for word, entry in [*entries[::50], entries[-1]]:
        assert lexicon.find(word) == entry


def test_a_word_is_found_with_either_first_letter():
    lexicon = shipped_lexicon("us")
    assert lexicon.find("hello") == lexicon.find("Hello")
    assert lexicon.find("paris") == lexicon.find("Paris")
    assert lexicon.find("HELLO") is None


@pytest.mark.parametrize(
    ("text", "us", "gb"),
    [
        ("hello", "həlˈO", "həlˈQ"),
        ("water", "wˈɔTəɹ", "wˈɔːtə"),
        ("day", "dˈA", "dˈA"),
        ("bath", "bˈæθ", "bˈɑːθ"),
    ],
)
def test_words_have_the_phones_of_the_accent(text, us, gb):
    assert say(text) == us
    assert say(text, "gb") == gb


# Two readings.


@pytest.mark.parametrize(
    ("text", "word", "phones"),
    [
        ("I read a book yesterday .", 1, "ɹˈɛd"),
        ("I will read a book .", 2, "ɹˈid"),
        ("They live near here .", 1, "lˈɪv"),
        ("These are live wires .", 2, "lˈIv"),
        ("Please close the door .", 1, "klˈOz"),
        ("The wind is cold .", 1, "wˈɪnd"),
        ("You must wind the clock .", 2, "wˈInd"),
        ("Wind the clock .", 0, "wˈInd"),
        ("Wind is cold .", 0, "wˈɪnd"),
        ("Present the award .", 0, "pɹizˈɛnt"),
        ("We use it .", 1, "jˈuz"),
        ("It is of no use .", 4, "jˈus"),
        ("Do not tear it .", 2, "tˈɛɹ"),
        ("She broke the record .", 3, "ɹˈɛkəɹd"),
        ("They object to the plan .", 1, "əbʤˈɛkt"),
        ("The object is heavy .", 1, "ˈɑbʤəkt"),
    ],
)
def test_the_sentence_decides_between_two_readings(text, word, phones):
    assert EnglishPhones("us")(text.split())[word] == phones


def test_the_tagger_tells_verbs_from_nouns():
    tagger = shipped_tagger()
    assert tagger(["They", "run", "every", "day", "."])[1].startswith("VB")
    assert tagger(["The", "run", "was", "long", "."])[1].startswith("NN")
    assert tagger([]) == []


def test_the_features_of_words_are_those_that_the_tagger_was_trained_with():
    words = ["Zoë", "read", "it", "."]
    expected = (
        "b", "wread", "sead", "tad", "prea", "caFalse", "-zoë", "=-START-", "+it", "*.", "eit", "fzoë", "zoë read", "read it"
    )  # fmt: skip
    assert features(words)[1] == [zlib.crc32(feature.encode()) for feature in expected]
    assert features(words)[0][5:8] == [
        zlib.crc32(f) for f in (b"cAaTrue", b"--START-", b"=-START-")
    ]
    assert pair_feature("NN", "zoë") == zlib.crc32("3NN zoë".encode())


def test_weights_are_found_alone_as_together():
    weights = shipped_tagger().weights
    kept = [int(bucket) for bucket in weights.buckets[[0, 7, -1]]]
    for key in (*kept, kept[0] + NUM_BUCKETS, kept[-1] + 1):
        row = weights.row(key)
        alone = np.zeros(len(weights.names)) if row is None else row
        assert alone.tolist() == weights.scores(np.array([key])).tolist()
    assert weights.row(kept[1]) is not None


# Weak forms.


@pytest.mark.parametrize(
    ("text", "phones"),
    [
        ("the apple", "ði ˈæpᵊl"),
        ("the pear", "ðə pˈɛɹ"),
        ("a pear", "ɐ pˈɛɹ"),
        ("go to town", "ɡˌO tə tˈWn"),
        ("go to Austria", "ɡˌO tʊ ˈɔstɹiə"),
        ("he used to go", "hi jˈust tə ɡˌO"),
        ("he used it", "hi jˈuzd ɪt"),
    ],
)
def test_small_words_follow_their_neighbours(text, phones):
    assert say(text) == phones


def test_a_pause_ends_the_influence_of_what_follows():
    reader = EnglishPhones("us")
    assert reader(["come", "to", ",", "uncle"])[1] == "tu"
    assert reader(["come", "to", "uncle"])[1] == "tʊ"


# Endings and made-up words.


@pytest.mark.parametrize(
    ("word", "us", "gb"),
    [
        ("blorps", "s", "s"),
        ("blorped", "t", "t"),
        ("blorping", "ɪŋ", "ɪŋ"),
    ],
)
def test_endings_follow_the_last_sound_of_the_stem(word, us, gb, tmp_path):
    entries = {"blorp": Entry({"DEFAULT": "blˈɔɹp"})}
    for accent, ending in (("us", us), ("gb", gb)):
        (tmp_path / "lexicon.bin").write_bytes(pack_lexicon(entries, entries))
        reader = EnglishPhones(accent, Lexicon(accent, tmp_path))
        assert reader([word]) == [f"blˈɔɹp{ending}"]


@pytest.mark.parametrize(
    ("stem", "word", "us", "gb"),
    [
        ("flɪt", "flits", "flɪts", "flɪts"),
        ("flɪt", "flitted", "flɪTᵻd", "flɪtɪd"),
        ("flɪt", "flitting", "flɪTɪŋ", "flɪtɪŋ"),
        ("mɛs", "flites", "mɛsᵻz", "mɛsɪz"),
        ("ɹId", "flited", "ɹIdᵻd", "ɹIdɪd"),
    ],
)
def test_endings_of_an_accent(stem, word, us, gb, tmp_path):
    base = "flite" if word in {"flites", "flited"} else "flit"
    for accent, phones in (("us", us), ("gb", gb)):
        entries = {base: Entry({"DEFAULT": stem}), "flitt": Entry({"DEFAULT": stem})}
        (tmp_path / "lexicon.bin").write_bytes(pack_lexicon(entries, entries))
        heard = EnglishPhones(accent, Lexicon(accent, tmp_path))([word])[0]
        assert heard.replace("ˌ", "") == phones


@pytest.mark.parametrize(
    ("text", "phones"),
    [
        ("well-known", "wˌɛlnˈOn"),
        ("mother-in-law", "mˈʌðəɹənlˌɔ"),
        ("FBI", "ˌɛfbˌiˈI"),
        ("U.S.", "jˌuˈɛs"),
        ("HELLO", "həlˈO"),
        ("café", "kæfˈA"),
        ("James'", "ʤˈAmz"),
        ("don’t", "dˈOnt"),
        ("iPhone", "ˈIfˌOn"),
        ("12", "wˈʌn tˈu"),
        ("salt & pepper", "sˈɔlt ænd pˈɛpəɹ"),
    ],
)
def test_compounds_initials_and_signs(text, phones):
    assert say(text) == phones


@pytest.mark.parametrize("accent", ["us", "gb"])
def test_unknown_words_are_read_by_their_letters(accent):
    reads = shipped_letter_to_sound(accent)
    for word in ("blorptastic", "Zynthia", "o'flarnigan", "x" * 90, "qqq"):
        phones = reads(word)
        assert phones
        assert parse_word(phones)
    assert reads("blorptastic").count("ˈ") == 1
    assert reads("123") == ""
    assert say("grimbling blick").count(" ") == 1


def test_unknown_words_sound_like_words_that_are_spelled_so():
    reads = shipped_letter_to_sound("us")
    assert reads("blick").replace("ˈ", "") == "blɪk"
    assert reads("snade").replace("ˈ", "") == "snAd"


# Pieces and tokens.


def test_pieces_keep_their_places():
    text = "“Don’t!” said O'Neil—well-known."
    pieces = tagged_pieces(text)
    assert [p.text for p in pieces if p.is_word] == ["Don't", "said", "O'Neil", "well", "known"]
    assert all(len(p.text) == p.end - p.start for p in pieces)
    written = [text[pieces[g[0]].start : pieces[g[-1]].end] for g in groups(pieces)]
    assert "well-known" in written
    assert without_accents("Ærøskøbing café Łódź") == "Aeroskobing cafe Lodz"


def test_words_stand_with_their_phones_whatever_marks_they_carry():
    spoken = EnglishPhones("us")(["Hello,", "(the)", "“end”", "!", "…"])
    assert spoken == ["həlˈO", "ðə", "ˈɛnd", "", ""]


def test_a_sentence_becomes_tokens():
    t = english_tokens("The cat, well-known, sat.", "us")
    names = [MISAKI_SYMBOLS[i] for i in t.phones]
    assert names[0] == names[-1] == "_"
    assert names.count(",") == 2
    assert names[-2] == "."
    assert [w.text for w in t.words] == ["The", "cat", "well-known", "sat"]
    assert [w.mark for w in t.words] == ["", ",", ",", "."]
    for word in t.words:
        assert t.boundaries[word.start] == 1
        assert np.all(t.boundaries[word.start + 1 : word.end] == 0)


@pytest.mark.parametrize(
    "text",
    ["a-" * 2000, "aB" * 2000, "-" * 4000, "'" * 4000, "1" * 4000, "x" * 4000, "语" * 4000, "a.b" * 1300, "\ufdfa" * 99],
    ids=["compound", "case", "hyphens", "quotes", "digits", "letters", "foreign", "initials", "ligature"],
)  # fmt: skip
def test_no_text_takes_long(text):
    start = time.process_time()
    english_tokens(text, "us")
    # Far above what it takes; without limits a long compound takes minutes.
    assert time.process_time() - start < 10


def test_the_symbols_choose_the_reader():
    ours = tokens_batch(["Hello."], "en-us", MISAKI_SYMBOLS)[0]
    assert ours.phones.tolist() == english_tokens("Hello.", "us").phones.tolist()
    british = tokens("Hello.", "en-gb", MISAKI_SYMBOLS)
    assert MISAKI_SYMBOLS[british.phones[4]] == "Q"
    given = tokens("həlˈO.", "en-us", MISAKI_SYMBOLS, phonemes=True)
    assert given.phones.tolist() == ours.phones.tolist()
    assert tokens("Hello.", "en-us", SYMBOLS).phones.tolist() != ours.phones.tolist()
    with pytest.raises(ValueError, match="expected English"):
        tokens("Hallo.", "de", MISAKI_SYMBOLS)


def test_english_needs_no_espeak(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "espeakng_loader", None)
    from muspeaker.text import phonemize  # noqa: PLC0415  (after the package is hidden)

    phonemize._wrapper_class.cache_clear()
    phonemize.available_languages.cache_clear()
    assert canonical_language("EN_us") == "en-us"
    assert tokens("Hello.", canonical_language("en"), MISAKI_SYMBOLS).has_speech
    with pytest.raises(RuntimeError, match=r"muspeaker\[espeak\]"):
        canonical_language("de")


def test_english_tags_have_an_accent():
    assert english_accent("en-US") == english_accent("en") == "us"
    assert english_accent("en-gb-scotland") == "gb"
