"""Makes the golden files of the format that config.py has: `python -m tests.golden.make_golden`.

Two tiny models, f16 and q8, and what PyTorch computes with the weights that are in them. Released
formats keep their files: run this for a new FORMAT_VERSION only. Weights come from fixed seeds, but the
files are what counts, not that they can be made again bit by bit.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from muspeaker._core import probe
from muspeaker.config import FORMAT_VERSION
from muspeaker.train.convert_weights import convert as convert_weights
from muspeaker.twin.dsp.fbank import kaldi_fbank, remove_time_mean
from muspeaker.twin.dsp.mel import num_frames
from muspeaker.twin.engine.acoustic_pass import AcousticPass
from muspeaker.twin.engine.listener import Listener
from muspeaker.twin.engine.noise import Noise
from muspeaker.twin.engine.synthesizer import Synthesizer
from muspeaker.twin.model.length_regulator import make_path
from muspeaker.twin.model.linguistic_encoder import TokenIds
from muspeaker.twin.model.variation_adapter import VariationOptions
from tests.conftest import speech_like
from tests.model_reader import load
from tests.tiny_model import checkpoint_of, tiny_config, tiny_model

if TYPE_CHECKING:
    from muspeaker.twin.engine.voice import Voice
    from muspeaker.twin.model.muspeaker import MuSpeaker

FOLDER = Path(__file__).parent
MODEL_SEED = 20  # one that passes check_margins
SEED = 7
TEMPERATURE = 0.5
PHONES = [0, 5, 9, 3, 11, 7, 2, 0]
SPEED, PITCH, ENERGY = 1.05, 2.0, 1.2
PROMPT_SECONDS = 1.1
SOURCE_SECONDS = 0.3
SOURCE_PHONES = [0, 7, 10, 0]
MARGIN = 0.02  # of decisions: a phone's rounding in frames, a voicing logit


def prompt(rate_hz: int) -> np.ndarray:
    """(samples,) int16, so that the .npz stays small."""
    return np.round(speech_like(rate_hz, PROMPT_SECONDS) * 32767).astype(np.int16)


def floats(samples: np.ndarray) -> torch.Tensor:
    """(1, samples) float32 in [-1, 1)."""
    return torch.from_numpy(samples.astype(np.float32) / 32768).unsqueeze(0)


def noise(stream: int, count: int) -> torch.Tensor:
    """The engine's noise: (1, count) float32."""
    return torch.from_numpy(probe.fill_normal(SEED, stream, 0, count)).unsqueeze(0)


def vocoder_noise(count: int) -> torch.Tensor:
    """The engine's noise of the vocoder: (1, count) float32."""
    return noise(1, count)


def ids_of(inputs: dict[str, np.ndarray], prefix: str = "") -> TokenIds:
    """The ids of the text, or with the prefix of the recording."""
    arrays = (inputs[f"{prefix}{name}"] for name in TokenIds._fields)
    return TokenIds(*(torch.from_numpy(row).long().unsqueeze(0) for row in arrays))


def voice_of(model: MuSpeaker, inputs: dict[str, np.ndarray]) -> Voice:
    """The prompt's; a model without a spectral map does not ask for its F0."""
    samples, samples_16k = floats(inputs["samples"]), floats(inputs["samples_16k"])
    silence = torch.zeros(1, num_frames(samples.shape[1], model.config.audio))
    fbank = kaldi_fbank(samples_16k, model.config.timbre_encoder.num_fbanks)
    prompt = Listener(model).measure(samples, silence)
    return Synthesizer(model).clone(prompt, remove_time_mean(fbank))


@torch.no_grad()
def converted(model: MuSpeaker, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The beginning of the prompt in its own voice, said again; F0 as the engine hears it."""
    audio, ids = model.config.audio, ids_of(inputs, "source_")
    samples = floats(inputs["samples"])[:, : round(SOURCE_SECONDS * audio.sample_rate)]
    f0 = probe.track_pitch(samples[0].numpy(), audio.sample_rate, audio.hop_samples)
    recording = Listener(model).hear(samples, torch.from_numpy(f0).unsqueeze(0), ids.phones)
    options = VariationOptions(pitch_semitones=PITCH, energy_gain=ENERGY)
    speech = Synthesizer(model).convert(
        recording, ids, voice_of(model, inputs), vocoder_noise, options
    )
    return {
        "converted": speech.samples[0].numpy().astype(np.float16),
        "converted_durations": speech.durations[0].numpy().astype(np.int32),
    }


@torch.no_grad()
def expected(model: MuSpeaker, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What the engine should give, all by PyTorch but the bits of the noise."""
    voice, ids = voice_of(model, inputs), ids_of(inputs)
    latent = model.config.mel_encoder.latent
    latent_noise = noise(0, len(PHONES) * latent).view(1, -1, latent) * TEMPERATURE
    check_margins(model, ids, voice, latent_noise)
    speech = Synthesizer(model).synthesize(
        ids,
        voice,
        Noise(latent_noise, vocoder_noise),
        VariationOptions(SPEED, PITCH, ENERGY),
    )
    results = {
        "timbre": voice.vector,
        "style": voice.style,
        "durations": speech.durations,
        "output": speech.samples.half(),
    }
    return {name: tensor.squeeze(0).numpy() for name, tensor in results.items()}


def check_margins(
    model: MuSpeaker, ids: TokenIds, voice: Voice, latent_noise: torch.Tensor
) -> None:
    """Refuse a model whose decisions hang on rounding.

    Raises:
        ValueError: If a duration or a voicing is within MARGIN of flipping.
    """
    adapter = model.variation_adapter
    e_con = AcousticPass(model).encode(ids, latent_noise)
    masks = (torch.ones(x.shape[:2], dtype=torch.bool) for x in (e_con, voice.style))
    log_durations = adapter.predict_durations(e_con, voice.style, *masks)
    ends = torch.cumsum(log_durations.exp() / SPEED, dim=1)
    to_rounding = ((ends + 0.5) - (ends + 0.5).round()).abs().min().item()
    durations = adapter.decide_durations(log_durations, VariationOptions(SPEED))
    frames = adapter.stretch(e_con, make_path(durations, int(durations.sum())))
    masks = (torch.ones(x.shape[:2], dtype=torch.bool) for x in (frames, voice.style))
    voicing = adapter.predict_pitch(frames, voice.style, *masks)[..., 1]
    if not (voicing.min() < 0 < voicing.max()):
        raise ValueError(
            f"all frames are alike: voicing {voicing.min():.3f} to {voicing.max():.3f}"
        )
    to_flip = voicing.abs().min().item()
    if min(to_rounding, to_flip) < MARGIN:
        raise ValueError(f"margins {to_rounding:.4f} and {to_flip:.4f}, expected {MARGIN}")


def main() -> None:
    """Write v<version>-f16.bin, v<version>-q8.bin and v<version>.npz beside this script."""
    audio = tiny_config().audio
    count = np.arange(len(PHONES), dtype=np.int32)
    arrays = {
        "samples": prompt(audio.sample_rate),
        "samples_16k": prompt(16000),
        "phones": np.array(PHONES, dtype=np.int32),
        "stresses": count % 3,
        "boundaries": count % 2,
        "options": np.array([SPEED, PITCH, ENERGY, TEMPERATURE], dtype=np.float32),
        "seed": np.array(SEED),
        "source_phones": np.array(SOURCE_PHONES, dtype=np.int32),
        "source_stresses": count[: len(SOURCE_PHONES)] % 3,
        "source_boundaries": count[: len(SOURCE_PHONES)] % 2,
        "source_samples": np.array(round(SOURCE_SECONDS * audio.sample_rate)),
    }
    model = tiny_model(MODEL_SEED)
    inputs = dict(arrays)
    for weight_type in ("f16", "q8"):
        path = FOLDER / f"v{FORMAT_VERSION}-{weight_type}.bin"
        convert_weights(checkpoint_of(model), path, weight_type)
        results = expected(load(path), inputs) | converted(load(path), inputs)
        arrays |= {f"{weight_type}_{name}": array for name, array in results.items()}
    np.savez_compressed(FOLDER / f"v{FORMAT_VERSION}.npz", **arrays)


if __name__ == "__main__":
    main()
