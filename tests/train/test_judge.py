"""The judge of voices: its map from mel, and its losses against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from muspeaker.config import AudioConfig
from muspeaker.train.losses.voice_judge import (
    TEMPERATURE,
    VoiceJudge,
    contrastive_loss,
    fit_fbank_map,
    judged_frames,
    retime,
)
from muspeaker.twin.dsp.fbank import kaldi_fbank
from muspeaker.twin.dsp.mel import log_mel
from muspeaker.twin.model.timbre_encoder import TimbreEncoder
from tests import tiny_corpus

pytestmark = pytest.mark.torch

CONFIG = tiny_corpus.training_config()
AUDIO = CONFIG.audio


@pytest.mark.parametrize(("rate_hz", "hop"), [(22050, 256), (24000, 300)])
def test_retime_is_exact_on_a_line(rate_hz, hop):
    audio = AudioConfig(sample_rate=rate_hz, hop_samples=hop)
    seconds = (torch.arange(100) + 0.5) * hop / rate_hz
    timed = retime(seconds.expand(2, 3, -1), audio)
    expected = (torch.arange(timed.shape[1]) * 160 + 200) / 16000
    torch.testing.assert_close(timed[1, :, 2], expected)
    assert timed.shape[1] == (100 * hop / rate_hz * 16000 - 400) // 160 + 1


def test_the_judge_hears_as_many_seconds_on_every_clock():
    assert judged_frames(AUDIO) == 138
    assert judged_frames(AudioConfig(sample_rate=24000, hop_samples=300)) == 128


def heard(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Mel (frames, mels) and filter banks (frames, fbanks) of one utterance."""
    soxr = pytest.importorskip("soxr")
    samples = soxr.resample(tiny_corpus.utterance(120.0 + 30 * seed, seed), 16000, 22050)
    samples = samples[: len(samples) // 256 * 256].astype(np.float32)
    fbank = kaldi_fbank(torch.from_numpy(soxr.resample(samples, 22050, 16000)).unsqueeze(0))[0]
    return log_mel(torch.from_numpy(samples).unsqueeze(0), AudioConfig())[
        0
    ].T.numpy(), fbank.numpy()


def test_the_map_predicts_filter_banks_of_speech_that_it_never_saw():
    mels, fbanks = zip(*(heard(seed) for seed in range(4)), strict=True)
    fitted = fit_fbank_map(list(mels[:3]), list(fbanks[:3]), AUDIO)
    timed = retime(torch.from_numpy(mels[3].T.copy()).unsqueeze(0), AUDIO)[0].numpy()
    predicted = timed @ fitted[:-1] + fitted[-1]
    count = min(len(predicted), len(fbanks[3]))
    error = np.square(predicted[:count] - fbanks[3][:count]).mean()
    assert error < 0.25 * fbanks[3].var()


def test_judge_is_frozen_and_lets_gradients_through():
    judge = VoiceJudge(
        TimbreEncoder(CONFIG.timbre_encoder), np.eye(81, 80, dtype=np.float32), AUDIO
    )
    mel = torch.randn(2, 80, 60, requires_grad=True)
    features, vectors = judge(mel)
    assert [f.shape[0] for f in features] == [2, 2, 2]
    (vectors.sum() + features[0].sum()).backward()
    assert mel.grad.abs().sum() > 0
    assert not any(p.requires_grad for p in judge.parameters())
    assert len(judge(mel)[0]) == 3  # nothing is left over from the first time


def test_contrastive_loss_of_known_cases():
    prompts, speakers = torch.eye(3), torch.arange(3)
    right = math.log(1 + 2 * math.exp(-1 / TEMPERATURE))
    assert float(contrastive_loss(prompts, prompts, speakers)) == pytest.approx(right, abs=1e-6)
    blind = torch.ones(3, 3)
    assert float(contrastive_loss(blind, prompts, speakers)) == pytest.approx(math.log(3), abs=1e-5)
    wrong = prompts.roll(1, 0)
    assert float(contrastive_loss(wrong, prompts, speakers)) > 9
    first = contrastive_loss(prompts[:1], prompts, speakers)
    assert float(first) == pytest.approx(right, abs=1e-6)  # the others are still negatives


def test_other_prompts_of_the_same_speaker_are_no_negatives():
    prompts = torch.eye(3)
    vectors = torch.tensor([[1.0, 1, 0], [1, 1, 0], [0, 0, 1]])
    twins, strangers = torch.tensor([0, 0, 1]), torch.arange(3)
    assert float(contrastive_loss(vectors, prompts, twins)) < 0.01
    assert float(contrastive_loss(vectors, prompts, strangers)) > 0.4
