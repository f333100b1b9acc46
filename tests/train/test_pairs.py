"""Teacher pairs lie on their targets' frames, in another voice; and how the student meets them."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("numba")
pytest.importorskip("parselmouth")

from muspeaker.train.corpus.acoustic_data import AcousticData
from muspeaker.train.corpus.cache import Cache
from muspeaker.train.loop.options import parse
from muspeaker.train.stages import pairs, student
from tests.tiny_training import CONFIG, PARTS, STAGES

pytestmark = pytest.mark.torch

EDGE = 8  # frames; up to here the mel decoder looks into the padding after a short clip


@pytest.fixture(scope="module")
def command(runs) -> list[str]:
    return [str(runs.corpus), *(f"--{name}={runs.root / file}" for name, file in PARTS)]


@pytest.fixture(scope="module")
def maker(command) -> pairs.PairMaker:
    return pairs.PairMaker(parse(pairs.PairsOptions, command, "pairs", ""), CONFIG)


def test_pairs_lie_on_the_frames_of_their_targets(maker, monkeypatch):
    numbers = maker.numbers()[:4]
    tokens = torch.arange(100.0).view(1, -1, 1)
    monkeypatch.setattr(
        pairs,
        "encode_prior",
        lambda _m, b, _t: tokens[:, : b["tokens"].shape[2]].expand(4, -1, 80),
    )
    monkeypatch.setattr(pairs, "predict_contours", lambda _m, _e, b: (b["f0"], b["energy"]))
    adapter = maker._model.variation_adapter
    monkeypatch.setattr(adapter, "embed", lambda frames, *_: frames)
    monkeypatch.setattr(maker._model.mel_decoder, "forward", lambda x, *_: x.transpose(1, 2))
    for i, mel in zip(numbers, maker.speak(numbers), strict=True):
        durations = maker.data.items[i][1]
        assert len(mel) == maker.cache.clips[i].frames == durations.sum()
        expected = np.repeat(np.arange(len(durations)), durations)
        np.testing.assert_array_equal(mel[:, 0], expected)


def test_the_voice_is_another_speakers(maker):
    for i in maker.numbers():
        voice = maker.data.other_voice(i, np.random.default_rng((0, i)))
        mine, other = (maker.cache.clips[n].speaker for n in (i, voice))
        assert mine != other


def test_a_pair_does_not_depend_on_its_batch(maker):
    short, long = maker.numbers()[0], maker.numbers()[-1]
    together = maker.speak([short, long])
    for i, mel in zip((short, long), together, strict=True):
        (alone,) = maker.speak([i])
        seen = slice(-EDGE)
        np.testing.assert_allclose(
            alone[seen].astype(float), mel[seen].astype(float), atol=0.1
        )  # of bfloat16


def test_every_usable_clip_has_a_pair(runs, maker):
    mels, cache = np.load(runs.corpus / pairs.PAIRS), maker.cache
    assert mels.shape == cache.mel.shape
    for i, clip in enumerate(cache.clips):
        assert np.isfinite(mels[clip.span]).all() == (i in maker.data.items)
    assert not list(runs.corpus.glob("*.partial.*"))


def test_a_stopped_run_goes_on(command, tmp_path, monkeypatch):
    out = tmp_path / "pairs.npy"
    calls = []
    speak = pairs.PairMaker.speak

    def stops(self, numbers):
        calls.append(numbers)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return speak(self, numbers)

    monkeypatch.setattr(pairs.PairMaker, "speak", stops)
    words = [*command, "--out", str(out), "--batch", "4", "--share", "0.6"]
    with pytest.raises(KeyboardInterrupt):
        pairs.main(words, CONFIG)
    pairs.main(words, CONFIG)
    wanted = pairs.PairMaker(parse(pairs.PairsOptions, words, "pairs", ""), CONFIG).numbers()
    made = [i for numbers in calls[:2] + calls[3:] for i in numbers]
    assert made == wanted  # none is made twice


@pytest.mark.parametrize("sigma", [0.0, 0.5, 1.0])
def test_a_share_of_the_content_comes_from_pairs(runs, sigma):
    cache = Cache(runs.corpus)
    timbres = np.load(runs.corpus / "timbres.npy")
    data = AcousticData(cache, timbres, CONFIG, 1500, 0)
    mels = np.load(runs.corpus / pairs.PAIRS)
    data.add_pairs(mels, sigma)
    plain, paired, rows = 0, 0, 0
    for plan, _ in zip(data.plans(0), range(6), strict=False):
        batch = data.collate(plan, slice(None))
        for row, i in enumerate(plan.clips):
            clip = cache.clips[i]
            content = batch["content_mel"][row, :, : clip.frames]
            plain += torch.equal(content, batch["mel"][row, :, : clip.frames])
            paired += np.array_equal(content.T.numpy(), mels[clip.span].astype(np.float32))
            rows += 1
    assert plain + paired == rows > 15
    assert {0.0: paired == 0, 0.5: 0.2 < paired / rows < 0.8, 1.0: plain == 0}[sigma]


def test_pairs_of_another_corpus_are_refused(maker):
    with pytest.raises(ValueError, match="make them again"):
        maker.data.add_pairs(np.zeros((3, 80), np.float16), 0.8)


@pytest.mark.parametrize(
    ("extra", "error", "message"),
    [
        (["--sigma", "1.2"], ValueError, "from 0 to 1, got 1.2"),
        (["--pairs", "nowhere.npy"], FileNotFoundError, "muspeaker-train pairs"),
        (["--weights", "melody=1"], ValueError, "expected one of mel, loud"),
        (["--weights", "mel"], ValueError, "expected NAME=VALUE"),
    ],
)
def test_student_says_what_is_wrong(runs, tmp_path, extra, error, message):
    with pytest.raises(error, match=message):
        student.main([*runs.arguments("student"), "--out", str(tmp_path), *extra], CONFIG)


@pytest.mark.filterwarnings("ignore")  # Ray's own
def test_ray_actors_make_the_same_pairs(command, runs, tmp_path):
    pytest.importorskip("ray")
    out = tmp_path / "pairs.npy"
    with pairs.local(2):
        pairs.main([*command, "--out", str(out), "--ray", "2", "--batch", "5"], CONFIG)
    ours, theirs = np.load(runs.corpus / pairs.PAIRS), np.load(out)
    np.testing.assert_array_equal(np.isfinite(ours), np.isfinite(theirs))
    cache = Cache(runs.corpus)
    for clip in cache.clips:
        seen = slice(clip.first_frame, clip.first_frame + clip.frames - EDGE)
        np.testing.assert_allclose(
            ours[seen].astype(float), theirs[seen].astype(float), atol=0.05, equal_nan=True
        )


def test_each_loss_can_be_turned_off(runs, tmp_path, monkeypatch):
    seen: list[set[str]] = []
    monkeypatch.setattr(
        "muspeaker.train.loop.journal.Journal.step",
        lambda _s, _n, losses, _r: seen.append(set(losses)),
    )
    off = ["adversarial=0", "features=0", "perceptual=0", "contrastive=0"]
    for number, weights in enumerate((["mel=2"], off, off[:3], off[2:])):
        command = [*runs.arguments("student", 1), "--out", str(tmp_path / str(number))]
        STAGES["student"]([*command, "--weights", *weights], CONFIG)
    judged = {"perceptual", "contrastive"}
    patches = {"adversarial", "features"}
    assert [s & (judged | patches) for s in seen] == [judged | patches, set(), judged, patches]
