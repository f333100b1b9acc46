"""The phone classifier: what it hears, the paths through it, and that it mends labels."""

from __future__ import annotations

import itertools
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("numba")
pytest.importorskip("parselmouth")

from muspeaker.config import SYMBOLS, AudioConfig, ModelConfig, PhoneClassifierConfig
from muspeaker.text.phone_sets import MISAKI_SYMBOLS
from muspeaker.train.corpus.alignment import alignment_path, load_alignment, save_alignment
from muspeaker.train.corpus.phones import save_tokens
from muspeaker.train.loop.checkpoint import config_of, load_checkpoint, save_checkpoint
from muspeaker.train.stages import realign
from muspeaker.train.stages.realign import classified_path
from muspeaker.train.stages.snapshot import restore, save
from muspeaker.twin.dsp.normalized_mel import normalized_mel
from muspeaker.twin.model.phone_classifier import LEAST, PhoneClassifier

pytestmark = pytest.mark.torch

BANDS = 20
SIZES = PhoneClassifierConfig(hidden=32)
CONFIG = replace(ModelConfig(), phone_classifier=SIZES)
NUM_PAUSES = PhoneClassifierConfig().num_pauses
FLAT = np.zeros(len(SYMBOLS), np.float32)


def posterior(phones: list[int], sure: float = 5.0) -> np.ndarray:
    """(frames, phones) log-probabilities, with one phone likely in each frame."""
    logits = np.zeros((len(phones), len(SYMBOLS)), np.float32)
    logits[np.arange(len(phones)), phones] = sure
    return logits - np.log(np.exp(logits).sum(1, keepdims=True))


def scores_of(log_posterior: np.ndarray, log_prior: np.ndarray = FLAT) -> np.ndarray:
    """What a classifier with this prior makes of it."""
    classifier = PhoneClassifier(PhoneClassifierConfig(hidden=8), BANDS, len(SYMBOLS))
    classifier.log_prior.copy_(torch.from_numpy(log_prior))
    return classifier.phone_scores(torch.from_numpy(log_posterior)).numpy()


def test_a_path_follows_what_is_heard():
    heard = posterior([0, 0, 0, 7, 7, 9, 9, 9, 9, 0])
    durations, score = classified_path(
        heard, scores_of(heard), np.array([0, 7, 9, 2], np.int32), NUM_PAUSES
    )
    assert durations.tolist() == [3, 2, 4, 1]
    assert score == pytest.approx(heard.max())


def test_a_path_gives_each_phone_two_frames():
    heard = posterior([9] * 8)
    durations, score = classified_path(
        heard, scores_of(heard), np.array([7, 9], np.int32), NUM_PAUSES
    )
    assert durations.tolist() == [2, 6]
    assert score < posterior([9]).max()


def test_a_rare_phone_is_believed_sooner():
    heard = posterior([7, 7, 7, 7, 7, 7])
    heard[3:, 9] = heard[3:, 7] - 1
    phones, prior = np.array([7, 9], np.int32), FLAT.copy()
    assert classified_path(heard, scores_of(heard, prior), phones, NUM_PAUSES)[0].tolist() == [4, 2]
    prior[9] -= 3
    assert classified_path(heard, scores_of(heard, prior), phones, NUM_PAUSES)[0].tolist() == [3, 3]


def test_silence_alone_has_the_lowest_score():
    heard = posterior([0] * 4)
    durations, score = classified_path(
        heard, scores_of(heard), np.array([0, 2], np.int32), NUM_PAUSES
    )
    assert durations.sum() == 4
    assert score == LEAST


def test_loudness_and_colour_of_a_clip_are_not_heard():
    mel = np.random.default_rng(0).normal(size=(30, BANDS)).astype(np.float32)
    x = normalized_mel(mel)
    assert x.shape == (BANDS, 30)
    np.testing.assert_allclose(normalized_mel(mel + np.linspace(0, 2, BANDS)), x, atol=1e-4)
    assert normalized_mel(np.append(mel, [[-50.0] * BANDS], 0)).min() > -15


def test_the_classifier_hears_a_fifth_of_a_second():
    torch.manual_seed(0)
    classifier = PhoneClassifier(PhoneClassifierConfig(hidden=8), BANDS, len(SYMBOLS))
    x = torch.randn(1, BANDS, 61)
    changed = x.clone()
    changed[:, :, 30] += 1
    with torch.no_grad():
        moved = (classifier(x) - classifier(changed)).abs().amax(2)[0].nonzero().flatten()
    assert moved.min() == 21
    assert moved.max() == 39


def test_an_alignment_survives_the_disk(tmp_path):
    kept = {
        4: (np.arange(6, dtype=np.int32).reshape(3, 2), np.array([1, 2]), -0.5),
        2: (np.ones((3, 1), np.int32), np.array([7]), -1.5),
    }
    assert alignment_path(tmp_path) == tmp_path / "alignment.npz"
    save_alignment(tmp_path / "realigned.npz", kept)
    assert alignment_path(tmp_path) == tmp_path / "realigned.npz"
    found = load_alignment(alignment_path(tmp_path))
    assert list(found) == [2, 4]
    for number, (tokens, durations, score) in kept.items():
        np.testing.assert_array_equal(found[number][0], tokens)
        np.testing.assert_array_equal(found[number][1], durations)
        assert found[number][2] == score


@pytest.fixture
def spoken(monkeypatch: pytest.MonkeyPatch) -> tuple[SimpleNamespace, dict[int, np.ndarray], dict]:
    """A corpus of made-up phones, its true durations, and labels of which a quarter is far off."""
    monkeypatch.setattr(realign, "CUT_FRAMES", 96)  # more than the longest clip has
    random = np.random.default_rng(0)
    sounds = 2 * random.normal(size=(10, BANDS))
    mels, clips, truth, labels, first = [], [], {}, {}, 0
    for number in range(40):
        phones = np.concatenate([[0], random.permutation(np.arange(5, 10)), [0]]).astype(np.int32)
        durations = random.integers(3, 12, len(phones))
        mel = np.repeat(sounds[phones], durations, axis=0)
        mels.append(mel + random.normal(size=mel.shape))
        clips.append(SimpleNamespace(span=slice(first, first + len(mel)), frames=len(mel),
                                     weight=1.0, speed=1.0, warp=""))  # fmt: skip
        first += len(mel)
        truth[number] = durations
        wrong = number % 4 == 0
        given = np.roll(durations, 3) if wrong else durations
        labels[number] = (np.stack([phones] * 3), given.astype(np.int64), -2.0 if wrong else -1.0)
    return SimpleNamespace(folder="made up", clips=clips, mel=np.concatenate(mels)), truth, labels


def far_off(alignment: dict, truth: dict[int, np.ndarray]) -> float:
    """The share of boundaries that are more than a frame from the true ones."""
    errors = [np.cumsum(alignment[i][1])[:-1] - np.cumsum(truth[i])[:-1] for i in truth]
    return float(np.mean(np.abs(np.concatenate(errors)) > 1))


def labelled(labels: dict) -> realign.Labels:
    """Labels of every clip, none of them given."""
    return realign.Labels(labels, frozenset(), {})


def train(trainer: realign.RealignTrainer, steps: int) -> None:
    for step, plan in zip(range(steps), trainer.source().plans(0), strict=False):
        trainer.train_step(trainer.source().collate(plan, slice(None)), step / steps)
        trainer.ema.update(trainer.classifier)
        trainer.step += 1


def test_wrong_labels_are_mended(spoken, tmp_path):
    cache, truth, labels = spoken
    options = realign.RealignOptions(
        corpus=tmp_path, out=tmp_path, steps=30, batch=8, round_steps=20, log_steps=100
    )
    trainer = realign.RealignTrainer(CONFIG, options, cache, labelled(labels))
    assert far_off(trainer.alignment, truth) > 0.15
    train(trainer, 30)
    trainer.realign()
    assert far_off(trainer.alignment, truth) < 0.03


def drawn(trainer: realign.RealignTrainer) -> set[int]:
    plans = itertools.islice(trainer.source().plans(0), 20)
    return {i for plan in plans for i in plan.clips}


@pytest.fixture
def taught(spoken, tmp_path) -> tuple[realign.RealignTrainer, dict[int, np.ndarray], list[int]]:
    """Trained where every second clip is a teacher's and the others come without durations."""
    cache, truth, labels = spoken
    options = realign.RealignOptions(
        corpus=tmp_path, out=tmp_path, steps=60, batch=8, round_steps=30, log_steps=100
    )
    given = {i: labels[i] for i in labels if i % 2 and i % 4}
    unlabelled = {i: labels[i][0] for i in labels if i not in given}
    known = realign.Labels(given, frozenset(given), unlabelled)
    trainer = realign.RealignTrainer(CONFIG, options, cache, known)
    assert set(trainer.alignment) == set(given)
    train(trainer, 60)
    return trainer, truth, sorted(given)


def test_clips_without_durations_get_them_from_a_teachers_clips(taught):
    trainer, truth, given = taught
    assert set(trainer.alignment) == set(truth)
    assert far_off(trainer.alignment, {i: truth[i] for i in truth if i not in given}) < 0.05


def test_given_durations_are_kept(taught):
    trainer, truth, given = taught
    for i in given:
        np.testing.assert_array_equal(trainer.alignment[i][1], truth[i])
        assert trainer.alignment[i][2] == -1.0
    assert drawn(trainer) == set(truth)


def test_labels_that_were_found_survive_a_pause(taught, spoken, tmp_path):
    trainer, truth, given = taught
    cache, _, labels = spoken
    save_checkpoint(trainer.path, trainer.state())
    unlabelled = {i: labels[i][0] for i in labels if i not in given}
    known = realign.Labels({i: labels[i] for i in given}, frozenset(given), unlabelled)
    options = realign.RealignOptions(corpus=tmp_path, out=tmp_path, steps=60, batch=8)
    again = realign.RealignTrainer(CONFIG, options, cache, known)
    again.resume(trainer.path)
    for i in truth:
        np.testing.assert_array_equal(again.alignment[i][1], trainer.alignment[i][1])
    assert drawn(again) == set(truth)


def test_labels_of_a_corpus_with_given_durations(tmp_path):
    tokens = np.ones((3, 4), np.int32)
    save_tokens(tmp_path / "tokens.npz", {0: tokens, 1: tokens})
    clip = {"speed": 1.0, "frames": 30, "id": "a"}
    clips = [SimpleNamespace(**clip, phones="sˈɔ", durations=(3, 2, 1, 4, 5)),
             SimpleNamespace(**clip, phones="", durations=()),
             SimpleNamespace(**clip | {"id": "c"}, phones="ø", durations=(3, 2, 5))]  # fmt: skip
    cache = SimpleNamespace(folder=tmp_path, clips=clips, sizes=AudioConfig(24000, 300, 1200, 1200))
    labels = realign.first_labels(cache, MISAKI_SYMBOLS)
    assert labels.given == {0} == set(labels.alignment)
    assert set(labels.unlabelled) == {1}
    assert labels.alignment[0][1].sum() == 30
    assert "c\t" in (tmp_path / "given_left_out.tsv").read_text()
    with pytest.raises(ValueError, match="run the stage align first"):
        realign.first_labels(cache, SYMBOLS)


def share_of(log_prior: torch.Tensor, alignment: dict, phone: int) -> tuple[float, float]:
    """How much of the sound a phone is, as the classifier has it and as the labels do."""
    held = [np.repeat(tokens[0], durations) for tokens, durations, _ in alignment.values()]
    return float(log_prior[phone].exp()), float(np.mean(np.concatenate(held) == phone))


def test_the_checkpoint_knows_how_often_phones_are_heard(spoken, tmp_path):
    cache, _, labels = spoken
    options = realign.RealignOptions(corpus=tmp_path, out=tmp_path / "realign", steps=1)
    trainer = realign.RealignTrainer(CONFIG, options, cache, labelled(labels))
    save_checkpoint(trainer.path, trainer.state())
    state = load_checkpoint(trainer.path)
    assert config_of(state).phone_classifier == SIZES
    for name in ("classifier", "ema"):
        mine, theirs = share_of(state[name]["log_prior"], labels, 7)
        assert mine == pytest.approx(theirs, rel=0.1)
        assert state[name]["log_prior"].exp().sum() == pytest.approx(1.0)


def test_a_snapshot_places_the_labels_that_it_left_out(spoken, tmp_path):
    cache, truth, labels = spoken
    options = realign.RealignOptions(corpus=tmp_path, out=tmp_path / "realign", steps=30, batch=8)
    trainer = realign.RealignTrainer(CONFIG, options, cache, labelled(labels))
    for step, plan in zip(range(30), trainer.source().plans(0), strict=False):
        trainer.train_step(trainer.source().collate(plan, slice(None)), step / 30)
        trainer.ema.update(trainer.classifier)
    save_checkpoint(trainer.path, trainer.state())
    assert [path.name for path in save(tmp_path, tmp_path / "kept")] == ["realign.snapshot"]
    (restored,) = restore(tmp_path / "kept", tmp_path / "back")
    again = realign.RealignTrainer(CONFIG, options, cache, labelled(labels))
    again.resume(restored)
    trainer.realign()
    assert far_off(again.alignment, truth) < 0.15
    assert far_off(again.alignment, {i: trainer.alignment[i][1] for i in truth}) < 0.01


def test_the_unsure_teach_nothing(spoken, tmp_path, monkeypatch):
    monkeypatch.setattr(realign, "UNSURE_SHARE", 0.25)
    cache, _, labels = spoken
    options = realign.RealignOptions(corpus=tmp_path, out=tmp_path, steps=1, batch=64)
    trainer = realign.RealignTrainer(CONFIG, options, cache, labelled(labels))
    batch = trainer.source().collate(next(trainer.source().plans(0)), slice(None))
    taught = (trainer._labels(batch) >= 0).sum(1)
    unsure = batch["clip"] % 4 == 0
    assert unsure.any()
    assert (taught[unsure] == 0).all()
    assert torch.equal(taught[~unsure], batch["frames"][~unsure])


def test_a_checkpoint_of_another_corpus(spoken, tmp_path):
    cache, _, labels = spoken
    options = realign.RealignOptions(corpus=tmp_path, out=tmp_path, steps=1)
    trainer = realign.RealignTrainer(CONFIG, options, cache, labelled(labels))
    torch.save(trainer.state() | {"scores": [0.0]}, trainer.path)
    with pytest.raises(ValueError, match="another corpus"):
        trainer.resume(trainer.path)


def test_rounds_need_steps(tmp_path):
    with pytest.raises(ValueError, match="--round-steps must be at least 1, got 0"):
        realign.main([str(tmp_path), "--round-steps", "0"])
