"""The PyTorch side alone: shapes, the flow's volume, padding that changes nothing, determinism."""

from __future__ import annotations

from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")

from muspeaker.twin.engine.cloner import scale_timbre
from muspeaker.twin.model.duration_predictor import round_durations
from muspeaker.twin.model.harmonic_source import integrate_phase
from muspeaker.twin.model.length_regulator import make_path
from muspeaker.twin.model.muspeaker import MuSpeaker
from tests.tiny_model import tiny_config, tiny_model

pytestmark = pytest.mark.torch

CONFIG = tiny_config()
HIDDEN, STYLE = CONFIG.linguistic_encoder.hidden, CONFIG.style_encoder.hidden
LATENT, NUM_MELS = CONFIG.mel_encoder.latent, CONFIG.audio.num_mels
TOKENS, FRAMES, HOP = 7, 23, CONFIG.audio.hop_samples
LONGER = 5  # frames or tokens of padding


@pytest.fixture(scope="module")
def model() -> MuSpeaker:
    return tiny_model()


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def ids(tokens: int) -> list[torch.Tensor]:
    """Phones, stresses, boundaries."""
    positions = torch.arange(tokens).unsqueeze(0)
    return [positions % count for count in (12, 3, 2)]


def some(length: int, total: int | None = None) -> torch.Tensor:
    """A (1, total) mask whose first `length` are true."""
    return torch.arange(total or length).unsqueeze(0) < length


def padded(x: torch.Tensor, amount: int, value: float) -> torch.Tensor:
    """x with `amount` garbage entries behind its second axis."""
    return torch.cat([x, torch.full((1, amount, *x.shape[2:]), value, dtype=x.dtype)], dim=1)


def test_shapes_of_all_parts(model):
    e_ling = model.linguistic_encoder(*ids(TOKENS), some(TOKENS))
    assert e_ling.shape == (1, TOKENS, HIDDEN)
    path = make_path(torch.tensor([[3, 4, 2, 5, 0, 6, 3]]), FRAMES)
    mean, log_std = model.mel_encoder(normal(1, NUM_MELS, FRAMES), path)
    assert mean.shape == log_std.shape == (1, TOKENS, LATENT)
    assert model.vp_flow(mean, e_ling, some(TOKENS)).shape == mean.shape
    e_sty = model.style_encoder(normal(1, NUM_MELS, FRAMES))
    assert e_sty.shape == (1, -(-FRAMES // 4), STYLE)
    fbank = normal(1, 40, CONFIG.timbre_encoder.num_fbanks)
    timbre = model.timbre_encoder(fbank)
    assert timbre.shape == (1, CONFIG.timbre_encoder.embedding)
    assert scale_timbre(timbre).norm().item() == pytest.approx(timbre.shape[1] ** 0.5)
    mel = normal(1, NUM_MELS, FRAMES)
    e_tim = model.timbre_projection(model.clone(mel, fbank)[0])  # with the moments of the prompt
    assert e_tim.shape == (1, CONFIG.mel_decoder.timbre)
    e_lat, durations, f0, energy = model.variation_adapter(e_ling + model.fusion(mean), e_sty)
    frames = int(durations.sum())
    assert e_lat.shape == (1, frames, HIDDEN)
    assert durations.shape == (1, TOKENS)
    assert f0.shape == energy.shape == (1, frames)
    mel = model.mel_decoder(e_lat, e_tim, some(frames))
    assert mel.shape == (1, NUM_MELS, frames)
    phase = integrate_phase(f0, CONFIG.audio)
    assert phase.shape == (1, frames * HOP)
    assert model.vocoder(mel, f0, phase, normal(*phase.shape)).shape == (1, frames * HOP)


def test_whole_speaks_and_repeats_itself(model):
    mel, fbank = normal(1, NUM_MELS, 60), normal(1, 50, CONFIG.timbre_encoder.num_fbanks)
    timbre, e_sty = model.clone(mel, fbank)
    noise = normal(1, TOKENS, LATENT, seed=3)
    first, again = (model(*ids(TOKENS), timbre, e_sty, noise, seed=4) for _ in range(2))
    for a, b in zip(first, again, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0)
    assert first.samples.shape == (1, HOP * int(first.durations.sum()))
    assert bool(torch.isfinite(first.samples).all())
    assert first.samples.std() > 1e-3
    other = model(*ids(TOKENS), timbre, e_sty, noise, seed=5)
    assert not torch.equal(other.samples, first.samples)
    assert torch.equal(other.mel, first.mel)  # the seed of this call is the vocoder's alone


def test_speed_pitch_and_energy(model):
    e_con, e_sty = normal(1, TOKENS, HIDDEN), normal(1, 6, STYLE)
    plain = model.variation_adapter(e_con, e_sty)
    slow = model.variation_adapter(e_con, e_sty, speed=0.5)
    assert abs(int(slow.durations.sum()) - 2 * int(plain.durations.sum())) <= 1
    high = model.variation_adapter(e_con, e_sty, pitch_semitones=12.0)
    torch.testing.assert_close(high.f0, 2 * plain.f0)
    loud = model.variation_adapter(e_con, e_sty, energy_gain=2.0)
    shift = torch.log(torch.tensor(2.0)) / CONFIG.variation_adapter.log_energy_std
    torch.testing.assert_close(loud.energy, plain.energy + shift)


def test_flow_undoes_itself(model):
    e_mel, e_ling, mask = normal(1, TOKENS, LATENT), normal(1, TOKENS, HIDDEN), some(TOKENS)
    noise = model.vp_flow(e_mel, e_ling, mask)
    assert (noise - e_mel).abs().max() > 0.1
    torch.testing.assert_close(model.vp_flow.inverse(noise, e_ling, mask), e_mel)


def test_flow_preserves_volume(model):
    """The Jacobian's determinant is plus or minus one: couplings shift, and swapping permutes."""
    tokens = 3
    e_ling, mask = normal(1, tokens, HIDDEN), some(tokens)

    def flow(flat: torch.Tensor) -> torch.Tensor:
        return model.vp_flow(flat.view(1, tokens, LATENT), e_ling, mask).flatten()

    jacobian = torch.autograd.functional.jacobian(flow, normal(tokens * LATENT))
    eye = torch.eye(tokens * LATENT)
    assert (jacobian - eye).abs().max() > 0.1
    assert abs(torch.linalg.det(jacobian.double()).item()) == pytest.approx(1.0, abs=1e-4)


def test_padding_changes_no_token(model):
    short = ids(TOKENS)
    long = [padded(x, LONGER, 1) for x in short]
    mask, long_mask = some(TOKENS), some(TOKENS, TOKENS + LONGER)
    e_ling = model.linguistic_encoder(*short, mask)
    long_e_ling = model.linguistic_encoder(*long, long_mask)
    torch.testing.assert_close(long_e_ling[:, :TOKENS], e_ling)
    assert long_e_ling[:, TOKENS:].abs().max() == 0
    e_mel = normal(1, TOKENS, LATENT)
    noise = model.vp_flow(e_mel, e_ling, mask)
    long_noise = model.vp_flow(padded(e_mel, LONGER, 9.0), padded(e_ling, LONGER, 9.0), long_mask)
    torch.testing.assert_close(long_noise[:, :TOKENS], noise)


def test_padding_changes_no_frame(model):
    frames, e_sty, e_tim = (
        normal(1, FRAMES, HIDDEN),
        normal(1, 6, STYLE),
        normal(1, CONFIG.mel_decoder.timbre),
    )
    mask, long_mask = some(FRAMES), some(FRAMES, FRAMES + LONGER)
    predictor = model.variation_adapter.pitch_predictor
    plain = predictor(frames, e_sty, mask, some(6))
    long = predictor(padded(frames, LONGER, 9.0), padded(e_sty, 2, 9.0), long_mask, some(6, 8))
    torch.testing.assert_close(long[:, :FRAMES], plain)
    mel = model.mel_decoder(frames, e_tim, mask)
    # The first convolution looks beyond the mask, so callers pad e_lat with zeros.
    long_mel = model.mel_decoder(padded(frames, LONGER, 0.0), e_tim, long_mask)
    torch.testing.assert_close(long_mel[..., :FRAMES], mel)


def test_padding_changes_no_posterior(model):
    durations = torch.tensor([[3, 4, 2, 5, 0, 6, 3]])
    mel = normal(1, NUM_MELS, FRAMES)
    plain = model.mel_encoder(mel, make_path(durations, FRAMES))
    long = model.mel_encoder(
        torch.cat([mel, torch.zeros(1, NUM_MELS, LONGER)], dim=2),
        make_path(
            torch.cat([durations, torch.zeros(1, 2, dtype=torch.long)], dim=1), FRAMES + LONGER
        ),
    )
    # Two 3x3 convolutions in each of two blocks reach four frames back from the end.
    torch.testing.assert_close(long[0][:, :5], plain[0][:, :5])


def test_path_and_rounding():
    durations = torch.tensor([[2, 0, 3]])
    path = make_path(durations, 6)
    assert path.sum(2).tolist() == [[2.0, 0.0, 3.0]]
    assert path.argmax(1)[0, :5].tolist() == [0, 0, 2, 2, 2]
    assert round_durations(torch.full((1, 4), 1.3)).tolist() == [[1, 2, 1, 1]]
    wanted = normal(1, 200, seed=2).abs() * 3
    assert abs(int(round_durations(wanted).sum()) - wanted.sum().item()) <= 0.5


def test_sizes_that_cannot_work():
    with pytest.raises(ValueError, match=r"upsample rates \(8, 8\) must multiply to 256"):
        MuSpeaker(replace(CONFIG, vocoder=replace(CONFIG.vocoder, upsample_rates=(8, 8))))
    with pytest.raises(ValueError, match="odd kernel, got 20, 6, 4"):
        MuSpeaker(replace(CONFIG, mel_decoder=replace(CONFIG.mel_decoder, kernel=4)))
