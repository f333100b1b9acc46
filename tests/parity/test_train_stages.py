"""Every stage in miniature, from recordings to speech; and that a stage goes on where it stopped."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("numba")
pytest.importorskip("parselmouth")

import muspeaker
from muspeaker.train import acoustic, align, export, predict, prepare, timbre, vocoder
from muspeaker.train.acoustic_data import load_alignment
from muspeaker.train.cache import Cache
from muspeaker.train.checkpoint import load_checkpoint
from tests import tiny_corpus
from tools.convert_weights import convert

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = [
    pytest.mark.torch,
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]

CONFIG = tiny_corpus.training_config()
SPEEDS = (1.0, 1.25)
MINUTES = "0.01"


class Runs(NamedTuple):
    """Where everything lies."""

    corpus: Path
    root: Path

    def arguments(self, stage: str) -> list[str]:
        """The command line of a stage that is over in a second."""
        common = [str(self.corpus), "--minutes", MINUTES, "--out", str(self.root / stage)]
        timbre_file = ["--timbre", str(self.root / "timbre" / "timbre.pt")]
        plain, widths = ["--plain-minutes", "0"], ["--period-width", "2", "--resolution-width", "2"]
        return {
            "align": [*common, "--batch", "4"],
            "timbre": [*common, "--batch", "6", "--frames", "40"],
            "acoustic": [*common, *timbre_file, *plain, "--frames", "500"],
            "vocoder": [*common, *widths, "--batch", "2", "--spectral-minutes", "0"],
        }[stage]

    def checkpoint(self, stage: str) -> dict[str, object]:
        name = "aligner" if stage == "align" else stage
        return load_checkpoint(self.root / stage / f"{name}.pt")


STAGES: dict[str, Callable[..., None]] = {
    "align": lambda arguments, _: align.main(arguments),
    "timbre": timbre.main,
    "acoustic": acoustic.main,
    "vocoder": vocoder.main,
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """Every trained stage, once."""
    root = tmp_path_factory.mktemp("runs")
    manifest = tiny_corpus.write_corpus(root / "recordings")
    with manifest.open("a", encoding="utf-8") as lines:
        lines.write("lost\tmade_up\tdan\t\ten-us\t16000\tlost.flac\tGone.\n")
    held_out = root / "held_out.tsv"
    held_out.write_text("text\n" + tiny_corpus.TEXTS[-1].upper() + "\n", encoding="utf-8")
    made = Runs(root / "corpus", root)
    speeds = [str(speed) for speed in SPEEDS]
    prepare.main([str(manifest), "--out", str(made.corpus), "--workers", "1",
                  "--held-out", str(held_out), "--speeds", *speeds])  # fmt: skip
    for stage, run in STAGES.items():
        run(made.arguments(stage), CONFIG)
    return made


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


def test_what_cannot_be_read_is_named(tmp_path, caplog):
    manifest = tiny_corpus.write_corpus(tmp_path / "recordings")
    good = prepare.read_manifest(manifest)[:1]
    (tmp_path / "recordings" / "noise.flac").write_bytes(b"no audio")
    bad = [prepare.Utterance("bad", "", "", "", "", 0, tmp_path / "recordings" / "noise.flac", "")]
    with caplog.at_level("WARNING"):
        prepare.prepare(good + bad, tmp_path / "corpus", [1.0], 1)
    assert "left out bad" in caplog.text
    assert len(json.loads((tmp_path / "corpus" / "index.json").read_text())) == 1


def test_alignment_fills_every_clip(runs):
    cache = Cache(runs.corpus)
    alignment = load_alignment(runs.corpus / "alignment.npz")
    assert len(alignment) == len(cache.clips)
    for number, (tokens, durations, score) in alignment.items():
        assert tokens.shape == (3, len(durations))
        assert durations.min() >= 0
        assert durations.sum() == cache.clips[number].frames
        assert np.isfinite(score)


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_goes_on_where_it_stopped(runs, stage):
    before = runs.checkpoint(stage)
    STAGES[stage](runs.arguments(stage), CONFIG)
    after = runs.checkpoint(stage)
    assert before["step"] >= 1
    assert after["step"] > before["step"]
    moments = "optimizer_g" if stage == "vocoder" else "optimizer"
    # Adam's own count of steps went on too; the acoustic stage skips a step that is not finite.
    counts = [int(state[moments]["state"][0]["step"]) for state in (before, after)]
    assert 0 < counts[0] < counts[1] <= after["step"]


def test_resumed_state_is_the_saved_state(runs):
    options = {"rate": 1e-3, "rate_d": 1e-4, "period_width": 2, "resolution_width": 2}
    trainer = vocoder.VocoderTrainer(CONFIG, vocoder.argparse.Namespace(**options))
    trainer.resume(runs.root / "vocoder" / "vocoder.pt")
    saved, state = runs.checkpoint("vocoder"), trainer.state()
    assert state["step"] == saved["step"]
    for part in ("generator", "ema", "discriminator"):
        for name, tensor in saved[part].items():
            assert torch.equal(state[part][name], tensor), name


def test_from_recordings_to_speech(runs, tmp_path):
    parts = [f"--{name}={runs.root / name / name}.pt" for name in ("timbre", "acoustic", "vocoder")]
    predict.main([str(runs.corpus), *parts[:2]], CONFIG)
    mel = np.load(runs.corpus / "predicted_mel.npy")
    cache = Cache(runs.corpus)
    assert mel.shape == cache.mel.shape
    assert 0.5 < np.isfinite(mel).all(axis=1).mean() < 1  # the worst aligned clips are left out
    tuned = tmp_path / "tuned"
    vocoder.main([*runs.arguments("vocoder"), "--mel", str(runs.corpus / "predicted_mel.npy"),
                  "--out", str(tuned)], CONFIG)  # fmt: skip
    parts[2] = f"--vocoder={tuned / 'vocoder.pt'}"
    export.main([*parts, "--out", str(tmp_path / "tiny.pt")], CONFIG)
    convert(load_checkpoint(tmp_path / "tiny.pt"), tmp_path / "q8.bin", "q8")
    tts = muspeaker.load(tmp_path / "q8.bin", num_threads=1)
    prompt = (tiny_corpus.utterance(180.0, 7), tiny_corpus.RATE_HZ)
    audio = tts.synthesize("Sing six songs.", tts.clone(prompt))
    assert audio.sample_rate == 22050
    assert len(audio.samples) > 2000
    assert np.isfinite(audio.samples).all()
    assert audio.samples.std() > 0
