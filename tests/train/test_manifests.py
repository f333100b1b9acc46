"""Manifests: what is read, what is refused, what is held out."""

from __future__ import annotations

import pytest

from muspeaker.train.corpus.corpora import plain_words, read_manifest, without_texts
from muspeaker.train.corpus.phones import phonemized_as


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
    [("en-US", "en-us"), ("en-zh", "en-us"), ("en_GB", "en-gb"), ("de-AT-Wien", "de")],
)
def test_accents_that_no_phonemizer_knows(tag, phones):
    assert phonemized_as(tag) == phones


@pytest.mark.parametrize("tag", ["", "xx-yy", "klingon"])
def test_languages_that_nobody_knows_are_named_whole(tag):
    with pytest.raises(ValueError, match=f"unknown language '{tag}'"):
        phonemized_as(tag)
