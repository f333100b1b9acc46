"""Preparation: what cannot be used is named, a stopped run goes on, processes change nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("parselmouth")
soundfile = pytest.importorskip("soundfile")

from muspeaker.config import AudioConfig
from muspeaker.train.corpus import leveling
from muspeaker.train.corpus.cache import Cache
from muspeaker.train.corpus.leveling import Variant, trim_silence
from muspeaker.train.corpus.manifest import read_manifest
from muspeaker.train.corpus.phones import load_tokens
from muspeaker.train.stages import prepare
from tests import tiny_corpus

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.torch

AUDIO = AudioConfig()
BAD = {"noise": b"no audio", "short": None, "silent": None, "broken": None}


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two speakers, one text each, and four recordings that cannot be used."""
    path = tiny_corpus.write_corpus(tmp_path_factory.mktemp("raw") / "recordings")
    lines = path.read_text(encoding="utf-8").splitlines()
    kept = [lines[0], lines[1], lines[5]]
    rate_hz, folder = tiny_corpus.RATE_HZ, path.parent
    speech = tiny_corpus.utterance(150.0, 0)
    soundfile.write(folder / "short.wav", speech[: rate_hz // 2], rate_hz)
    soundfile.write(folder / "silent.wav", np.zeros(2 * rate_hz), rate_hz)
    soundfile.write(folder / "broken.wav", np.where(speech > 0.1, np.nan, speech), rate_hz, "FLOAT")
    (folder / "noise.wav").write_bytes(b"no audio")
    kept += [f"{name}\tmade_up\tdan\t\ten-us\t16000\t{name}.wav\tGone." for name in BAD]
    kept += [f"dumb\tmade_up\tdan\t\ten-us\t16000\t{lines[2].split()[0]}.flac\t"]
    path.write_text("\n".join(kept) + "\n", encoding="utf-8")
    return path


def report(folder: Path) -> dict[str, str]:
    lines = (folder / "left_out.tsv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "id\treason"
    return dict(line.split("\t") for line in lines[1:])


def test_everything_is_used_or_named(manifest, tmp_path):
    prepare.main([str(manifest), "--out", str(tmp_path), "--workers", "1", "--speeds", "1", "1.25"])
    cache = Cache(tmp_path)
    assert [c.id for c in cache.clips] == [
        n + s for s in ("", "@1.25") for n in ("anna0", "ben0", "dumb")
    ]
    reasons = report(tmp_path)
    assert {n + s for n in BAD for s in ("", "@1.25")} | {"dumb", "dumb@1.25"} == set(reasons)
    for name, reason in (("short", "shorter than 0.8 s"), ("silent", "silent"),
                         ("broken", "not finite"), ("dumb", "not aligned: it has no text")):  # fmt: skip
        assert reasons[name] == reason
    ids = load_tokens(tmp_path / "tokens.npz")
    assert sorted(ids) == [0, 1, 3, 4]
    assert all(tokens.shape[0] == 3 for tokens in ids.values())
    assert not (tmp_path / "parts").exists()


def test_a_stopped_run_goes_on_and_processes_change_nothing(manifest, tmp_path, monkeypatch):
    clips, variants = read_manifest(manifest)[:2], [Variant()]
    monkeypatch.setattr(prepare, "PART_CLIPS", 1)
    prepare.prepare(clips, tmp_path / "two", variants, 2, AUDIO)  # in two processes
    done = prepare.prepare_part
    calls = []

    def stops(part):
        if calls:
            raise KeyboardInterrupt
        calls.append(part.path.name)
        return done(part)

    monkeypatch.setattr(prepare, "prepare_part", stops)
    with pytest.raises(KeyboardInterrupt):
        prepare.prepare(clips, tmp_path / "one", variants, 1, AUDIO)
    assert not (tmp_path / "one" / "index.json").exists()
    seen = []
    monkeypatch.setattr(
        prepare, "prepare_part", lambda part: seen.append(part.path.name) or done(part)
    )
    prepare.prepare(clips, tmp_path / "one", variants, 1, AUDIO)
    assert (calls, seen) == (["000000.npz"], ["000001.npz"])
    for name in (*prepare.ARRAYS, "index"):
        file = f"{name}.json" if name == "index" else f"{name}.npy"
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_another_corpus_is_replaced_only_by_force(manifest, tmp_path):
    (tmp_path / "index.json").write_text("[]")
    (tmp_path / "timbres.npy").write_bytes(b"of the old one")
    command = [str(manifest), "--out", str(tmp_path), "--workers", "1"]
    with pytest.raises(FileExistsError, match="--force replaces it"):
        prepare.main(command)
    prepare.main([*command, "--force"])
    assert not (tmp_path / "timbres.npy").exists()
    assert len(json.loads((tmp_path / "index.json").read_text())) == 3


def test_a_corpus_without_one_clip(manifest, tmp_path):
    bad = [u for u in read_manifest(manifest) if u.id in BAD]
    with pytest.raises(ValueError, match=r"no clip can be used; .*left_out\.tsv has the reasons"):
        prepare.prepare(bad, tmp_path, [Variant()], 1, AUDIO)
    assert set(report(tmp_path)) == set(BAD)


def test_pseudo_speakers_are_speakers_of_their_own(manifest, tmp_path):
    pytest.importorskip("pyworld")
    variants = [Variant(), Variant(warp="1.5:1.2")]
    prepare.prepare(read_manifest(manifest)[:1], tmp_path, variants, 1, AUDIO)
    plain, warped = Cache(tmp_path).clips
    assert (warped.id, warped.speaker, warped.warp) == ("anna0@1.5:1.2", "anna@1.5:1.2", "1.5:1.2")
    f0 = [Cache(tmp_path).f0[clip.span] for clip in (plain, warped)]
    ratio = np.median(f0[1][f0[1] > 0]) / np.median(f0[0][f0[0] > 0])
    assert ratio == pytest.approx(1.5, rel=0.05)


def test_trimming_leaves_a_little_silence():
    speech = np.sin(np.arange(22050) / 20).astype(np.float32)
    quiet = (1e-4 * np.random.default_rng(0).standard_normal(22050)).astype(np.float32)
    trimmed = trim_silence(np.concatenate([quiet, speech, quiet]), 22050)
    edge = leveling.TRIM_SECONDS * 22050
    assert 22050 + 1.5 * edge < len(trimmed) < 22050 + 2 * edge + 2 * 1024
    assert np.abs(trimmed[: int(0.5 * edge)]).max() < 1e-3
    assert len(trim_silence(speech, 22050)) == len(speech)
