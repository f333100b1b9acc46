"""Edits of a judged set: files and texts that belong together."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

import muspeaker
from tools.edit_trials import EDITS, edit_all, read_rows

TEXT, NEW = "We like green tea in the morning.", "We like black tea in the morning."


@pytest.fixture
def judged(tmp_path):
    """A set of one row."""
    speech = muspeaker.load(num_threads=1).synthesize(TEXT)
    speech.save(tmp_path / "a.wav", bits=16)
    head = "id\tspeaker\tprompt\ttarget\ttext\n"
    (tmp_path / "trials.tsv").write_text(f"{head}a\tanna\ta.wav\ta.wav\t{TEXT}\n")
    (tmp_path / "edits.tsv").write_text(f"a\t{NEW}\n")
    return tmp_path


def test_edits_and_clones(judged, tmp_path):
    assert edit_all(judged, tmp_path / "out", judged / "edits.tsv", num_threads=1) == 1
    row = read_rows(tmp_path / "out" / "trials.tsv")["a"]
    assert row["text"] == NEW
    old, _ = soundfile.read(row["target"], dtype="int16")
    edited, _ = soundfile.read(tmp_path / "out" / "edited" / "a.wav", dtype="int16")
    cloned, _ = soundfile.read(tmp_path / "out" / "cloned" / "a.wav", dtype="int16")
    np.testing.assert_array_equal(edited[-10_000:], old[-10_000:])
    assert not np.array_equal(cloned[-10_000:], old[-10_000:])


def test_an_edit_of_nothing_is_refused(judged, tmp_path):
    (judged / "edits.tsv").write_text("b\tWhat?\n")
    with pytest.raises(ValueError, match=r"no such rows in .*: b"):
        edit_all(judged, tmp_path / "out", judged / "edits.tsv", num_threads=1)


def test_the_shipped_edits_are_thirty_and_each_of_its_own_row():
    names = [line.split("\t")[0] for line in EDITS.read_text().splitlines()]
    assert len(set(names)) == len(names) == 30
