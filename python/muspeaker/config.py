"""Every size of a model, defined once.

The dataclasses are frozen and plain, so the runtime can read them without PyTorch. The converter writes
each field into the header of the model file under `muspeaker.<part>.<field>`, and `csrc/core/config.h`
mirrors them field by field.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, NamedTuple, TypeVar, get_args, get_type_hints

from muspeaker.text.phone_sets import MISAKI_SYMBOLS

FORMAT_VERSION = 2

# Rate of the Kaldi features that the timbre encoder takes, whatever the model's rate.
FBANK_RATE_HZ = 16000


class Refining(NamedTuple):
    """How the mel decoder learns the prompt of a clone; see docs/adr/017-let-a-clone-learn-its-prompt.md.

    Attributes:
        steps: Steps of Adam, of all frames each.
        rate: Of the first step of Adam, from which it falls along half a cosine to zero.
        betas, epsilon: Of Adam.
        share: Of the change that is kept: all of it is more alike and sounds worse.
        floor: Natural log; what the prompt's mel has below is silence, which is not learnt.
    """

    steps: int = 150
    rate: float = 5e-4
    betas: tuple[float, float] = (0.9, 0.999)
    epsilon: float = 1e-8
    share: float = 0.6
    floor: float = -9.0


REFINING = Refining()

Config = TypeVar("Config")
# Metadata key: the value to assume when an older checkpoint or file lacks this field.
ABSENT = "absent"

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
    num_blocks: tuple[int, ...] = (1, 2, 3, 2)
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
    log_f0_std: float = 0.38
    log_energy_mean: float = 1.55
    log_energy_std: float = 2.25


@dataclass(frozen=True)
class MelDecoderConfig:
    """Sizes of the AdaIN ResNet; `timbre` is the size of e_tim.

    With `prompt_moments` 2, the decoder's timbre holds the mean and the deviation of the prompt's mel
    besides the speaker embedding. With 0 it holds only the embedding, as in the paper.
    """

    channels: int = 192
    num_blocks: int = 5
    kernel: int = 5
    timbre: int = 64
    prompt_moments: int = field(default=2, metadata={ABSENT: 0})


@dataclass(frozen=True)
class VocoderConfig:
    """Which vocoder, and its sizes; the defaults are NSF-HiFiGAN with the widths of HiFi-GAN V2.

    `kind` is `nsf_hifigan` or `spectral`. Of the sizes, `channels` to `kernel` are those of `spectral`, and
    those from `initial_channels` on are those of `nsf_hifigan`.

    `mel_correction` is how far, 0 to 1, post-processing pulls the band levels of the output to the
    requested mel (ADR 008), `correction_passes` times. 0 turns it off, as in the paper.
    """

    kind: str = field(default="nsf_hifigan", metadata={ABSENT: "nsf_hifigan"})
    channels: int = field(default=256, metadata={ABSENT: 256})
    hidden: int = field(default=768, metadata={ABSENT: 768})
    num_blocks: int = field(default=8, metadata={ABSENT: 8})
    kernel: int = field(default=7, metadata={ABSENT: 7})
    initial_channels: int = 128
    upsample_rates: tuple[int, ...] = (8, 8, 2, 2)
    upsample_kernels: tuple[int, ...] = (16, 16, 4, 4)
    resblock_kernels: tuple[int, ...] = (3, 7, 11)
    resblock_dilations: tuple[int, ...] = (1, 3, 5)
    num_overtones: int = 8
    sine_amplitude: float = 0.1
    noise_std: float = 0.003
    mel_correction: float = field(default=1.0, metadata={ABSENT: 0.0})
    correction_passes: int = field(default=1, metadata={ABSENT: 1})


@dataclass(frozen=True)
class AlignerConfig:
    """Sizes of the aligner; the first `num_pauses` symbols are pauses and sound the same."""

    num_cepstra: int = 16
    hidden: int = 128
    kernel: int = 3
    num_pauses: int = 5


@dataclass(frozen=True)
class PhoneClassifierConfig:
    """Sizes of the phone classifier; the first `num_pauses` symbols are pauses and sound the same.

    `kernel` is that of the first convolution; each entry of `dilations` is a block. `map_cepstra` is the
    number of cepstra used by a voice's spectral map (ADR 010). 0 turns the map off.
    """

    hidden: int = 128
    kernel: int = 3
    dilations: tuple[int, ...] = (1, 2, 4, 1)
    num_pauses: int = 5
    map_cepstra: int = 32


@dataclass(frozen=True)
class ModelConfig:
    """All sizes of one model. Each part's hidden sizes may differ; the content width is `hidden`.

    Voice conversion places phones by the phone classifier, in older models by the aligner. Nothing else
    needs the aligner, and a model may lack either or both.
    """

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
    aligner: AlignerConfig | None = None
    phone_classifier: PhoneClassifierConfig | None = None

    @property
    def timbre_size(self) -> int:
        """Length of a voice's timbre: the speaker embedding, and the moments of the prompt's mel."""
        moments = self.mel_decoder.prompt_moments * self.audio.num_mels
        return self.timbre_encoder.embedding + moments

    @property
    def map_cepstra(self) -> int:
        """Cepstra of a voice's spectral map; 0 if voices have none."""
        return self.phone_classifier.map_cepstra if self.phone_classifier else 0

    @property
    def voice_size(self) -> int:
        """Length of a voice's vector: the timbre, and its spectral map if it has one."""
        spectral_map = self.audio.num_mels * (2 + self.map_cepstra) if self.map_cepstra else 0
        return self.timbre_size + spectral_map


def lite() -> ModelConfig:
    """What ships, phone classifier included: at most 13 M parameters in all.

    It speaks misaki's phones at 24 kHz, 80 frames a second, with the vocoder that stays at that rate. The
    defaults of the dataclasses are the sizes of the first models, which spoke espeak-ng's phones at 22.05 kHz.
    """
    return ModelConfig(
        symbols=MISAKI_SYMBOLS,
        languages=("en-us", "en-gb"),
        audio=AudioConfig(
            sample_rate=24000, hop_samples=300, window_samples=1200, fft_samples=1200
        ),
        linguistic_encoder=LinguisticEncoderConfig(num_phones=len(MISAKI_SYMBOLS)),
        vocoder=VocoderConfig(
            kind="spectral",
            upsample_rates=(5, 5, 3, 4),
            upsample_kernels=(11, 11, 7, 8),
            correction_passes=2,
        ),
        phone_classifier=PhoneClassifierConfig(),
    )


def base() -> ModelConfig:
    """The paper's size: 22.8 M parameters used while speaking, without the timbre encoder."""
    config = ModelConfig()
    return replace(
        config,
        name="base",
        linguistic_encoder=replace(config.linguistic_encoder, ffn_hidden=512),
        timbre_encoder=replace(
            config.timbre_encoder, channels=64, base_width=26, num_blocks=(3, 4, 6, 3)
        ),
        mel_decoder=replace(config.mel_decoder, channels=256, num_blocks=6, prompt_moments=0),
        vocoder=replace(config.vocoder, initial_channels=512, mel_correction=0.0),
    )


def config_from_dict(values: Mapping[str, object]) -> ModelConfig:
    """Rebuild a config from `dataclasses.asdict`, whose tuples may have become lists.

    Raises:
        ValueError: If a field is missing, unknown or of another type; the text has its dotted name.
    """
    return _build(ModelConfig, values, "")


def config_from_header(header: Mapping[str, Any]) -> ModelConfig:
    """Rebuild a config from the header of a model file.

    Args:
        header: Values by keys such as `name` and `audio.sample_rate`. Keys that are no field are skipped.

    Raises:
        ValueError: If a field is missing or of another type; the text has its dotted name.
    """
    values: dict[str, Any] = {}
    for item in fields(ModelConfig):
        prefix = f"{item.name}."
        part = {key.removeprefix(prefix): header[key] for key in header if key.startswith(prefix)}
        if part or item.name in header:
            values[item.name] = part or header[item.name]
    return config_from_dict(values)


def _build(kind: type[Config], values: object, path: str) -> Config:
    """Make one dataclass and those inside it; `path` is its dotted name with a trailing dot."""
    if not isinstance(values, Mapping):
        raise ValueError(f"config {path}: expected a mapping, got {values!r}")  # noqa: TRY004 (bad content, not a caller's type)
    items = fields(kind)  # type: ignore[arg-type]  # always a dataclass
    names = {item.name for item in items}
    values = {i.name: i.metadata[ABSENT] for i in items if ABSENT in i.metadata} | dict(values)
    hints = get_type_hints(kind)
    optional = {name for name in names if type(None) in get_args(hints[name])}
    missing = sorted(path + name for name in names - values.keys() - optional)
    unknown = sorted(path + str(name) for name in values.keys() - names)
    if missing or unknown:
        raise ValueError(f"config lacks fields {missing} and has unknown fields {unknown}")
    given = names & values.keys()
    return kind(**{name: _build_value(hints[name], values[name], path + name) for name in given})


def _build_value(hint: Any, value: object, path: str) -> Any:
    """Check one value against its annotation and restore tuples."""
    if is_dataclass(hint):
        return _build(hint, value, f"{path}.")  # type: ignore[arg-type]  # checked above
    items = get_args(hint)
    if type(None) in items:
        return None if value is None else _build_value(items[0], value, path)
    if items and isinstance(value, list | tuple):
        return tuple(_build_value(items[0], item, path) for item in value)
    if hint is float and type(value) is int:
        return float(value)
    if items or type(value) is not hint:
        raise ValueError(f"config field {path} must be {hint}, got {value!r}")
    return value
