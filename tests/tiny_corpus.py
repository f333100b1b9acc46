"""A corpus that a test writes: buzzing and hissing voices, as FLAC, with a manifest; and sizes to train on it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import soundfile

from muspeaker import config as sizes

if TYPE_CHECKING:
    from pathlib import Path

RATE_HZ = 16000
SECONDS = 1.3
TEXTS = (
    "Sing a song.",
    "We saw six ships.",
    "Nine new names!",
    "Is it easy?",
)
PITCHES_HZ = {"anna": 210.0, "ben": 110.0, "cleo": 260.0, "dan": 140.0}
HEADER = ("id", "source", "speaker", "gender", "language", "sample_rate", "path", "text")


def utterance(pitch_hz: float, seed: int) -> np.ndarray:
    """Six segments in turn voiced and not, with silent edges; (samples,) float32."""
    random = np.random.default_rng(seed)
    count = int(SECONDS * RATE_HZ)
    times = np.arange(count) / RATE_HZ
    glide = pitch_hz * (1 + 0.1 * np.sin(2 * np.pi * times / SECONDS))
    phase = 2 * np.pi * np.cumsum(glide) / RATE_HZ
    voiced = sum(np.sin(k * phase) / k for k in range(1, 8))
    hiss = np.diff(random.standard_normal(count + 1))
    segment = np.minimum((times / SECONDS * 6).astype(int), 5)
    samples = np.where(segment % 2 == 0, 0.2 * voiced, 0.05 * hiss)
    edge = int(0.08 * RATE_HZ)
    samples[:edge] = samples[-edge:] = 0.0
    return (samples + 1e-4 * random.standard_normal(count)).astype(np.float32)


def write_corpus(folder: Path) -> Path:
    """Write every speaker saying every text; returns the manifest."""
    folder.mkdir(parents=True)
    rows = ["\t".join(HEADER)]
    for speaker, pitch_hz in PITCHES_HZ.items():
        for number, text in enumerate(TEXTS):
            name = f"{speaker}{number}"
            soundfile.write(folder / f"{name}.flac", utterance(pitch_hz, number), RATE_HZ)
            row = (name, "made_up", speaker, "", "en-us", str(RATE_HZ), f"{name}.flac", text)
            rows.append("\t".join(row))
    manifest = folder / "manifest.tsv"
    manifest.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return manifest


def training_config() -> sizes.ModelConfig:
    """The smallest sizes that take the real symbols, mels and filter banks."""
    return replace(
        sizes.ModelConfig(),
        name="tiny",
        linguistic_encoder=sizes.LinguisticEncoderConfig(
            hidden=16, num_layers=1, ffn_hidden=16, relative_window=4
        ),
        mel_encoder=sizes.MelEncoderConfig(channels=(4, 4, 4), latent=4),
        vp_flow=sizes.VPFlowConfig(hidden=8, num_layers=2),
        style_encoder=sizes.StyleEncoderConfig(hidden=8, num_blocks=1),
        timbre_encoder=sizes.TimbreEncoderConfig(channels=4, num_blocks=(1, 1, 1, 1), embedding=16),
        variation_adapter=sizes.VariationAdapterConfig(hidden=8, num_layers=1),
        mel_decoder=sizes.MelDecoderConfig(channels=16, num_blocks=1, timbre=8),
        vocoder=sizes.VocoderConfig(
            initial_channels=16, resblock_kernels=(3,), resblock_dilations=(1,)
        ),
        phone_classifier=sizes.PhoneClassifierConfig(hidden=16),
    )
