"""GE2E as a judge of mels: the bands that it hears, its loss, and a stage that learns by it."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("librosa")
soxr = pytest.importorskip("soxr")

from muspeaker.config import AudioConfig
from muspeaker.train.corpus.ge2e import GE2E, ge2e_mel
from muspeaker.train.losses.ge2e_judge import FLOOR, GE2EBands, GE2EJudge, fit_ge2e_bands
from muspeaker.train.losses.voice_judge import retime
from muspeaker.twin.dsp.mel import log_mel
from tests import tiny_corpus

pytestmark = pytest.mark.torch

AUDIO = AudioConfig()


def heard(seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """What `retime` makes of one utterance's mel, and its powers at the same times."""
    samples = soxr.resample(tiny_corpus.utterance(120.0 + 30 * seed, seed), 16000, 22050)
    samples = samples[: len(samples) // 256 * 256].astype(np.float32)
    powers = ge2e_mel(soxr.resample(samples, 22050, 16000).astype(np.float32))[1:]
    timed = retime(log_mel(torch.from_numpy(samples).unsqueeze(0), AUDIO), AUDIO)[0]
    count = min(len(timed), len(powers))
    return timed[:count], powers[:count]


def network() -> GE2E:
    torch.manual_seed(0)
    return GE2E().eval()


def test_the_bands_of_speech_that_they_never_saw_are_near():
    pairs = [heard(seed) for seed in range(4)]
    bands = fit_ge2e_bands(network(), pairs[:3], steps=3)
    wanted = torch.log(pairs[3][1] + FLOOR)
    with torch.no_grad():
        made = torch.log(bands(pairs[3][0].unsqueeze(0))[0] + FLOOR)
    assert float((made - wanted).square().mean()) < 0.25 * float(wanted.var())


def test_the_same_steps_give_the_same_bands():
    pairs = [heard(seed) for seed in range(2)]
    first, second = (fit_ge2e_bands(network(), pairs, steps=2).state_dict() for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_mel_is_no_way_from_itself_and_gradients_reach_the_other():
    judge = GE2EJudge(network(), GE2EBands(80), AUDIO)
    real = torch.randn(2, 80, 120)
    assert float(judge.loss(real, real)) == pytest.approx(0, abs=1e-6)
    fake = torch.randn(2, 80, 120, requires_grad=True)
    loss = judge.loss(real, fake)
    loss.backward()
    assert float(loss.detach()) > 0
    assert fake.grad.abs().sum() > 0
    assert not any(p.requires_grad for p in judge.parameters())
    states, vectors = judge(real)
    assert states.shape == (2, 137, 256)  # 1.39 s, every 10 ms
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(2))
