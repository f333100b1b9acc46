"""The stage that trains only the predictors, on prosody without speech beside recordings."""

from __future__ import annotations

import logging
from itertools import islice
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("numba")
pytest.importorskip("parselmouth")

from muspeaker.train.acoustic_pass import acoustic_losses, predictor_losses
from muspeaker.train.corpus import prosody_data
from muspeaker.train.corpus.acoustic_data import AcousticData
from muspeaker.train.corpus.cache import Cache
from muspeaker.train.corpus.given_phones import read_misaki, reader_for
from muspeaker.train.corpus.prosody import Prosody, ProsodyClip, write_block
from muspeaker.train.corpus.prosody_data import Mixture, ProsodyData, contours, item_of, level_of
from muspeaker.train.loop.checkpoint import load_checkpoint
from muspeaker.train.stages import export, predictors
from muspeaker.twin.model.muspeaker import MuSpeaker
from tests.tiny_training import CONFIG

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.torch

PHONES = "sˈɪŋ ɐ sˈɔŋ."
STYLES = ("anna", "ben", "nobody")
LEARNING = (
    "style_encoder.",
    "variation_adapter.duration_predictor.",
    "variation_adapter.energy_predictor.",
    "variation_adapter.pitch_predictor.",
)


def clip_of(text: str, style: str, speed: float = 1.0, longer: int = 1) -> ProsodyClip:
    """A clip whose F0 is 200 Hz in its second quarter, after slopes, and whose energy is loud in its half."""
    random = np.random.default_rng(crc32(f"{text} {style}".encode()))
    durations = longer * random.integers(1, 5, len(PHONES) + 2)
    frames = 2 * int(durations.sum())
    f0, energy = np.full(frames, 7.0), np.full(frames, -9.0)
    quarter = frames // 4
    f0[quarter : 2 * quarter] = 200.0
    f0[[quarter - 1, 2 * quarter]] = 100.0
    energy[: 2 * quarter] = 6.0
    name = f"{text}_{style}"
    return ProsodyClip(
        name, "sentence", text, PHONES, f"x~{style}", style, "en-US", speed,
        Prosody(durations, f0.astype(np.float32), energy.astype(np.float32)),
    )  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _phones() -> Iterator[None]:
    """The tiny model has other phones, whose numbers serve as well."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prosody_data, "reader_for", lambda _symbols: read_misaki)
        yield


def is_held_out(text: str) -> bool:
    return crc32(text.encode()) % prosody_data.HELD_OUT == 0


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Texts in the voices of the corpus and of another, more than one of them held out."""
    made = tmp_path_factory.mktemp("prosody")
    texts = sorted(map("text {}".format, range(500)), key=is_held_out)[-60:]
    assert 1 < sum(map(is_held_out, texts)) < 30
    for block in range(2):
        clips = [clip_of(text, style) for text in texts[block::2] for style in STYLES]
        write_block(made / f"prosody_{block:05d}.npz", clips)
    return made


@pytest.fixture(scope="module")
def sources(runs, folder) -> tuple[AcousticData, ProsodyData]:
    cache = Cache(runs.corpus)
    recordings = AcousticData(cache, None, CONFIG, 600, 0)
    return recordings, ProsodyData(folder, cache, recordings, CONFIG, 600, 0, 1000)


def command(runs, folder, out, *more: str) -> list[str]:
    return [str(runs.corpus), "--prosody", str(folder), "--out", str(out), "--frames", "600",
            "--start", str(runs.root / "student" / "student.pt"), "--steps", "4", *more]  # fmt: skip


def test_only_predictors_and_style_learn_and_the_checkpoint_is_a_students(runs, folder, tmp_path):
    predictors.main(command(runs, folder, tmp_path), CONFIG)
    before = load_checkpoint(runs.root / "student" / "student.pt")["ema"]
    made = load_checkpoint(tmp_path / "student.pt")
    for name in ("model", "ema"):
        changed = {key for key, value in made[name].items() if not torch.equal(value, before[key])}
        assert changed
        assert all(key.startswith(LEARNING) for key in changed)
        assert all(any(key.startswith(part) for key in changed) for part in LEARNING)
    parts = (runs.root / "timbre" / "timbre.pt", tmp_path / "student.pt")
    joined = export.join(CONFIG, *parts, runs.root / "vocoder" / "vocoder.pt")
    assert joined["model"].keys() >= made["ema"].keys()


def test_a_resumed_run_is_the_uninterrupted_one(runs, folder, tmp_path, monkeypatch):
    taken = []
    losses = predictors.predictor_losses

    def watched(model, batch):
        taken.append(batch["durations"].sum().item())
        return losses(model, batch)

    monkeypatch.setattr(predictors, "predictor_losses", watched)
    monkeypatch.setattr(predictors.PredictorTrainer, "show", lambda _self: None)
    predictors.main(command(runs, folder, tmp_path / "whole"), CONFIG)
    whole = taken.copy()
    taken.clear()
    for more in (["--pause", "2"], []):
        predictors.main(command(runs, folder, tmp_path / "parts", *more), CONFIG)
    assert taken == whole
    states = [load_checkpoint(tmp_path / name / "student.pt") for name in ("whole", "parts")]
    for name in ("model", "ema"):
        assert all(
            torch.equal(value, states[1][name][key]) for key, value in states[0][name].items()
        )
    assert states[0]["step"] == states[1]["step"] == 4


def test_held_out_losses_are_logged_before_and_after(runs, folder, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    predictors.main(command(runs, folder, tmp_path, "--rate", "0.003"), CONFIG)
    lines = [record.message for record in caplog.records if "held out" in record.message]
    starts = [f"held out, {kind}, step {step}: duration" for step in (0, 4)
              for kind in ("recordings", "prosody")]  # fmt: skip
    assert len(lines) == len(starts)
    assert all(line.startswith(start) for line, start in zip(lines, starts, strict=True))
    assert ["voicing" in line for line in lines] == [True, False, True, False]
    assert lines[0].partition(": ")[2] != lines[2].partition(": ")[2]


def test_recordings_lose_what_the_student_loses(runs, sources):
    recordings, _ = sources
    model = MuSpeaker(CONFIG, acoustic_only=True)
    model.load_state_dict(load_checkpoint(runs.root / "student" / "student.pt")["ema"])
    batch = recordings.collate(next(recordings.plans(0)), slice(None))
    timbre = torch.zeros(len(batch["f0"]), CONFIG.timbre_size)
    expected, _ = acoustic_losses(model, batch | {"timbre": timbre})
    losses = predictor_losses(model, batch)
    assert losses.keys() == set(predictors.NAMES)
    assert all(torch.allclose(loss, expected[name]) for name, loss in losses.items())


def test_f0_of_prosody_counts_where_a_voice_is_predicted(sources, monkeypatch):
    _, prosody = sources
    model = MuSpeaker(CONFIG, acoustic_only=True)
    batch = prosody.collate(next(prosody.plans(0)), slice(None))
    for row in range(len(batch["f0"])):
        batch["f0"][row, batch["frame_mask"][row]] = 150.0
    said = torch.randn(*batch["f0"].shape, 2)
    monkeypatch.setattr(model.variation_adapter, "predict_pitch", lambda *_: said)
    level, _ = model.variation_adapter.normalize_f0(batch["f0"]).unbind(1)
    heard = batch["frame_mask"] & (said[..., 1] > 0)
    losses = predictor_losses(model, batch)
    assert torch.allclose(losses["pitch"], (said[..., 0] - level)[heard].abs().mean())
    assert "voicing" not in losses


def test_held_out_texts_are_drawn_in_no_reading(sources):
    _, prosody = sources
    held = {prosody.items[n].text for n in prosody.held}
    assert len(held) > 1
    assert len(prosody.held) == 2 * len(held)
    drawn = {n for plan in islice(prosody.plans(0), 200) for n in plan.clips}
    assert len(drawn) > 50
    assert not {prosody.items[n].text for n in drawn} & held


def test_a_style_takes_prompts_of_its_voice(sources, runs, monkeypatch, caplog, folder):
    caplog.set_level(logging.INFO)
    recordings, prosody = sources
    cache = Cache(runs.corpus)
    assert {item.style for item in prosody.items} == {"anna", "ben"}
    ProsodyData(folder, cache, recordings, CONFIG, 600, 0, 1000)
    assert "60 of styles that nobody in the corpus has" in caplog.text
    asked = []
    prompts_of = recordings.prompts_of
    monkeypatch.setattr(
        recordings, "prompts_of", lambda p, *rest: asked.extend(p) or prompts_of(p, *rest)
    )
    plan = next(prosody.plans(0))
    batch = prosody.collate(plan, slice(None))
    assert [cache.clips[i].speaker for i in asked] == [prosody.items[n].style for n in plan.clips]
    assert torch.equal(batch["durations"].sum(1), batch["frame_mask"].sum(1))
    assert "timbre" not in batch


def test_a_crossing_has_the_prosody_of_its_second_voice(runs):
    cache = Cache(runs.corpus)
    plain = prosody_data.prompts_by_style(cache)
    object.__setattr__(cache.clips[0], "speaker", "x~ben")
    crossed = prosody_data.prompts_by_style(cache)
    assert crossed["ben"] == sorted({*plain["ben"], 0})


def test_f0_counts_where_there_surely_is_a_voice():
    audio = CONFIG.audio
    item = item_of(clip_of("a", "anna"), read_misaki, audio)
    f0, energy = contours(item, 3.0, audio)
    assert len(f0) == len(energy) == item.frames
    seconds = (np.arange(item.frames) + 0.5) * audio.hop_samples / audio.sample_rate
    given = seconds * 80  # frames of the teacher's contours
    quarter = len(item.f0) // 4
    inside = (given > quarter + 1) & (given < 2 * quarter - 2)
    outside = (given < quarter - 1) | (given > 2 * quarter + 1)
    assert inside.any()
    assert f0[inside] == pytest.approx(200.0)
    assert not f0[outside].any()
    assert not ((f0 > 0) & (f0 < 190)).any()
    assert level_of(energy) == pytest.approx(3.0, abs=1e-3)
    assert energy[given < 2 * quarter - 2] == pytest.approx(3.0, abs=1e-2)
    assert energy[-3:].max() < -5


def test_another_speed_is_brought_to_the_teachers_own_pace():
    audio = CONFIG.audio
    plain = item_of(clip_of("a", "anna"), read_misaki, audio)
    slow = item_of(clip_of("a", "anna", speed=0.5, longer=2), read_misaki, audio)
    assert slow.frames == plain.frames
    assert abs(slow.lengths.sum() - plain.lengths.sum()) < 1e-9
    levels = [contours(item, 0.0, audio)[1] for item in (plain, slow)]
    assert np.median(np.abs(levels[0] - levels[1])) < 0.05


def test_batches_take_turns_by_the_share(sources):
    mixture = Mixture(*sources, 0.25, 0)
    plans = list(islice(mixture.plans(0), 400))
    assert 0.2 < np.mean([plan.of_prosody for plan in plans]) < 0.3
    assert list(islice(mixture.plans(150), 50)) == plans[150:200]
    kinds = {plan.of_prosody: mixture.collate(plan, slice(None)) for plan in plans[:20]}
    assert "content_mel" in kinds[False]
    assert "content_mel" not in kinds[True]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--share", "1.5"], "--share must be from 0 to 1"),
        (["--graphs"], "any shape"),
        (["--set", "style_encoder.hidden=8"], "sizes are those of the student"),
    ],
)
def test_wrong_options(runs, folder, tmp_path, more, message):
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        predictors.main(command(runs, folder, tmp_path, *more), CONFIG)


def test_what_cannot_be_used(runs, folder, sources, monkeypatch):
    recordings, _ = sources
    cache = Cache(runs.corpus)
    with pytest.raises(ValueError, match=f"no clip of {folder} can be used with {runs.corpus}"):
        ProsodyData(folder, cache, recordings, CONFIG, 600, 0, 3)
    monkeypatch.setattr(prosody_data, "reader_for", reader_for)
    with pytest.raises(ValueError, match="the model tiny has other phones than"):
        ProsodyData(folder, cache, recordings, CONFIG, 600, 0, 1000)


def test_a_folder_without_files(runs, tmp_path):
    with pytest.raises(FileNotFoundError, match="has no prosody"):
        predictors.main(command(runs, tmp_path, tmp_path / "out"), CONFIG)
