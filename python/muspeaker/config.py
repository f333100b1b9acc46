"""Every size of a model, defined once.

The dataclasses are frozen and plain, so the runtime can read them without PyTorch. The converter writes
each field into the header of the model file under `muspeaker.<part>.<field>`, and `csrc/core/config.h`
mirrors them field by field.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

FORMAT_VERSION = 1

# Phones of espeak-ng's English voices, then single letters of the IPA, so that other languages are
# spelled from parts. Index 0 is silence; the four marks are pauses that a reader makes.
SYMBOLS: tuple[str, ...] = (
    "_", ",", ".", "?", "!",
    "p", "b", "t", "d", "k", "ɡ", "tʃ", "dʒ", "f", "v", "θ", "ð", "s", "z", "ʃ", "ʒ", "h",
    "m", "n", "ŋ", "l", "ɹ", "j", "w", "ɾ", "ʔ", "x", "n̩", "əl",
    "ɪ", "iː", "i", "ɛ", "æ", "ʌ", "ɑː", "ɔː", "ɒ", "ʊ", "uː", "u", "ə", "ɐ", "ᵻ", "ɚ", "ɜː", "ɔ", "oː",
    "eɪ", "aɪ", "ɔɪ", "oʊ", "aʊ", "əʊ", "ɑːɹ", "ɔːɹ", "oːɹ", "ɛɹ", "ɪɹ", "ʊɹ", "iə", "aɪɚ", "aɪə",
    "a", "e", "o", "y", "ø", "œ", "ɯ", "ɤ", "ɨ", "ʉ", "ɑ", "ɜ", "c", "ɟ", "q", "r", "ʁ", "ʀ", "ɲ",
    "ɳ", "ʎ", "ɭ", "ɬ", "ç", "ɣ", "ɦ", "χ", "ħ", "ʕ", "β", "ɸ", "ʂ", "ʐ", "ɕ", "ʑ", "ts", "ʋ", "ɰ", "ɥ", "ʈ", "ɖ", "ɫ",
)  # fmt: skip


@dataclass(frozen=True)
class AudioConfig:
    """The one frame clock and the log-mel features of it."""

    sample_rate: int = 22050
    hop_samples: int = 256
    window_samples: int = 1024
    fft_samples: int = 1024
    num_mels: int = 80
    mel_low_hz: float = 0.0
    mel_high_hz: float = 8000.0
    mel_floor: float = 1e-5


@dataclass(frozen=True)
class LinguisticEncoderConfig:
    """Sizes of the text encoder; `relative_window` is the reach of its position table in tokens."""

    num_phones: int = len(SYMBOLS)
    num_stresses: int = 3
    num_boundaries: int = 3
    hidden: int = 192
    num_layers: int = 4
    num_heads: int = 2
    ffn_hidden: int = 384
    ffn_kernel: int = 3
    relative_window: int = 16


@dataclass(frozen=True)
class MelEncoderConfig:
    """Sizes of the posterior encoder; each entry of `channels` halves the frequency axis."""

    channels: tuple[int, ...] = (16, 24, 32)
    latent: int = 16


@dataclass(frozen=True)
class VPFlowConfig:
    """Sizes of the volume-preserving flow between e_mel and noise."""

    hidden: int = 64
    num_layers: int = 4
    kernel: int = 3


@dataclass(frozen=True)
class StyleEncoderConfig:
    """Sizes of the prompt's style encoder; it always shortens time by four."""

    hidden: int = 128
    num_blocks: int = 3
    kernel: int = 5


@dataclass(frozen=True)
class TimbreEncoderConfig:
    """Sizes of ERes2NetV2; the public full-size checkpoint has channels 64."""

    num_fbanks: int = 80
    channels: int = 16
    base_width: int = 32
    expansion: int = 2
    num_blocks: tuple[int, ...] = (3, 4, 6, 3)
    embedding: int = 192


@dataclass(frozen=True)
class VariationAdapterConfig:
    """Sizes of the three predictors, and the scales of their targets (natural log)."""

    hidden: int = 96
    kernel: int = 5
    num_layers: int = 2
    num_heads: int = 2
    embedding_kernel: int = 3
    log_f0_mean: float = 5.1
    log_f0_std: float = 0.35
    log_energy_mean: float = 2.5
    log_energy_std: float = 1.5


@dataclass(frozen=True)
class MelDecoderConfig:
    """Sizes of the AdaIN ResNet; `timbre` is the size of e_tim."""

    channels: int = 192
    num_blocks: int = 5
    kernel: int = 5
    timbre: int = 64


@dataclass(frozen=True)
class VocoderConfig:
    """Sizes of NSF-HiFiGAN; the defaults are the widths of HiFi-GAN V2."""

    initial_channels: int = 128
    upsample_rates: tuple[int, ...] = (8, 8, 2, 2)
    upsample_kernels: tuple[int, ...] = (16, 16, 4, 4)
    resblock_kernels: tuple[int, ...] = (3, 7, 11)
    resblock_dilations: tuple[int, ...] = (1, 3, 5)
    num_overtones: int = 8
    sine_amplitude: float = 0.1
    noise_std: float = 0.003


@dataclass(frozen=True)
class ModelConfig:
    """All sizes of one model. Each part's hidden sizes may differ; the content width is `hidden`."""

    name: str = "lite"
    symbols: tuple[str, ...] = SYMBOLS
    languages: tuple[str, ...] = ("en-us",)
    audio: AudioConfig = field(default_factory=AudioConfig)
    linguistic_encoder: LinguisticEncoderConfig = field(default_factory=LinguisticEncoderConfig)
    mel_encoder: MelEncoderConfig = field(default_factory=MelEncoderConfig)
    vp_flow: VPFlowConfig = field(default_factory=VPFlowConfig)
    style_encoder: StyleEncoderConfig = field(default_factory=StyleEncoderConfig)
    timbre_encoder: TimbreEncoderConfig = field(default_factory=TimbreEncoderConfig)
    variation_adapter: VariationAdapterConfig = field(default_factory=VariationAdapterConfig)
    mel_decoder: MelDecoderConfig = field(default_factory=MelDecoderConfig)
    vocoder: VocoderConfig = field(default_factory=VocoderConfig)


def lite() -> ModelConfig:
    """The shipped default: at most 9 M parameters in all, timbre encoder included."""
    return ModelConfig()


def base() -> ModelConfig:
    """The paper's size: 22.5 M parameters used while speaking, without the timbre encoder."""
    config = ModelConfig()
    return replace(
        config,
        name="base",
        linguistic_encoder=replace(config.linguistic_encoder, ffn_hidden=512),
        timbre_encoder=replace(config.timbre_encoder, channels=64, base_width=26),
        mel_decoder=replace(config.mel_decoder, channels=256, num_blocks=6),
        vocoder=replace(config.vocoder, initial_channels=512),
    )
