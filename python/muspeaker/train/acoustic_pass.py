"""The acoustic model in training: one pass over a batch, and its losses."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from muspeaker.train.losses.acoustic import (
    duration_loss,
    energy_loss,
    kl_loss,
    loud_loss,
    mel_loss,
    moments_loss,
    pitch_losses,
)
from muspeaker.twin.model.length_regulator import make_path
from muspeaker.twin.model.muspeaker import MuSpeaker

if TYPE_CHECKING:
    from muspeaker.config import ModelConfig
    from muspeaker.train.loop.feed import Batch
FROZEN = ("timbre_encoder", "vocoder", "aligner", "phone_classifier")


def acoustic_parts(config: ModelConfig) -> MuSpeaker:
    """A `MuSpeaker` without the parts that this stage does not train."""
    model = MuSpeaker(replace(config, aligner=None, phone_classifier=None))
    for name in FROZEN:
        delattr(model, name)
    return model


def acoustic_losses(model: MuSpeaker, batch: Batch) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    """Run the network on the real durations, pitch and energy.

    Args:
        model: The network; its predictors take detached inputs.
        batch: From `AcousticData.collate`.

    Returns:
        The losses by name, and the mel (batch, mels, frames).
    """
    e_con, noise, log_std = encode_content(model, batch)
    mel, frames = decode(model, e_con, batch)
    adapter = model.variation_adapter
    e_sty = model.style_encoder(batch["prompt_mel"])
    token_mask, frame_mask = batch["token_mask"], batch["frame_mask"]
    style_mask = batch["prompt_mask"]
    log_durations = adapter.duration_predictor(e_con.detach(), e_sty, token_mask, style_mask)
    pitch = adapter.pitch_predictor(frames.detach(), e_sty, frame_mask, style_mask)
    energy = adapter.energy_predictor(frames.detach(), e_sty, frame_mask, style_mask)
    level, voicing = pitch_losses(
        pitch, adapter.normalize_f0(batch["f0"]), batch["f0"] > 0, frame_mask
    )
    losses = {
        "mel": mel_loss(mel, batch["mel"], frame_mask),
        "loud": loud_loss(mel, batch["mel"], frame_mask),
        "moments": moments_loss(mel, batch["mel"], frame_mask),
        "duration": duration_loss(log_durations.squeeze(-1), batch["durations"], token_mask),
        "pitch": level,
        "voicing": voicing,
        "energy": energy_loss(energy.squeeze(-1), batch["energy"], frame_mask),
        "kl": kl_loss(noise, log_std, token_mask),
    }
    return losses, mel


def encode_content(
    model: MuSpeaker, batch: Batch
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """e_con from text and a sample of the posterior; the flow's noise; the posterior's log_std."""
    phones, stresses, boundaries = batch["tokens"].unbind(1)
    token_mask, content = batch["token_mask"], batch["content_mel"]
    e_ling = model.linguistic_encoder(phones, stresses, boundaries, token_mask)
    path = make_path(batch["durations"], content.shape[2])  # (batch, tokens, frames)
    mean, log_std = model.mel_encoder(content, path)
    log_std = log_std.float().clamp(-6.0, 2.0)
    e_mel = mean.float() + log_std.exp() * batch["noise"]
    e_mel = e_mel * token_mask.unsqueeze(-1)
    noise = model.vp_flow(e_mel, e_ling, token_mask)
    return e_ling + model.fusion(e_mel), noise, log_std


def imagine_content(model: MuSpeaker, batch: Batch, temperature: float) -> torch.Tensor:
    """e_con from text and a sample of the prior, as in speaking."""
    phones, stresses, boundaries = batch["tokens"].unbind(1)
    token_mask = batch["token_mask"]
    e_ling = model.linguistic_encoder(phones, stresses, boundaries, token_mask)
    e_mel = model.vp_flow.inverse(batch["noise"] * temperature, e_ling, token_mask)
    return e_ling + model.fusion(e_mel)


def decode(
    model: MuSpeaker, e_con: torch.Tensor, batch: Batch
) -> tuple[torch.Tensor, torch.Tensor]:
    """The mel on the batch's durations, pitch and energy; and the stretched content."""
    path = make_path(batch["durations"], batch["f0"].shape[1])
    adapter = model.variation_adapter
    frames = adapter.length_regulator(e_con, path)  # (batch, frames, hidden)
    e_lat = adapter.embed(frames, batch["f0"], batch["energy"])
    e_tim = model.timbre_projection(batch["timbre"])
    return model.mel_decoder(e_lat, e_tim, batch["frame_mask"]), frames


def predict_contours(
    model: MuSpeaker, e_con: torch.Tensor, batch: Batch
) -> tuple[torch.Tensor, torch.Tensor]:
    """F0 in Hz and normalised energy (batch, frames) that the prompt's style gives this content."""
    adapter, config = model.variation_adapter, model.config.variation_adapter
    frame_mask, style_mask = batch["frame_mask"], batch["prompt_mask"]
    e_sty = model.style_encoder(batch["prompt_mel"])
    path = make_path(batch["durations"], frame_mask.shape[1])
    frames = adapter.length_regulator(e_con, path)
    pitch = adapter.pitch_predictor(frames, e_sty, frame_mask, style_mask).float()
    voiced = (pitch[..., 1] > 0) & frame_mask
    f0 = torch.exp(pitch[..., 0] * config.log_f0_std + config.log_f0_mean) * voiced
    energy = adapter.energy_predictor(frames, e_sty, frame_mask, style_mask).float().squeeze(-1)
    return f0, energy * frame_mask
