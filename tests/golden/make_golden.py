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
from muspeaker.twin.dsp.best_path import best_path, states_of
from muspeaker.twin.dsp.cepstra import cepstral_features
from muspeaker.twin.dsp.fbank import kaldi_fbank, remove_time_mean
from muspeaker.twin.dsp.mel import log_energy, log_mel, num_samples
from muspeaker.twin.engine.listener import Recording
from muspeaker.twin.engine.synthesizer import convert
from tests.conftest import speech_like
from tests.model_reader import load
from tests.tiny_model import checkpoint_of, tiny_config, tiny_model
from tools.convert_weights import convert as convert_weights

if TYPE_CHECKING:
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
TOKENS = ("phones", "stresses", "boundaries")
MARGIN = 0.02  # of decisions: a phone's rounding in frames, a voicing logit


def prompt(rate_hz: int) -> np.ndarray:
    """(samples,) int16, so that the .npz stays small."""
    return np.round(speech_like(rate_hz, PROMPT_SECONDS) * 32767).astype(np.int16)


def floats(samples: np.ndarray) -> torch.Tensor:
    """(1, samples) float32 in [-1, 1)."""
    return torch.from_numpy(samples.astype(np.float32) / 32768).unsqueeze(0)


def noise(stream: int, count: int) -> torch.Tensor:
    """The engine's noise: (count,) float32."""
    return torch.from_numpy(probe.fill_normal(SEED, stream, 0, count))


@torch.no_grad()
def converted(model: MuSpeaker, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The beginning of the prompt in its own voice, said again; F0 as the engine hears it."""
    audio, scales = model.config.audio, model.config.variation_adapter
    samples = floats(inputs["samples"])[:, : round(SOURCE_SECONDS * audio.sample_rate)]
    ids = [torch.from_numpy(inputs[f"source_{name}"]).long().unsqueeze(0) for name in TOKENS]
    mel = log_mel(samples, audio)
    features = cepstral_features(mel[0].numpy(), model.config.aligner.num_cepstra)
    scores = model.aligner(torch.from_numpy(features).unsqueeze(0), ids[0])[0].numpy()
    phones = inputs["source_phones"]
    states = states_of(phones, mel.shape[2], model.config.aligner.num_pauses)
    in_states = best_path(np.ascontiguousarray(scores[:, states]))
    durations = np.bincount(states, in_states, len(phones)).astype(np.int64)
    f0 = probe.track_pitch(samples[0].numpy(), audio.sample_rate, audio.hop_samples)
    energy = (log_energy(samples, audio) - scales.log_energy_mean) / scales.log_energy_std
    heard = Recording(mel, torch.from_numpy(f0)[None], energy, torch.from_numpy(durations)[None])
    fbank = kaldi_fbank(floats(inputs["samples_16k"]), model.config.timbre_encoder.num_fbanks)
    voice = model.clone(log_mel(floats(inputs["samples"]), audio), remove_time_mean(fbank))
    mel, f0, _ = convert(model, tuple(ids), heard, voice, PITCH, ENERGY)
    count = num_samples(mel.shape[2], audio)
    output = model.vocode(mel, f0, noise(1, count).unsqueeze(0))
    return {
        "converted": output[0].numpy().astype(np.float16),
        "converted_durations": durations.astype(np.int32),
    }


@torch.no_grad()
def expected(model: MuSpeaker, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What the engine should give, all by PyTorch but the bits of the noise."""
    config = model.config
    mel = log_mel(floats(inputs["samples"]), config.audio)
    fbank = kaldi_fbank(floats(inputs["samples_16k"]), config.timbre_encoder.num_fbanks)
    timbre, e_sty = model.clone(mel, remove_time_mean(fbank))
    ids = [torch.from_numpy(inputs[name]).long().unsqueeze(0) for name in TOKENS]
    mask = torch.ones_like(ids[0], dtype=torch.bool)
    latent = config.mel_encoder.latent
    latent_noise = noise(0, len(PHONES) * latent).view(1, -1, latent) * TEMPERATURE
    e_ling = model.linguistic_encoder(*ids, mask)
    e_con = e_ling + model.fusion(model.vp_flow.inverse(latent_noise, e_ling, mask))
    adapter = model.variation_adapter
    e_lat, durations, f0, _ = adapter(e_con, e_sty, SPEED, PITCH, ENERGY)
    frame_mask = torch.ones(e_lat.shape[:2], dtype=torch.bool)
    mel = model.mel_decoder(e_lat, model.timbre_projection(timbre), frame_mask)
    mel = model.match_prompt(mel, timbre, ENERGY)
    count = num_samples(mel.shape[2], config.audio)
    samples = model.vocode(mel, f0, noise(1, count).unsqueeze(0))
    check_margins(model, e_con, e_sty)
    results = {"timbre": timbre, "style": e_sty, "durations": durations, "output": samples.half()}
    return {name: tensor.squeeze(0).numpy() for name, tensor in results.items()}


def check_margins(model: MuSpeaker, e_con: torch.Tensor, e_sty: torch.Tensor) -> None:
    """Refuse a model whose decisions hang on rounding.

    Raises:
        ValueError: If a duration or a voicing is within MARGIN of flipping.
    """
    adapter = model.variation_adapter
    mask = torch.ones(e_con.shape[:2], dtype=torch.bool)
    style_mask = torch.ones(e_sty.shape[:2], dtype=torch.bool)
    lengths = adapter.duration_predictor(e_con, e_sty, mask, style_mask).squeeze(-1).exp() / SPEED
    ends = torch.cumsum(lengths, dim=1)
    to_rounding = ((ends + 0.5) - (ends + 0.5).round()).abs().min().item()
    durations = adapter(e_con, e_sty, SPEED).durations
    frames = e_con.repeat_interleave(durations[0], dim=1)
    frame_mask = torch.ones(frames.shape[:2], dtype=torch.bool)
    voicing = adapter.pitch_predictor(frames, e_sty, frame_mask, style_mask)[..., 1]
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
