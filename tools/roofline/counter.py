"""Multiply-accumulates and bytes for a second of speech, counted on the modules themselves."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from muspeaker.twin.dsp.fbank import FBANK_HOP_SAMPLES, FBANK_RATE_HZ
from muspeaker.twin.model.linguistic_encoder import TokenIds
from muspeaker.twin.model.muspeaker import MuSpeaker
from muspeaker.twin.nn.attention import CrossAttention, RelativeAttention

if TYPE_CHECKING:
    from muspeaker.config import ModelConfig

ONCE_A_VOICE = ("style_encoder", "timbre_encoder", "timbre_projection")
SOURCE = "vocoder source"
SOURCE_PREFIXES = ("vocoder.source_convs", "vocoder.harmonic_source")
PROMPT_SECONDS = 3.0
PHONES_PER_SECOND = 14.0
FLOAT_BYTES = 4


@dataclass
class Work:
    """Per second of speech, or of prompt for what runs once a voice.

    Attributes:
        products: Multiply-accumulates by part, biases and element-wise work left out.
        activation_bytes: What the layers that multiply read and write, in float32 and once each: the
            traffic if every such layer is fused with the element-wise work around it.
        weights: Weights of those layers, each read once for each pass over an utterance. A count by
            part, of the whole utterance and not of a second.
        seconds: Length of that utterance.
    """

    products: Counter[str] = field(default_factory=Counter)
    activation_bytes: Counter[str] = field(default_factory=Counter)
    weights: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0


def num_products(module: nn.Module, inputs: tuple[torch.Tensor, ...], output: Any) -> int:
    """Multiply-accumulates of one layer, biases and element-wise work left out."""
    if isinstance(module, nn.Linear):
        return int(output.numel() * module.in_features)
    if isinstance(module, nn.ConvTranspose1d):
        return inputs[0].numel() * module.out_channels * math.prod(module.kernel_size)
    if isinstance(module, nn.Conv1d | nn.Conv2d):
        inputs_each = module.in_channels // module.groups
        return int(output.numel() * inputs_each * math.prod(module.kernel_size))
    if isinstance(module, RelativeAttention | CrossAttention):
        keys = inputs[1] if isinstance(module, CrossAttention) else inputs[0]
        return int(2 * output.numel() * keys.shape[1])
    return 0


def part_of(name: str) -> str:
    """The part that a module belongs to.

    The three predictors count one by one, since they run at different times; so does what injects the
    vocoder's source, which HiFi-GAN, with which the vocoder is compared, has not.
    """
    if name.startswith(SOURCE_PREFIXES):
        return SOURCE
    part, _, rest = name.partition(".")
    inner = rest.partition(".")[0]
    return inner if inner.endswith("_predictor") else part


def watch(model: MuSpeaker, work: Work) -> None:
    """Count every call of every layer of the model from now on."""

    def watch_module(module: nn.Module, part: str) -> None:
        def count(module: nn.Module, inputs: tuple[torch.Tensor, ...], output: Any) -> None:
            products = num_products(module, inputs, output)
            if not products:
                return
            work.products[part] += products
            if isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d | nn.ConvTranspose1d):
                elements = inputs[0].numel() + output.numel()
                work.activation_bytes[part] += FLOAT_BYTES * elements
                work.weights[part] += module.weight.numel()

        module.register_forward_hook(count)

    for name, module in model.named_modules():
        if name:
            watch_module(module, part_of(name))


@torch.no_grad()
def count_work(config: ModelConfig, seconds: float = 2.0) -> Work:
    """Count one utterance and one prompt of 3 s, and give what falls on a second.

    On the meta device nothing is computed: sizes alone matter.
    """
    work = Work(seconds=seconds)
    with torch.device("meta"):
        model = MuSpeaker(config).eval()
        watch(model, work)
        run_every_part(model, config, seconds)
    for counts in (work.products, work.activation_bytes):
        for part in counts:
            counts[part] = round(
                counts[part] / (PROMPT_SECONDS if part in ONCE_A_VOICE else seconds)
            )
    return work


def run_every_part(model: MuSpeaker, config: ModelConfig, seconds: float) -> None:
    """Call each part once, at the sizes of an utterance; the values mean nothing."""
    frame_rate_hz = config.audio.sample_rate / config.audio.hop_samples
    frames, tokens = round(seconds * frame_rate_hz), round(PHONES_PER_SECOND * seconds)
    hidden, num_mels = config.linguistic_encoder.hidden, config.audio.num_mels
    fbank_frames = round(FBANK_RATE_HZ / FBANK_HOP_SAMPLES * PROMPT_SECONDS)
    fbank_shape = (1, fbank_frames, config.timbre_encoder.num_fbanks)
    phones = torch.zeros(1, tokens, dtype=torch.long)
    mask = torch.ones(1, tokens, dtype=torch.bool)
    frame_mask = torch.ones(1, frames, dtype=torch.bool)
    e_ling = model.linguistic_encoder(TokenIds(phones, phones, phones), mask)
    e_mel = model.vp_flow(torch.ones(1, tokens, config.mel_encoder.latent), e_ling, mask)
    model.fusion(e_mel)
    prompt = torch.ones(1, num_mels, round(frame_rate_hz * PROMPT_SECONDS))
    e_sty = model.style_encoder(prompt)
    style_mask = torch.ones(e_sty.shape[:2], dtype=torch.bool)
    model.timbre_encoder(torch.ones(fbank_shape))
    e_tim = model.timbre_projection(torch.ones(1, model.timbre_projection.in_features))
    e_con = torch.ones(1, frames, hidden)  # stretched to frames
    f0, noise = torch.ones(1, frames), torch.ones(1, frames * config.audio.hop_samples)
    model.variation_adapter.duration_predictor(e_ling, e_sty, mask, style_mask)
    model.variation_adapter.pitch_predictor(e_con, e_sty, frame_mask, style_mask)
    model.variation_adapter.energy_predictor(e_con, e_sty, frame_mask, style_mask)
    pitch = model.variation_adapter.normalize_f0(f0)
    e_lat = model.variation_adapter.embed(e_con, pitch, f0)
    mel = model.mel_decoder(e_lat, e_tim, frame_mask)
    with torch.device("cpu"):  # tables of filters are computed, once, and only then moved
        model.vocoder(mel, f0, noise, noise)
