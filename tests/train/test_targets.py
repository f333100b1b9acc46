"""The timbre encoder's teacher and its targets, with random weights in place of Resemblyzer's."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("librosa")
pytest.importorskip("soxr")

from muspeaker.train.corpus import ge2e
from muspeaker.train.corpus.cache import Cache
from muspeaker.train.corpus.target_space import fit_space, load_space, smooth, unit
from muspeaker.train.corpus.timbre_crops import CropOptions, Speakers
from muspeaker.train.corpus.timbres import timbre_vectors
from muspeaker.train.stages import targets, timbre
from tests.tiny_corpus import training_config

pytestmark = pytest.mark.torch
CONFIG = training_config()


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    """A file like the package's."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("resemblyzer") / "pretrained.pt"
    state = ge2e.GE2E().state_dict() | {"similarity_weight": torch.ones(1)}
    torch.save({"step": 1, "model_state": state}, path)
    return path


def test_mel_is_that_of_librosa():
    import librosa  # noqa: PLC0415  (after the skip above)

    samples = (0.01 * np.random.default_rng(0).standard_normal(8000)).astype(np.float32)
    louder = samples * ge2e.QUIETEST_RMS / np.sqrt(np.mean(samples**2))
    wanted = librosa.feature.melspectrogram(
        y=louder, sr=16000, n_fft=400, hop_length=160, n_mels=40
    )
    np.testing.assert_allclose(ge2e.ge2e_mel(samples).T, wanted, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(ge2e.ge2e_mel(louder * 2), 4 * wanted.T, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(
    ("frames", "starts"), [(100, [0]), (160, [0]), (250, [0, 80]), (570, [0, 160, 320, 410])]
)
def test_windows_cover_a_clip(frames, starts):
    mel = torch.arange(1.0, frames + 1).unsqueeze(1).expand(frames, 40)
    cut = ge2e.windows(mel)
    assert [int(window[0, 0]) - 1 for window in cut] == starts
    assert cut.shape == (len(starts), 160, 40)


def test_a_clips_embedding_does_not_depend_on_its_company(network, monkeypatch):
    random = np.random.default_rng(1)
    clips = [random.standard_normal(n).astype(np.float32) for n in (9000, 70000, 40000)]
    teacher = ge2e.load_ge2e(network)
    together = ge2e.embed(teacher, clips)
    monkeypatch.setattr(ge2e, "BATCH_WINDOWS", 1)
    np.testing.assert_allclose(ge2e.embed(teacher, clips), together, atol=1e-5)
    with torch.no_grad():
        each = teacher(ge2e.windows(ge2e.ge2e_mel(clips[1])))
    mean = each.mean(0).numpy()
    np.testing.assert_allclose(together[1], mean / np.linalg.norm(mean), atol=1e-5)


def test_other_weights_are_refused(tmp_path):
    torch.save({"model_state": {"linear.weight": torch.ones(1)}}, tmp_path / "other.pt")
    with pytest.raises(ValueError, match="weights of Resemblyzer"):
        ge2e.load_ge2e(tmp_path / "other.pt")


def test_targets_resume(runs, network, tmp_path, monkeypatch):
    cache = Cache(runs.corpus)
    folder = tmp_path / "corpus"
    folder.mkdir()
    for path in runs.corpus.iterdir():
        if path.is_file():
            (folder / path.name).symlink_to(path)
    monkeypatch.setattr(targets, "CLIPS_AT_ONCE", 10)
    whole = np.load(targets.write_embeddings(Cache(folder), network))
    assert whole.shape == (len(cache.clips), 256)
    (folder / targets.FILE).unlink()
    begun = whole.copy()
    begun[0], begun[10:] = 7.0, np.nan
    np.save(folder / targets.PARTIAL, begun)
    targets.main([str(folder), "--network", str(network)])
    resumed = np.load(folder / targets.FILE)
    assert (resumed[0] == 7).all()
    np.testing.assert_array_equal(resumed[1:], whole[1:])
    made = np.load(folder / targets.TARGETS)
    assert made.shape == (len(cache.clips), 192)
    np.testing.assert_allclose(np.linalg.norm(made, axis=1), 1, atol=1e-5)
    kept = tmp_path / "space.npz"
    (folder / targets.SPACE).rename(kept)
    half = folder / targets.FILE
    np.save(half, np.where(np.arange(len(whole))[:, None] % 2 == 0, resumed, whole[::-1]))
    targets.main([str(folder), "--network", str(network), "--space", str(kept)])
    np.testing.assert_array_equal(
        load_space(folder / targets.SPACE).matrix, load_space(kept).matrix
    )
    with pytest.raises(ValueError, match="the space has 192 axes, expected 8"):
        targets.main([str(folder), "--network", str(network), "--space", str(kept), "--axes", "8"])


def test_space_keeps_what_differs_between_speakers():
    random = np.random.default_rng(2)
    names = [f"s{n // 8}" for n in range(800)]
    voices = random.choice([-1.0, 1.0], (100, 3)).repeat(8, 0)
    other = 0.9 * random.standard_normal((800, 2))  # of the clip, not of the speaker
    vectors = np.concatenate([voices, other], axis=1) + 50
    mapped = fit_space(vectors, names, 3)(vectors)
    alike = mapped @ mapped.T
    same = (voices @ voices.T) > 2.9
    assert alike[same].min() > 0.8
    assert alike[~same].max() < 0.6
    assert fit_space(vectors, names, 8)(vectors).shape == (800, 8)


def test_smoothing_takes_half_of_the_speakers_mean():
    vectors = np.eye(4, dtype=np.float32)
    result = smooth(vectors, ["a", "a", "b_unk", "b_unk"], [False, False, True, True])
    wanted = unit(np.array([[1 + 0.5**0.5, 0.5**0.5, 0, 0]], np.float32))
    np.testing.assert_allclose(result[:1], wanted, atol=1e-6)
    np.testing.assert_array_equal(result[2:], vectors[2:])


def test_batches_carry_targets_and_have_one_length(runs):
    cache = Cache(runs.corpus)
    options = CropOptions(16, (30, 60), 0, "none")
    speakers = Speakers(cache, options, 80, {"anna"})
    people = [clip.speaker for clip in cache.clips]
    random = np.random.default_rng(3)
    of_each = dict(
        zip(sorted(set(people)), random.standard_normal((len(set(people)), 16)), strict=True)
    )
    speakers.learn_from(np.stack([of_each[name] for name in people]))
    trained = [name for name in of_each if not name.startswith("anna")]
    assert speakers.names == trained
    plans = speakers.plans(0)
    shapes = set()
    for plan, _ in zip(plans, range(8), strict=False):
        batch = speakers.collate(plan, slice(None))
        shapes.add(tuple(batch["fbank"].shape))
        assert batch["target"].shape == (len(plan.clips), 16)
        for target, speaker in zip(batch["target"], batch["speaker"].tolist(), strict=True):
            wanted = of_each[speakers.names[speaker]].astype(np.float32)
            np.testing.assert_array_equal(target.numpy(), wanted)
    assert shapes == {(24, 30, 80), (16, 60, 80)}
    with pytest.raises(ValueError, match="but the corpus has"):
        speakers.learn_from(np.zeros((3, 16), np.float32))


def test_stage_learns_from_targets(runs, network, tmp_path):
    corpus = runs.corpus
    vectors = ge2e.embed(
        ge2e.load_ge2e(network), (Cache(corpus).samples(clip) for clip in Cache(corpus).clips)
    )
    size = CONFIG.timbre_encoder.embedding
    np.save(tmp_path / "targets.npy", vectors[:, :size])
    arguments = [str(corpus), "--out", str(tmp_path), "--steps", "2", "--batch", "6"]
    arguments += ["--frames", "40", "--targets", str(tmp_path / "targets.npy"), "--log-steps", "1"]
    timbre.main([*arguments, "--start", str(runs.root / "timbre" / "timbre.pt")], CONFIG)
    state = torch.load(tmp_path / "timbre.pt", weights_only=True)
    assert state["step"] == 2
    assert torch.isfinite(state["ema"]["seg_1.weight"]).all()
    np.save(tmp_path / "targets.npy", vectors)
    with pytest.raises(ValueError, match=f"make it again with --axes {size}"):
        timbre.main(arguments, CONFIG)


def test_acoustic_stages_take_the_targets_themselves(runs, tmp_path):
    cache, size = Cache(runs.corpus), CONFIG.timbre_encoder.embedding
    random = np.random.default_rng(4)
    targets_ = random.standard_normal((len(cache.clips), size)).astype(np.float32)
    np.save(tmp_path / "targets.npy", targets_)
    vectors = timbre_vectors(cache, tmp_path / "targets.npy", CONFIG)
    rms = np.sqrt(np.square(targets_).mean(1, keepdims=True))
    np.testing.assert_allclose(vectors, targets_ / rms, rtol=1e-5)
    np.save(tmp_path / "targets.npy", targets_[:3])
    with pytest.raises(ValueError, match=r"targets.npy is \(3, "):
        timbre_vectors(cache, tmp_path / "targets.npy", CONFIG)
