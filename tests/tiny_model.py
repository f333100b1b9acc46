"""A model of every part at the smallest sizes, with weights that make it say something."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import torch
from torch import nn

from muspeaker import config as sizes
from muspeaker.twin.model.muspeaker import MuSpeaker


def tiny_config(*, classifier: bool = False) -> sizes.ModelConfig:
    """All sizes differ where they may, so that a mixed-up axis shows.

    With `classifier` the model hears phones by a phone classifier, and its voices have a spectral map;
    else it places them by an aligner.
    """
    symbols = sizes.SYMBOLS[:12]
    return sizes.ModelConfig(
        name="tiny",
        symbols=symbols,
        audio=sizes.AudioConfig(num_mels=20),
        linguistic_encoder=sizes.LinguisticEncoderConfig(
            num_phones=len(symbols), hidden=18, num_layers=2, ffn_hidden=20, relative_window=4
        ),
        mel_encoder=sizes.MelEncoderConfig(channels=(4, 6), latent=8),
        vp_flow=sizes.VPFlowConfig(hidden=8, num_layers=2),
        style_encoder=sizes.StyleEncoderConfig(hidden=10, num_blocks=1),
        timbre_encoder=sizes.TimbreEncoderConfig(
            num_fbanks=16, channels=2, num_blocks=(2, 1, 1, 1), embedding=15
        ),
        variation_adapter=sizes.VariationAdapterConfig(hidden=14, num_layers=1),
        mel_decoder=sizes.MelDecoderConfig(channels=20, num_blocks=2, timbre=6),
        vocoder=sizes.VocoderConfig(
            initial_channels=32, resblock_kernels=(3, 5), resblock_dilations=(1, 2)
        ),
        aligner=None if classifier else sizes.AlignerConfig(num_cepstra=7, hidden=9),
        phone_classifier=sizes.PhoneClassifierConfig(
            hidden=33, kernel=5, dilations=(1, 3, 2), map_cepstra=7
        )
        if classifier
        else None,
    )


def spectral_config() -> sizes.ModelConfig:
    """The tiny model with the vocoder that stays at the frame rate."""
    config = tiny_config()
    vocoder = sizes.VocoderConfig(
        kind="spectral", channels=20, hidden=52, num_blocks=2, kernel=5, correction_passes=2
    )
    return replace(config, vocoder=vocoder)


def tiny_model(seed: int = 0, config: sizes.ModelConfig | None = None) -> MuSpeaker:
    """A model in evaluation whose norms and zero-initialised layers hold random values."""
    generator = torch.Generator().manual_seed(seed)

    def normal(tensor: torch.Tensor, mean: float, std: float) -> None:
        tensor.copy_(mean + std * torch.randn(tensor.shape, generator=generator))

    model = MuSpeaker(config or tiny_config()).eval().requires_grad_(requires_grad=False)
    for parameter in model.parameters():
        fan_in = max(1, parameter[0].numel()) if parameter.dim() > 1 else 100
        normal(parameter, 0.0, fan_in**-0.5)
    for name, tensor in model.state_dict(keep_vars=True).items():
        if name.endswith("original0"):
            normal(tensor, 1.0, 0.1)  # the gain of weight norm is the length of its weight
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            normal(module.weight, 1.0, 0.2)
            normal(module.running_mean, 0.0, 0.3)
            module.running_var.copy_(
                0.5 + torch.rand(module.running_var.shape, generator=generator)
            )
        elif isinstance(module, nn.LayerNorm):
            normal(module.weight, 1.0, 0.2)
    model.variation_adapter.duration_predictor.linear.bias.fill_(1.5)  # about five frames a phone
    if model.phone_classifier:
        normal(model.phone_classifier.log_prior, -3.0, 1.0)
    return model


def decided_model(seed: int = 6, config: sizes.ModelConfig | None = None) -> MuSpeaker:
    """A model whose phone classifier is sure of many a frame, so that phones take turns."""
    model = tiny_model(seed, config or tiny_config(classifier=True))
    assert model.phone_classifier
    model.phone_classifier.linear.weight.mul_(20)
    return model


def checkpoint_of(model: MuSpeaker) -> dict[str, Any]:
    """What training saves, its tensors copied."""
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    return {"config": asdict(model.config), "model": state}
