"""Another sample rate, hop and window reach every stage, and a corpus of other sizes is refused."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("numba")
pytest.importorskip("parselmouth")
soundfile = pytest.importorskip("soundfile")

from muspeaker.config import AudioConfig, VocoderConfig
from muspeaker.train.corpus.cache import SIZES, Cache
from muspeaker.train.corpus.ge2e import GE2E
from muspeaker.train.corpus.given_phones import given_alignment, model_frames
from muspeaker.train.loop.checkpoint import load_checkpoint
from muspeaker.train.loop.listen import Renderer
from muspeaker.train.losses import ge2e_judge
from muspeaker.train.losses.vocoder import limit_band
from muspeaker.train.stages import align, prepare, resynthesize, teacher, timbre, vocoder
from muspeaker.twin.dsp.mel import log_mel
from tests import tiny_corpus

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.torch

AUDIO = AudioConfig(
    sample_rate=24000, hop_samples=300, window_samples=1200, fft_samples=1200, mel_high_hz=12000.0
)
USUAL = tiny_corpus.training_config()
CONFIG = replace(
    USUAL,
    audio=AUDIO,
    vocoder=replace(USUAL.vocoder, upsample_rates=(5, 5, 3, 4), upsample_kernels=(11, 11, 7, 8)),
)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    manifest = tiny_corpus.write_corpus(folder / "recordings")
    prepare.main([str(manifest), "--out", str(folder), "--workers", "1"], CONFIG)
    return folder


def test_a_corpus_is_prepared_on_the_clock_of_the_config(corpus):
    assert json.loads((corpus / SIZES).read_text()) == asdict(AUDIO)
    cache = Cache(corpus, AUDIO)
    assert (
        len(cache.audio) == 300 * len(cache.f0) == 300 * len(cache.mel) == 300 * len(cache.energy)
    )
    for clip in cache.clips[::5]:
        seconds = clip.frames * 300 / 24000
        assert tiny_corpus.SECONDS - 0.2 < seconds <= tiny_corpus.SECONDS
        mel = log_mel(torch.from_numpy(cache.samples(clip)).unsqueeze(0), AUDIO)[0].T
        np.testing.assert_allclose(cache.mel[clip.span], mel, atol=0.01)
        f0 = cache.f0[clip.span]
        expected = tiny_corpus.PITCHES_HZ[clip.speaker]
        assert np.median(f0[f0 > 0]) == pytest.approx(expected, rel=0.12)


def test_every_stage_trains_on_it(corpus, tmp_path, monkeypatch):
    pytest.importorskip("librosa")
    monkeypatch.setattr(ge2e_judge, "FIT_STEPS", 2)
    torch.save({"model_state": GE2E().state_dict()}, tmp_path / "ge2e.pt")

    def run(stage, name: str, *words: str) -> None:
        out = ["--out", str(tmp_path / name), "--steps", "1"]
        stage.main([str(corpus), *out, *words], CONFIG)

    run(align, "align", "--batch", "2")
    run(timbre, "timbre", "--batch", "4", "--frames", "40")
    narrow = ["--period-width", "2", "--resolution-width", "2", "--adversarial-from", "0"]
    run(vocoder, "vocoder", *narrow, "--batch", "2")
    parts = [f"--{name}={tmp_path / name / name}.pt" for name in ("timbre", "vocoder")]
    parts.append(f"--network={tmp_path / 'ge2e.pt'}")
    weights = ["--weights", "perceptual=0.2", "contrastive=0.05", "voice=0.5"]
    run(teacher, "teacher", *parts, "--frames", "500", "--adversarial-from", "0", *weights)
    for name in ("align", "timbre", "vocoder", "teacher"):
        state = load_checkpoint(tmp_path / name / f"{name}.pt")
        assert state["config"]["audio"] == asdict(AUDIO)
        assert all(torch.isfinite(x).all() for x in state["ema"].values())
        samples = list((tmp_path / name / "samples").glob("*.wav"))
        assert samples
        assert {soundfile.info(path).samplerate for path in samples} == {24000}
    recording = corpus / "recordings" / "anna0.flac"
    resynthesize.main(
        [
            str(recording),
            "--vocoder",
            str(tmp_path / "vocoder" / "vocoder.pt"),
            "--out",
            str(tmp_path),
        ]
    )
    spoken = soundfile.info(tmp_path / "anna0.wav")
    assert (spoken.samplerate, spoken.frames) == (24000, 24000 * tiny_corpus.SECONDS // 300 * 300)
    with pytest.raises(ValueError, match="expected AudioConfig"):
        Renderer(tmp_path / "vocoder" / "vocoder.pt", USUAL.audio, torch.device("cpu"))


@pytest.mark.parametrize("stage", [align, timbre, vocoder, teacher])
def test_another_frame_clock_is_refused(stage, corpus, tmp_path):
    message = (
        r"was prepared with sample_rate 24000 where the model has 22050, hop_samples 300 where .* 256,"
        r".*: prepare it again with the model's sizes \(--model, --set\)"
    )
    with pytest.raises(ValueError, match=message):
        stage.main([str(corpus), "--out", str(tmp_path), "--steps", "1"], USUAL)
    assert not list(tmp_path.iterdir())


def test_a_corpus_without_sizes_is_of_the_older_releases(corpus, tmp_path):
    for name in ("index.json", "audio.npy", "f0.npy", "mel.npy", "energy.npy"):
        (tmp_path / name).symlink_to(corpus / name)
    assert Cache(tmp_path).sizes == AudioConfig()


def test_the_band_of_a_clip_is_cut_at_its_own_rate():
    times = torch.arange(24000) / 24000
    low, high = (torch.sin(2 * torch.pi * hz * times) for hz in (6000.0, 10000.0))
    both = (low + high).repeat(2, 1)
    cut = limit_band(both, torch.tensor([8000.0, 12000.0]), 24000)[:, 2000:-2000]
    torch.testing.assert_close(cut[0], low[2000:-2000], atol=0.02, rtol=0)
    torch.testing.assert_close(cut[1], both[1, 2000:-2000], atol=1e-4, rtol=0)


def test_given_durations_are_brought_to_the_clock():
    given = np.array([4.0, 1.0, 1.0, 2.5, 3.5])  # of 25 ms, 0.3 s in all
    frames = model_frames(given, 24, AUDIO)
    assert frames.tolist() == [8, 2, 2, 5, 7]
    assert model_frames(given, 26, USUAL.audio).sum() == 26
    edges = np.cumsum(model_frames(given, 26, USUAL.audio))[:-1]
    assert np.abs(edges - np.cumsum(given)[:-1] * 0.025 * 22050 / 256).max() <= 0.5
    with pytest.raises(ValueError, match="its durations take 24 frames, it has 12"):
        model_frames(given, 12, AUDIO)


def test_given_phones_are_an_alignment():
    def clip(name: str, phones: str, speed: float = 1.0, frames: int = 24) -> SimpleNamespace:
        durations = (4, 1, 1, 2, 4) if phones else ()  # of 25 ms, 0.3 s in all
        return SimpleNamespace(
            id=name, phones=phones, durations=durations, speed=speed, frames=frames
        )

    def read(phones: str, durations: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
        if phones == "???":
            raise ValueError("no phone")
        return np.full((3, len(durations)), len(phones), np.int32), np.array(durations, float)

    clips = [
        clip("plain", "abc"),
        clip("fast", "abc", speed=1.25, frames=19),
        clip("unknown", "???"),
        clip("cut", "abc", frames=9),
        clip("text", ""),
    ]
    found, left_out = given_alignment(SimpleNamespace(clips=clips, sizes=AUDIO), read)
    assert {i: durations.tolist() for i, (_, durations, _) in found.items()} == {
        0: [8, 2, 2, 4, 8],
        1: [6, 2, 2, 3, 6],
    }
    assert found[0][0].tolist() == [[3] * 5] * 3
    assert left_out == {"unknown": "no phone", "cut": "its durations take 24 frames, it has 9"}


def test_a_clip_with_durations_is_not_trimmed(tmp_path):
    manifest = tiny_corpus.write_corpus(tmp_path / "recordings")
    header, *rows = manifest.read_text(encoding="utf-8").splitlines()[:3]
    silence = np.zeros(tiny_corpus.RATE_HZ // 2, np.float32)
    for row in rows:
        path = manifest.parent / row.split("\t")[6]
        samples, rate_hz = soundfile.read(path, dtype="float32")
        soundfile.write(path, np.concatenate([silence, samples, silence]), rate_hz)
    rows[0] += "\tab\t20 10 10 52\t0.5"
    rows[1] += "\t\t\t"
    lines = [f"{header}\tphones\tdurations\tweight", *rows]
    manifest.write_text("\n".join(lines) + "\n", encoding="utf-8")
    prepare.main([str(manifest), "--out", str(tmp_path), "--workers", "1"], CONFIG)
    given, plain = Cache(tmp_path, AUDIO).clips
    assert (given.phones, given.durations, given.weight) == ("ab", (20, 10, 10, 52), 0.5)
    assert given.frames == int((tiny_corpus.SECONDS + 1) * 80)
    assert plain.frames < given.frames - 50


def test_the_frame_rate_vocoder_trains_on_it(corpus, tmp_path):
    spectral = VocoderConfig(kind="spectral", channels=8, hidden=12, num_blocks=1, kernel=3)
    vocoder.main(
        [
            str(corpus),
            "--out", str(tmp_path), "--steps", "2", "--log-steps", "1", "--batch", "2",
            "--frames", "20", "--scales", "2", "--corrections", "1", "--optimizer", "adamw",
            "--weights", "levels=1", "adversarial=0", "features=0",
        ],
        replace(CONFIG, vocoder=spectral),
    )  # fmt: skip
    state = load_checkpoint(tmp_path / "vocoder.pt")
    assert state["config"]["vocoder"] == asdict(spectral)
    assert all(torch.isfinite(x).all() for x in state["ema"].values())
    recording = str(corpus / "recordings" / "anna0.flac")
    made = ["--vocoder", str(tmp_path / "vocoder.pt"), "--out", str(tmp_path)]
    resynthesize.main([recording, *made])
    samples, rate_hz = soundfile.read(tmp_path / "anna0.wav")
    assert rate_hz == 24000
    assert len(samples) == 24000 * tiny_corpus.SECONDS // 300 * 300
    assert np.abs(samples).max() > 0.01
