"""Splitting manifests by speaker, and the trials of the speakers kept out."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

pytest.importorskip("torch")

from muspeaker.train.corpus.manifest import read_manifest
from tools import held_out

if TYPE_CHECKING:
    from pathlib import Path

RATE_HZ = 8000
COLUMNS = "id\tsource\tspeaker\tlanguage\tpath\ttext\n"


def write_corpus(folder: Path, speakers: int, clips: int, seconds: float = 4.5) -> Path:
    """A manifest of some speakers with as many clips each."""
    folder.mkdir()
    rows = []
    for speaker in range(speakers):
        for clip in range(clips):
            name = f"{folder.name}{speaker}_{clip}"
            noise = np.random.default_rng(clip).uniform(-0.1, 0.1, int(seconds * RATE_HZ))
            soundfile.write(folder / f"{name}.wav", noise, RATE_HZ)
            text = f"sentence {clip} of a speaker with words"
            rows.append(f"{name}\tmade\t{folder.name}{speaker}\ten\t{name}.wav\t{text}\n")
    manifest = folder / "manifest.tsv"
    manifest.write_text(COLUMNS + "".join(rows), encoding="utf-8")
    return manifest


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def test_no_speaker_is_on_both_sides(tmp_path):
    manifests = [write_corpus(tmp_path / "a", 6, 4), write_corpus(tmp_path / "b", 3, 3)]
    out = tmp_path / "out"
    words = [*map(str, manifests), "--to", str(out), "--share", "0.3"]
    assert held_out.main(words) == 0
    train, held = read_manifest(out / "train.tsv"), read_manifest(out / "held_out.tsv")
    assert len(train) + len(held) == 6 * 4 + 3 * 3
    kept = {clip.speaker for clip in held}
    assert len(kept) == 3  # of nine speakers of one source
    assert not kept & {clip.speaker for clip in train}
    assert all(clip.path.exists() for clip in train + held)
    trials = read(out / "trials" / "trials.tsv")
    assert {row["speaker"] for row in trials} == kept
    for row in trials:
        assert row["prompt"] != row["target"]
        for name in ("prompt", "target"):
            assert soundfile.info(out / "trials" / row[name]).frames == 4.5 * RATE_HZ
        target = next(clip for clip in held if clip.id == row["id"])
        assert (row["speaker"], row["text"]) == (target.speaker, target.text)
    assert max(sum(r["speaker"] == name for r in trials) for name in kept) == held_out.TARGETS


def test_more_clips_do_not_change_who_is_kept_out(tmp_path):
    few = read_manifest(write_corpus(tmp_path / "c", 8, 3))
    assert held_out.choose_speakers(few, 0.3) == held_out.choose_speakers(few * 2, 0.3)


def test_a_source_of_few_speakers_keeps_them(tmp_path):
    few = read_manifest(write_corpus(tmp_path / "d", held_out.LEAST_SPEAKERS - 1, 3))
    assert held_out.choose_speakers(few, 0.5) == set()


def test_bad_calls_are_one_line(tmp_path, capsys):
    assert held_out.main([str(tmp_path / "none.tsv"), "--to", str(tmp_path / "out")]) == 1
    assert capsys.readouterr().err.startswith("error: ")
    with pytest.raises(SystemExit) as ended:
        held_out.main(["a.tsv", "--to", "out", "--share", "1.5"])
    assert ended.value.code == 2


def test_short_prompts_make_no_trial(tmp_path, capsys):
    manifest = write_corpus(tmp_path / "e", 6, 3, seconds=1.0)
    assert held_out.main([str(manifest), "--to", str(tmp_path / "out")]) == 1
    assert "no speaker has a prompt" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_long_sentence_is_not_to_be_said(tmp_path):
    clips = read_manifest(write_corpus(tmp_path / "f", 1, 3))
    first = held_out.make_trials(clips)
    assert len(first) == 2
    long = first[0][1].path
    soundfile.write(long, np.zeros(13 * RATE_HZ), RATE_HZ)
    assert [target.path for _, target in held_out.make_trials(clips)] == [first[1][1].path]
