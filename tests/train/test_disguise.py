"""Content in the statistics of another voice, and how the student meets it."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("numba")
pytest.importorskip("parselmouth")

from muspeaker.config import AudioConfig
from muspeaker.train.corpus.acoustic_data import AcousticData
from muspeaker.train.corpus.cache import Cache
from muspeaker.train.corpus.disguise import disguise, move_formants
from muspeaker.twin.dsp.mel import mel_edges_hz
from tests.tiny_training import CONFIG

pytestmark = pytest.mark.torch

AUDIO = AudioConfig()
MELS = AUDIO.num_mels


def voice(seed: int, frames: int) -> torch.Tensor:
    """(mels, frames) of noise whose bands have a mean and vary together as one seed gives them."""
    random = torch.Generator().manual_seed(seed)
    mean = -4 + torch.randn(MELS, 1, generator=random)
    shapes = 0.06 * torch.randn(MELS, 6, generator=random)
    moves = torch.randn(6, frames, generator=random)
    return mean + shapes @ moves + 0.3 * torch.randn(MELS, frames, generator=random)


def test_disguised_speech_has_the_statistics_of_the_other():
    own, other = voice(0, 3000), voice(1, 2000)
    heard = disguise(own, other, 1.0, AUDIO)
    torch.testing.assert_close(heard.mean(1), other.mean(1), atol=1e-3, rtol=0)
    error = (heard.cov() - other.cov()).norm() / other.cov().norm()
    before = (own.cov() - other.cov()).norm() / other.cov().norm()
    assert error < 0.1 < before


def test_disguised_speech_says_the_same():
    own, other = voice(0, 3000), voice(1, 2000)
    heard = disguise(own, other, 1.0, AUDIO)
    both = torch.stack([own - own.mean(1, keepdim=True), heard - heard.mean(1, keepdim=True)])
    alike = (both[0] * both[1]).sum() / both.norm(dim=(1, 2)).prod()
    assert alike > 0.5  # of the least moving map; frames in another order would have 0


@pytest.mark.parametrize("factor", [0.8, 1.0, 1.25])
def test_formants_are_moved(factor):
    peaks = mel_edges_hz(AUDIO)[1:-1]
    bump = torch.exp(-((peaks - 1500) / 300).square()).unsqueeze(1).float()
    moved = move_formants(bump, factor, AUDIO)
    assert float(peaks[int(moved.argmax())]) == pytest.approx(1500 * factor, rel=0.04)


@pytest.fixture
def data(runs) -> AcousticData:
    cache = Cache(runs.corpus)
    timbres = np.zeros((len(cache.clips), CONFIG.timbre_size), np.float32)
    return AcousticData(cache, timbres, CONFIG, 600, 0)


def changed(data: AcousticData) -> list[bool]:
    """For each row of some batches whether its content is not its own speech; padding must stay as it is."""
    plans, rows = data.plans(0), []
    for _ in range(4):
        batch = data.collate(next(plans), slice(None))
        away = batch["content_mel"] != batch["mel"]
        assert not away[~batch["frame_mask"].unsqueeze(1).expand_as(away)].any()
        rows += away.flatten(1).any(1).tolist()
    return rows


def test_so_many_samples_are_disguised(data):
    assert not any(changed(data))
    data.add_disguise(1.0)
    assert all(changed(data))
    data.add_disguise(0.5)
    assert 0.2 < np.mean(changed(data)) < 0.8


def test_rows_of_a_batch_are_disguised_as_in_the_whole(data):
    data.add_disguise(1.0)
    plan = next(data.plans(0))
    whole = data.collate(plan, slice(None))["content_mel"]
    torch.testing.assert_close(data.collate(plan, slice(1, 2))["content_mel"], whole[1:2])


def test_a_pair_comes_first(data):
    data.add_pairs(np.full(data._cache.mel.shape, 1.0, np.float16), 1.0)
    data.add_disguise(1.0)
    batch = data.collate(next(data.plans(0)), slice(None))
    mask = batch["frame_mask"].unsqueeze(1).expand_as(batch["mel"])
    assert (batch["content_mel"][mask] == 1).all()


def test_one_speaker_is_refused_at_once(data: AcousticData) -> None:
    data._by_speaker = dict(list(data._by_speaker.items())[:1])
    with pytest.raises(ValueError, match="two speakers"):
        data.add_disguise(1.0)
