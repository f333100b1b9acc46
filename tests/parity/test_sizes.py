"""How large and how costly base and lite are, counted on the modules themselves; -s shows the tables."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch import nn

from muspeaker.config import ModelConfig, base, lite
from muspeaker.model.attention import CrossAttention, RelativeAttention
from muspeaker.model.muspeaker import MuSpeaker
from tools.convert_weights.fold import fold_weight_norm

pytestmark = pytest.mark.torch

ONCE_A_VOICE = ("style_encoder", "timbre_encoder", "timbre_projection")
NOT_WHILE_SPEAKING = ("mel_encoder", "timbre_encoder")  # of the count that the paper gives
PROMPT_SECONDS = 3.0
FBANK_RATE_HZ = 100.0
PHONES_PER_SECOND = 14.0


def show(title: str, counts: Counter[str], unit: float) -> None:
    rows = [f"{part:>20} {count / unit:9.4f}" for part, count in counts.items()]
    print(f"\n{title}", *rows, sep="\n")  # noqa: T201


def num_parameters(config: ModelConfig) -> Counter[str]:
    """Weights of each part in a model file: weight norm folded, statistics of norms not counted."""
    with torch.device("meta"):
        state = fold_weight_norm(MuSpeaker(config).state_dict())
    counts: Counter[str] = Counter()
    for name, tensor in state.items():
        if not name.endswith(("running_mean", "running_var", "num_batches_tracked")):
            counts[name.partition(".")[0]] += tensor.numel()
    show(f"{config.name}: parameters, M", counts, 1e6)
    return counts


def test_base_has_the_size_of_the_paper():
    counts = num_parameters(base())
    speaking = sum(count for part, count in counts.items() if part not in NOT_WHILE_SPEAKING)
    assert speaking == pytest.approx(22.5e6, rel=0.02)


def test_base_takes_the_public_timbre_encoder():
    assert num_parameters(base())["timbre_encoder"] == pytest.approx(17.86e6, rel=0.001)


def test_lite_has_at_most_9_million_in_all():
    assert num_parameters(lite()).total() <= 9e6


def num_products(module: nn.Module, inputs: tuple[torch.Tensor, ...], output: Any) -> int:
    """Multiply-accumulates of one layer, biases and element-wise work left out."""
    if isinstance(module, nn.Linear):
        return output.numel() * module.in_features
    if isinstance(module, nn.ConvTranspose1d):
        return inputs[0].numel() * module.out_channels * math.prod(module.kernel_size)
    if isinstance(module, nn.Conv1d | nn.Conv2d):
        return output.numel() * module.in_channels * math.prod(module.kernel_size)
    if isinstance(module, RelativeAttention | CrossAttention):
        keys = inputs[1] if isinstance(module, CrossAttention) else inputs[0]
        return 2 * output.numel() * keys.shape[1]
    return 0


def watch(model: MuSpeaker, counts: Counter[str]) -> None:
    """Count by part; what injects the vocoder's source counts apart, since HiFi-GAN has none."""

    def watch_module(module: nn.Module, part: str) -> None:
        def count(module: nn.Module, inputs: tuple[torch.Tensor, ...], output: Any) -> None:
            counts[part] += num_products(module, inputs, output)

        module.register_forward_hook(count)

    for name, module in model.named_modules():
        is_source = name.startswith(("vocoder.source_convs", "vocoder.harmonic_source"))
        watch_module(module, "vocoder source" if is_source else name.partition(".")[0])


@torch.no_grad()
def products_per_second(config: ModelConfig, seconds: float = 2.0) -> Counter[str]:
    """Multiply-accumulates per second of speech; per second of prompt for what runs once a voice.

    On the meta device nothing is computed: sizes alone matter.
    """
    frame_rate_hz = config.audio.sample_rate / config.audio.hop_samples
    frames, tokens = round(seconds * frame_rate_hz), round(PHONES_PER_SECOND * seconds)
    hidden, num_mels = config.linguistic_encoder.hidden, config.audio.num_mels
    fbank_shape = (1, round(FBANK_RATE_HZ * PROMPT_SECONDS), config.timbre_encoder.num_fbanks)
    counts: Counter[str] = Counter()
    with torch.device("meta"):
        model = MuSpeaker(config).eval()
        watch(model, counts)
        phones = torch.zeros(1, tokens, dtype=torch.long)
        mask = torch.ones(1, tokens, dtype=torch.bool)
        frame_mask = torch.ones(1, frames, dtype=torch.bool)
        e_ling = model.linguistic_encoder(phones, phones, phones, mask)
        e_mel = model.vp_flow(torch.ones(1, tokens, config.mel_encoder.latent), e_ling, mask)
        model.fusion(e_mel)
        prompt = torch.ones(1, num_mels, round(frame_rate_hz * PROMPT_SECONDS))
        e_sty = model.style_encoder(prompt)
        style_mask = torch.ones(e_sty.shape[:2], dtype=torch.bool)
        e_tim = model.timbre_projection(model.timbre_encoder(torch.ones(fbank_shape)))
        e_con = torch.ones(1, frames, hidden)  # stretched to frames
        f0, noise = torch.ones(1, frames), torch.ones(1, frames * config.audio.hop_samples)
        model.variation_adapter.duration_predictor(e_ling, e_sty, mask, style_mask)
        model.variation_adapter.pitch_predictor(e_con, e_sty, frame_mask, style_mask)
        model.variation_adapter.energy_predictor(e_con, e_sty, frame_mask, style_mask)
        e_lat = model.variation_adapter.embed(e_con, f0, f0)
        model.vocoder(model.mel_decoder(e_lat, e_tim, frame_mask), f0, noise, noise)
    for part in counts:
        counts[part] = round(counts[part] / (PROMPT_SECONDS if part in ONCE_A_VOICE else seconds))
    del counts[""]  # the whole, which is never called
    show(f"{config.name}: multiply-accumulates per second of speech or prompt, G", counts, 1e9)
    return counts


def test_base_costs_what_hifi_gan_v1_does():
    counts = products_per_second(base())
    assert counts["vocoder"] == pytest.approx(26.4e9, rel=0.1)
    assert counts["mel_decoder"] < 0.5e9
    # Published: 12.69 G for 3 s.
    assert counts["timbre_encoder"] * PROMPT_SECONDS == pytest.approx(12.69e9, rel=0.02)


def test_lite_costs_what_hifi_gan_v2_does():
    counts = products_per_second(lite())
    assert counts["vocoder"] == pytest.approx(1.66e9, rel=0.1)
    speaking = sum(count for part, count in counts.items() if part not in ONCE_A_VOICE)
    assert speaking < 2.5e9
