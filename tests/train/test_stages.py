"""Every stage in miniature, from recordings to speech."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("numba")
pytest.importorskip("parselmouth")

import muspeaker
from muspeaker.train.convert_weights import convert
from muspeaker.train.corpus.alignment import ALIGNMENT, REALIGNED, load_alignment
from muspeaker.train.corpus.cache import Cache
from muspeaker.train.loop.checkpoint import load_checkpoint
from muspeaker.train.stages import export, predict, vocoder
from tests import tiny_corpus
from tests.tiny_training import CONFIG, SPEEDS

pytestmark = [
    pytest.mark.torch,
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]


def test_prepared_clips_lie_behind_each_other(runs):
    cache = Cache(runs.corpus)
    texts = tiny_corpus.TEXTS[:-1]
    assert len(cache.clips) == len(texts) * len(tiny_corpus.PITCHES_HZ) * len(SPEEDS)
    assert {clip.text for clip in cache.clips} == set(texts)
    ends = [clip.first_frame + clip.frames for clip in cache.clips]
    assert [clip.first_frame for clip in cache.clips] == [0, *ends[:-1]]
    assert len(cache.f0) == len(cache.mel) == len(cache.energy) == ends[-1]
    assert len(cache.audio) == 256 * ends[-1]


def test_prepared_pitch_is_that_of_the_recording(runs):
    cache = Cache(runs.corpus)
    for clip in cache.clips:
        f0 = cache.f0[clip.span]
        pitch_hz = tiny_corpus.PITCHES_HZ[clip.speaker.split("@")[0]] * clip.speed
        assert 0.2 < np.mean(f0 > 0) < 0.8
        assert np.median(f0[f0 > 0]) == pytest.approx(pitch_hz, rel=0.12)
        assert clip.band_hz == min(11025, 8000 * clip.speed)


@pytest.mark.parametrize("name", [ALIGNMENT, REALIGNED])
def test_alignment_fills_every_clip(runs, name):
    cache = Cache(runs.corpus)
    alignment = load_alignment(runs.corpus / name)
    assert len(alignment) == len(cache.clips)
    for number, (tokens, durations, score) in alignment.items():
        assert tokens.shape == (3, len(durations))
        assert durations.min() >= 0
        assert durations.sum() == cache.clips[number].frames
        assert np.isfinite(score)


@pytest.mark.parametrize(
    ("align", "realign", "part"),
    [
        ("align", "realign", "phone_classifier"),
        ("align", "missing", "aligner"),
        ("missing", "missing", None),
    ],
)
def test_what_places_phones_in_an_exported_model(runs, caplog, align, realign, part):
    parts = (runs.root / name / f"{name}.pt" for name in ("timbre", "student", "vocoder"))
    joined = export.join(
        CONFIG,
        *parts,
        runs.root / "align" / f"{align}.pt",
        realign=runs.root / "realign" / f"{realign}.pt",
    )
    for name in ("aligner", "phone_classifier"):
        assert (joined["config"][name] is not None) == (name == part)
        assert any(key.startswith(f"{name}.") for key in joined["model"]) == (name == part)
    assert ("will not convert" in caplog.text) == (part is None)


def test_from_recordings_to_speech(runs, tmp_path):
    parts = [
        f"--{part}={runs.root / stage / stage}.pt"
        for part, stage in (("timbre", "timbre"), ("acoustic", "teacher"), ("vocoder", "vocoder"))
    ]
    predict.main([str(runs.corpus), *parts[:2]], CONFIG)
    mel = np.load(runs.corpus / "predicted_mel.npy")
    cache = Cache(runs.corpus)
    assert mel.shape == cache.mel.shape
    assert 0.5 < np.isfinite(mel).all(axis=1).mean() < 1  # the worst aligned clips are left out
    tuned = tmp_path / "tuned"
    vocoder.main([*runs.arguments("vocoder"), "--mel", str(runs.corpus / "predicted_mel.npy"),
                  "--out", str(tuned)], CONFIG)  # fmt: skip
    parts[2] = f"--vocoder={tuned / 'vocoder.pt'}"
    parts[1] = f"--acoustic={runs.root / 'student' / 'student.pt'}"
    parts.append(f"--realign={runs.root / 'realign' / 'realign.pt'}")
    export.main([*parts, "--out", str(tmp_path / "tiny.pt")], CONFIG)
    convert(load_checkpoint(tmp_path / "tiny.pt"), tmp_path / "q8.bin", "q8")
    tts = muspeaker.load(tmp_path / "q8.bin", num_threads=1)
    prompt = (tiny_corpus.utterance(180.0, 7), tiny_corpus.RATE_HZ)
    audio = tts.synthesize("Sing six songs.", tts.clone(prompt))
    assert audio.sample_rate == 22050
    assert len(audio.samples) > 2000
    assert np.isfinite(audio.samples).all()
    assert audio.samples.std() > 0
