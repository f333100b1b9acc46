"""Manifests: what is read, what is refused, what is held out."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from muspeaker.config import SYMBOLS
from muspeaker.train.corpus import phones as corpus_phones
from muspeaker.train.corpus.manifest import (
    plain_words,
    read_manifest,
    read_sources,
    with_notes,
    without_texts,
)
from muspeaker.train.corpus.phones import phonemized_as, token_ids


def write(path, *rows):
    path.write_text("".join("\t".join(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_read_manifest(tmp_path):
    folder = tmp_path / "voices"
    folder.mkdir()
    manifest = write(
        folder / "manifest.tsv",
        ("id", "speaker", "gender", "language", "sample_rate", "path", "text"),
        ("a1", "anna", "F", "en-us", "16000", "a/1.flac", ' Say "yes" now. '),
        ("b1", "ben", "", "en-us", "", "b1.wav", ""),
    )
    anna, ben = read_manifest(manifest)
    assert (anna.id, anna.speaker, anna.gender, anna.rate_hz) == ("a1", "anna", "F", 16000)
    assert anna.text == 'Say "yes" now.'
    assert anna.path == folder / "a" / "1.flac"
    assert anna.source == "voices"
    assert (ben.gender, ben.rate_hz, ben.text) == ("", 0, "")


@pytest.mark.parametrize("rows", [[("id", "speaker", "path"), ("a", "b", "c")], []])
def test_read_manifest_names_the_missing_columns(tmp_path, rows):
    manifest = write(tmp_path / "manifest.tsv", *rows)
    with pytest.raises(
        ValueError, match=r"manifest\.tsv: expected the columns .*'language'.*'text'"
    ):
        read_manifest(manifest)


def test_read_manifest_needs_the_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_manifest(tmp_path / "none.tsv")


FULL = ("id", "speaker", "language", "path", "text", "weight", "bandwidth", "certain", "phones",
        "durations")  # fmt: skip
PLAIN = ("a1", "anna", "en-us", "a1.wav", "Hi.")


def test_read_manifest_takes_what_is_known_of_each_clip(tmp_path):
    manifest = write(
        tmp_path / "manifest.tsv",
        FULL,
        (*PLAIN, "0.25", "7600", "1", "hˈI.", "3 2 1 9 4 1"),
        (*PLAIN, "", "", "", "", ""),
    )
    known, plain = read_manifest(manifest)
    assert (known.weight, known.band_hz, known.certain) == (0.25, 7600, True)
    assert (known.phones, known.durations) == ("hˈI.", (3, 2, 1, 9, 4, 1))
    assert (plain.weight, plain.band_hz, plain.certain) == (1, 0, False)
    assert (plain.phones, plain.durations) == ("", ())


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (("heavy", "", "", "", ""), "line 3: expected a weight of 0 or more, got 'heavy'"),
        (("-1", "", "", "", ""), "line 3: expected a weight of 0 or more, got '-1'"),
        (("", "inf", "", "", ""), "line 3: expected a bandwidth of 0 or more, got 'inf'"),
        (("", "", "perhaps", "", ""), "line 3: expected 1 or 0 as certain, got 'perhaps'"),
        (("", "", "", "ab", "1 2 3"), "line 3: expected 4 durations, of 2 characters .* got 3"),
        (("", "", "", "ab", "1 2 x 4"), "line 3: expected whole numbers of frames"),
    ],
)
def test_read_manifest_says_which_cell_is_wrong(tmp_path, cells, message):
    fine = (*PLAIN, "", "", "", "", "")
    manifest = write(tmp_path / "manifest.tsv", FULL, fine, (*PLAIN, *cells))
    with pytest.raises(ValueError, match=message):
        read_manifest(manifest)


def test_a_table_of_sources_goes_before_the_manifest(tmp_path):
    manifest = write(
        tmp_path / "manifest.tsv",
        ("id", "source", "speaker", "language", "path", "text", "weight", "certain"),
        ("1", "orders", "a", "en-us", "1.wav", "One.", "2", "1"),
        ("2", "studio", "a", "en-us", "2.wav", "Two.", "3", "0"),
        ("3", "other", "a", "en-us", "3.wav", "Three.", "4", "1"),
    )
    table = write(
        tmp_path / "sources.tsv",
        ("source", "weight", "bandwidth", "certain"),
        ("orders", "0.25", "", "0"),
        ("studio", "", "10000", "1"),
    )
    orders, studio, other = with_notes(read_manifest(manifest), read_sources(table))
    assert (orders.weight, orders.band_hz, orders.certain) == (0.25, 0, False)
    assert (studio.weight, studio.band_hz, studio.certain) == (3, 10000, True)
    assert (other.weight, other.band_hz, other.certain) == (4, 0, True)


def test_a_table_of_sources_needs_sources(tmp_path):
    table = write(tmp_path / "sources.tsv", ("corpus", "weight"), ("a", "1"))
    with pytest.raises(ValueError, match="expected the column 'source'"):
        read_sources(table)


def test_the_table_of_the_corpora_at_hand_is_read():
    notes = read_sources(Path(__file__).parents[2] / "tools" / "sources.tsv")
    assert notes["picovoice_barista"].weight == 0.25
    assert [name for name, note in notes.items() if note.certain] == [
        "speechocean762", "librispeech_tc100",
    ]  # fmt: skip


def test_texts_are_normalised_by_the_rules_of_their_own_language(monkeypatch):
    heard = []
    monkeypatch.setattr(
        corpus_phones, "normalize", lambda text, language: heard.append((text, language)) or text
    )
    clips = [
        SimpleNamespace(id=str(n), text="Am 3. Mai.", frames=99, language=language)
        for n, language in enumerate(("en-US", "de-DE"))
    ]
    ids, left_out = token_ids(SimpleNamespace(clips=clips), SYMBOLS)
    assert sorted(heard) == [("Am 3. Mai.", "de"), ("Am 3. Mai.", "en-us")]
    assert sorted(ids) == [0, 1]
    assert not left_out


def test_english_rules_do_not_reach_german():
    clips = [
        SimpleNamespace(id=str(n), text=text, frames=300, language="de")
        for n, text in enumerate(("Das kostet $5.", "Das kostet 5 dollars."))
    ]
    ids, _ = token_ids(SimpleNamespace(clips=clips), SYMBOLS)
    assert ids[0].shape != ids[1].shape or (ids[0] != ids[1]).any()


def test_plain_words():
    assert plain_words("  Don't -- stop,\tNOW! 7 ") == "don't stop now"


def test_without_texts_compares_words(tmp_path):
    manifest = write(
        tmp_path / "manifest.tsv",
        ("id", "speaker", "language", "path", "text"),
        ("1", "a", "en-us", "1.wav", "Call me, tomorrow!"),
        ("2", "a", "en-us", "2.wav", "Call me today."),
    )
    held_out = write(tmp_path / "dev.tsv", ("name", "text"), ("x", "call me tomorrow"))
    kept = without_texts(read_manifest(manifest), held_out)
    assert [u.id for u in kept] == ["2"]


@pytest.mark.parametrize(
    ("tag", "phones"),
    [
        ("en-US", "en-us"),
        ("en-zh", "en-us"),
        ("en_GB", "en-gb"),
        ("de-AT-Wien", "de"),
        ("zh-CN", "cmn"),
    ],
)
def test_accents_that_no_phonemizer_knows(tag, phones):
    assert phonemized_as(tag) == phones


@pytest.mark.parametrize("tag", ["", "xx-yy", "klingon"])
def test_languages_that_nobody_knows_are_named_whole(tag):
    with pytest.raises(ValueError, match=f"unknown language '{tag}'"):
        phonemized_as(tag)
