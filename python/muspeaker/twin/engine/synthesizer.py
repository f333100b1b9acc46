"""Voice conversion: the content, rhythm and melody of a recording in another voice."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from muspeaker.twin.engine.listener import Recording, register_factor
from muspeaker.twin.model.length_regulator import make_path

if TYPE_CHECKING:
    from muspeaker.twin.model.muspeaker import MuSpeaker


def convert(
    model: MuSpeaker,
    ids: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
    recording: Recording,
    voice: tuple[torch.Tensor, torch.Tensor],
    pitch_semitones: float = 0.0,
    energy_gain: float = 1.0,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Say again what a recording says, up to the mel.

    Source: the paper's mel encoder, whose posterior stands where the flow's sample stands in speaking.

    Args:
        model: In evaluation.
        ids: Phones, stresses and boundaries of the text, each (1, tokens) int64.
        recording: Of one utterance.
        voice: Timbre (1, voice_size) and e_sty (1, style frames, style) of `MuSpeaker.clone`.
        pitch_semitones: Added to the melody, which is the recording's in the register that the voice
            would have by itself.
        energy_gain: Factor of the recording's energy contour.

    Returns:
        Mel (1, mels, frames), F0 (1, frames) in Hz, and normalised log-energy (1, frames).
    """
    timbre, e_sty = voice
    mask = torch.ones_like(ids[0], dtype=torch.bool)
    e_ling = model.linguistic_encoder(*ids, mask)
    path = make_path(recording.durations, recording.mel.shape[2])  # (1, tokens, frames)
    mean, _ = model.mel_encoder(recording.mel, path)
    e_con = e_ling + model.fusion(mean)  # (1, tokens, hidden)
    adapter = model.variation_adapter
    frames = adapter.length_regulator(e_con, path)  # (1, frames, hidden)
    frame_mask = torch.ones(frames.shape[:2], dtype=torch.bool)
    style_mask = torch.ones(e_sty.shape[:2], dtype=torch.bool)
    scales = model.config.variation_adapter
    level, voicing = adapter.pitch_predictor(frames, e_sty, frame_mask, style_mask).unbind(-1)
    own_f0 = torch.exp(level * scales.log_f0_std + scales.log_f0_mean) * (voicing > 0)
    factor = register_factor(recording.f0[0], own_f0[0]) * 2 ** (pitch_semitones / 12)
    f0 = recording.f0 * factor
    energy = recording.energy + math.log(energy_gain) / scales.log_energy_std
    e_lat = adapter.embed(frames, f0, energy)
    mel = model.mel_decoder(e_lat, model.project_timbre(timbre), frame_mask)
    return model.match_prompt(mel, timbre, energy_gain), f0, energy
