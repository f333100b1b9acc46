"""No stage mixes devices: PyTorch's meta device stands in for a GPU, and refuses a tensor left on the CPU."""

from __future__ import annotations

import contextlib
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("numba")

from muspeaker.config import AlignerConfig
from muspeaker.train import acoustic_pass
from muspeaker.train.losses import adversarial
from muspeaker.train.losses import vocoder as losses
from muspeaker.train.losses.discriminators import MelDiscriminator, VocoderDiscriminator
from muspeaker.train.losses.timbre import AngularMargin
from muspeaker.train.losses.voice_judge import VoiceJudge, contrastive_loss
from muspeaker.train.stages.timbre import held_out_vectors
from muspeaker.twin.model.aligner import Aligner
from muspeaker.twin.model.muspeaker import MuSpeaker
from muspeaker.twin.model.timbre_encoder import TimbreEncoder
from muspeaker.twin.model.vocoder import make_vocoder
from tests import tiny_corpus

pytestmark = pytest.mark.torch

CONFIG = tiny_corpus.training_config()
DEVICE = torch.device("meta")
FRAMES, HOP, TOKENS = 32, 256, 9


@pytest.fixture(autouse=True)
def no_autocast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Autocast does not know the device."""
    monkeypatch.setattr(torch, "autocast", lambda *_, **__: contextlib.nullcontext())


def empty(*shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.empty(shape, dtype=dtype, device=DEVICE)


def test_a_tensor_left_on_the_cpu_is_refused():
    with pytest.raises(RuntimeError):
        empty(3) + torch.zeros(3)
    with pytest.raises(RuntimeError):
        torch.nn.Linear(3, 3).to(DEVICE)(torch.zeros(1, 3))


def test_vocoder_stage():
    generator = make_vocoder(CONFIG.vocoder, CONFIG.audio).to(DEVICE)
    discriminator = VocoderDiscriminator(2, 2).to(DEVICE)
    samples = FRAMES * HOP
    fake = generator(empty(2, 80, FRAMES), empty(2, FRAMES), empty(2, samples), empty(2, samples))
    rate_hz = CONFIG.audio.sample_rate
    fake = losses.limit_band(fake, empty(2), rate_hz)
    real = losses.limit_band(empty(2, samples), empty(2), rate_hz)
    judged, judged_real = discriminator(fake), discriminator(real)
    loss = sum(losses.spectral_losses((fake, fake), real, rate_hz))
    maps = (adversarial.maps_of(judgements) for judgements in (judged_real, judged))
    loss = loss + adversarial.feature_loss(*maps) + adversarial.adversarial_loss(judged)
    (loss + adversarial.discriminator_loss(judged_real, judged)).backward()
    assert all(p.grad.device == DEVICE for p in generator.parameters() if p.grad is not None)


def test_acoustic_stage():
    model = MuSpeaker(CONFIG, acoustic_only=True).to(DEVICE)
    long, flag = torch.long, torch.bool
    batch = {
        "tokens": empty(2, 3, TOKENS, dtype=long),
        "durations": empty(2, TOKENS, dtype=long),
        "token_mask": empty(2, TOKENS, dtype=flag),
        "mel": empty(2, 80, FRAMES),
        "f0": empty(2, FRAMES),
        "energy": empty(2, FRAMES),
        "frame_mask": empty(2, FRAMES, dtype=flag),
        "content_mel": empty(2, 80, FRAMES),
        "noise": empty(2, TOKENS, CONFIG.mel_encoder.latent),
        "from_prior": empty(2, dtype=flag),
        "timbre": empty(2, CONFIG.timbre_size),
        "prompt_mel": empty(2, 80, FRAMES),
        "prompt_mask": empty(2, FRAMES // 4, dtype=flag),
    }
    terms, mel = acoustic_pass.acoustic_losses(model, batch)
    judged = MelDiscriminator(4, CONFIG.timbre_size).to(DEVICE)(mel, batch["timbre"])
    (sum(terms.values()) + adversarial.adversarial_loss(judged)).backward()
    assert mel.shape == (2, 80, FRAMES)
    f0, energy = acoustic_pass.predict_contours(
        model, empty(2, TOKENS, CONFIG.linguistic_encoder.hidden), batch
    )
    assert f0.shape == energy.shape == (2, FRAMES)
    encoder = TimbreEncoder(CONFIG.timbre_encoder)
    judge = VoiceJudge(encoder, np.zeros((81, 80), np.float32), CONFIG.audio)
    features, vectors = judge.to(DEVICE)(mel)
    assert vectors.device == features[0].device == DEVICE
    speakers = empty(2, dtype=torch.long)
    assert contrastive_loss(vectors, vectors, speakers).device == DEVICE


def test_timbre_and_align_stages():
    embedding = CONFIG.timbre_encoder.embedding
    encoder = TimbreEncoder(CONFIG.timbre_encoder).to(DEVICE)
    margin = AngularMargin(embedding, 4).to(DEVICE)
    margin(encoder(empty(2, 60, 80)), empty(2, dtype=torch.long), 0.1).backward()
    sizes = AlignerConfig()
    features = empty(2, 2 * sizes.num_cepstra, FRAMES)
    scores = Aligner(sizes, 20).to(DEVICE)(features, empty(2, TOKENS, dtype=torch.long))
    assert scores.shape == (2, FRAMES, TOKENS)


def test_evaluation_goes_where_the_encoder_is():
    seen = []

    class Encoder(torch.nn.Linear):
        def forward(self, fbank: torch.Tensor) -> torch.Tensor:
            seen.append(fbank.device)
            return torch.zeros(1, 4)

    fbanks = SimpleNamespace(clip=lambda _: np.zeros((10, 80), np.float32))
    speakers = SimpleNamespace(held_out=[(0, "a"), (1, "b")], fbanks=fbanks)
    held_out_vectors(Encoder(1, 1).to(DEVICE), speakers)
    assert seen == [DEVICE, DEVICE]
