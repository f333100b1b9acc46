"""The losses as functions: their zeros, their minima and what they must not see."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from muspeaker.train.losses import acoustic, adversarial, vocoder

pytestmark = pytest.mark.torch

RATE_HZ = 22050


def noise(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def mask_of(*lengths: int) -> torch.Tensor:
    return torch.arange(max(lengths)) < torch.tensor(lengths).unsqueeze(1)


def test_energy_distance_prefers_noise_to_one_answer():
    first, second, real = (0.1 * noise(seed, 4, 8192) for seed in range(3))
    pulses = torch.zeros(4, 8192)
    pulses[:, ::256] = 0.1 * 256**0.5  # the level of the noise, the same in every frame
    fresh = vocoder.spectral_losses((first, second), real, RATE_HZ)
    for constant in (first, pulses, torch.zeros_like(first)):
        worse = vocoder.spectral_losses((constant, constant), real, RATE_HZ)
        assert all(a < 0.8 * b for a, b in zip(fresh, worse, strict=True))


def test_energy_distance_is_zero_for_the_recording_itself():
    real = 0.1 * noise(0, 2, 8192)
    losses = vocoder.spectral_losses((real, real), real, RATE_HZ)
    assert all(float(loss) == 0 for loss in losses)


def test_limit_band_cuts_above_the_band_of_each_clip():
    times = torch.arange(8192) / RATE_HZ
    low, high = (torch.sin(2 * torch.pi * hz * times) for hz in (3000.0, 9000.0))
    both = (low + high).repeat(3, 1)
    limited = vocoder.limit_band(both, torch.tensor([8000.0, 11025.0, 2000.0]), RATE_HZ)
    middle = slice(1000, 7000)
    torch.testing.assert_close(limited[0, middle], low[middle], atol=0.02, rtol=0)
    torch.testing.assert_close(limited[1], both[1], atol=1e-4, rtol=0)
    assert limited[2, middle].abs().max() < 0.02


def test_adversarial_losses_at_their_minima():
    right, wrong = [(torch.ones(2, 3), [])], [(torch.zeros(2, 3), [])]
    assert float(adversarial.discriminator_loss(right, wrong)) == 0
    assert float(adversarial.discriminator_loss(wrong, right)) == 2
    assert float(adversarial.adversarial_loss(right)) == 0
    assert float(adversarial.adversarial_loss(wrong)) == 1


def test_feature_loss_does_not_depend_on_the_scale_of_the_maps():
    real, fake = noise(0, 2, 5), noise(1, 2, 5)
    losses = [
        float(adversarial.feature_loss([scale * real], [scale * fake])) for scale in (1.0, 10.0)
    ]
    assert losses[0] == pytest.approx(losses[1])
    assert float(adversarial.feature_loss([real], [real])) == 0


def test_the_maps_of_all_discriminators_count_alike():
    real, fake = noise(0, 2, 5), noise(1, 2, 5)
    judged = [(real, [real, fake]), (real, [real])]
    assert [one is real for one in adversarial.maps_of(judged)] == [True, False, True]


def test_kl_is_zero_for_a_standard_posterior():
    mask = mask_of(4000)
    drawn = noise(0, 1, 4000, 8)
    assert float(acoustic.kl_loss(drawn, torch.zeros_like(drawn), mask)) == pytest.approx(
        0, abs=0.1
    )
    assert float(acoustic.kl_loss(torch.ones(1, 2, 3), torch.zeros(1, 2, 3), mask_of(2))) == 0


def test_kl_of_a_gaussian_is_the_closed_form():
    mean, std = 0.7, 0.4
    drawn = mean + std * noise(0, 1, 20000, 1)
    log_std = torch.full_like(drawn, np.log(std))
    expected = 0.5 * (mean**2 + std**2 - 1) - np.log(std)
    assert float(acoustic.kl_loss(drawn, log_std, mask_of(20000))) == pytest.approx(
        expected, abs=0.02
    )


def test_padding_does_not_count():
    mask = mask_of(5, 3)
    values = {
        "mel": (noise(0, 2, 8, 5), noise(1, 2, 8, 5)),
        "energy": (noise(0, 2, 5), noise(1, 2, 5)),
        "kl": (noise(0, 2, 5, 4), noise(1, 2, 5, 4)),
        "pitch": (noise(0, 2, 5, 2), noise(1, 2, 5)),
    }
    voiced = noise(2, 2, 5) > 0

    def losses(name: str, predicted: torch.Tensor, target: torch.Tensor) -> list[float]:
        if name == "pitch":
            return [float(x) for x in acoustic.pitch_losses(predicted, target, voiced, mask)]
        return [float(getattr(acoustic, f"{name}_loss")(predicted, target, mask))]

    for name, (predicted, target) in values.items():
        spoiled = predicted.clone()
        if name == "mel":
            spoiled[1, :, 3:] = 100.0
        else:
            spoiled[1, 3:] = 100.0
        assert losses(name, spoiled, target) == losses(name, predicted, target)
        spoiled[1, ..., 0] = 50.0
        assert losses(name, spoiled, target) != losses(name, predicted, target)


def test_duration_loss_skips_phones_without_a_frame():
    durations = torch.tensor([[3, 0, 8]])
    exact = durations.clamp(min=1).float().log()
    spoiled = exact.clone()
    spoiled[0, 1] = 9.0
    assert float(acoustic.duration_loss(exact, durations, mask_of(3))) == 0
    assert float(acoustic.duration_loss(spoiled, durations, mask_of(3))) == 0
    spoiled[0, 2] = 9.0
    assert float(acoustic.duration_loss(spoiled, durations, mask_of(3))) > 1


def test_levels_below_hearing_count_as_one():
    quiet, quieter = torch.full((1, 8, 5), -9.5), torch.full((1, 8, 5), -11.5)
    assert float(acoustic.mel_loss(quieter, quiet, mask_of(5))) == 0
    assert float(acoustic.mel_loss(quiet + 2.5, quieter, mask_of(5))) == pytest.approx(2.0)


def test_best_duration_is_the_mean():
    """Of 2 and 8 frames it is 5; a squared error of logarithms would say 4."""
    durations = torch.tensor([[2, 8]])
    answers = torch.linspace(1.0, 2.0, 1001)
    losses = [float(acoustic.duration_loss(a.expand(1, 2), durations, mask_of(2))) for a in answers]
    assert float(answers[int(np.argmin(losses))].exp()) == pytest.approx(5.0, abs=0.02)


def test_range_is_that_of_voiced_frames_of_an_utterance():
    level = noise(0, 2, 50)
    voiced = noise(1, 2, 50) > -0.5
    mask = mask_of(50, 30)
    spoiled = torch.where(voiced & mask, level, 30.0)
    assert float(acoustic.range_loss(spoiled, level, voiced, mask)) == pytest.approx(0, abs=1e-6)
    flat = level * 0.5 + 3
    deviations = [float(level[i][(voiced & mask)[i]].std(correction=0)) for i in range(2)]
    expected = 0.5 * sum(deviations) / 2
    actual = float(acoustic.range_loss(flat, level, voiced, mask))
    assert actual == pytest.approx(expected, rel=0.01)


def test_pitch_level_counts_where_voiced():
    level, voiced = noise(0, 1, 6), torch.arange(6).unsqueeze(0) % 2 == 0
    predicted = torch.stack([torch.where(voiced, level, 50.0), 200 * voiced - 100.0], dim=-1)
    losses = acoustic.pitch_losses(predicted, level, voiced, mask_of(6))
    assert [float(loss) for loss in losses] == pytest.approx([0, 0], abs=1e-6)
    turned = torch.stack([predicted[..., 0], -predicted[..., 1]], dim=-1)
    assert float(acoustic.pitch_losses(turned, level, voiced, mask_of(6))[1]) > 10
