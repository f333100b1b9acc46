"""The acoustic model in training: one pass over a padded batch, and its losses."""

from __future__ import annotations

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
    range_loss,
)
from muspeaker.twin.model.length_regulator import make_path
from muspeaker.twin.model.linguistic_encoder import TokenIds

if TYPE_CHECKING:
    from muspeaker.train.loop.feed import Batch
    from muspeaker.twin.model.muspeaker import MuSpeaker

LOG_STD_RANGE = (-6.0, 2.0)  # limits of the posterior
PRIOR_TEMPERATURE = 0.5  # temperature of the samples that predictors learn from


def acoustic_losses(model: MuSpeaker, batch: Batch) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    """Run the network on the real durations and pitch.

    The predictors hear the posterior's content in one half of the rows, and what speaking gives them, a sample
    of the prior, in the other: the posterior knows of the melody that they are to find. The decoder is told the
    predicted energy in the first half, so that it does not count on details that are never predicted, and the
    real one in the other.

    Args:
        model: The network; its predictors take detached inputs.
        batch: Batch from `AcousticData.collate`.

    Returns:
        The losses by name, and the mel (batch, mels, frames), natural log.
    """
    e_con, prior, noise, log_std = encode_both(model, batch)
    token_mask, frame_mask = batch["token_mask"], batch["frame_mask"]
    from_prior = batch["from_prior"]
    heard = torch.where(from_prior[:, None, None], prior, e_con.detach())
    predicted, energy = _predicted(model, heard, batch)
    told = torch.where(from_prior[:, None], batch["energy"], energy.detach().float())
    mel, _ = decode(model, e_con, batch | {"energy": told})
    losses = {
        "mel": mel_loss(mel, batch["mel"], frame_mask),
        "loud": loud_loss(mel, batch["mel"], frame_mask),
        "moments": moments_loss(mel, batch["mel"], frame_mask),
        **predicted,
        "kl": kl_loss(noise, log_std, token_mask),
    }
    return losses, mel


def predictor_losses(model: MuSpeaker, batch: Batch) -> dict[str, torch.Tensor]:
    """What the predictors and the style encoder learn from; nothing else is run with a gradient.

    Args:
        model: The network.
        batch: Of `AcousticData`, where the predictors hear what `acoustic_losses` lets them hear; or of
            `ProsodyData`, which has no speech, so that they hear a sample of the prior.

    Returns:
        The losses by name. Without speech there is no `voicing`, and F0 counts where it is predicted to be
        voiced: elsewhere nobody hears the level, and no recording has taught it.
    """
    with torch.no_grad():
        if "content_mel" in batch:
            e_con, prior, _, _ = encode_both(model, batch)
            heard = torch.where(batch["from_prior"][:, None, None], prior, e_con)
        else:
            heard = encode_prior(model, batch, PRIOR_TEMPERATURE)
    losses, _ = _predicted(model, heard, batch)
    if "content_mel" not in batch:
        del losses["voicing"]
    return losses


def _predicted(
    model: MuSpeaker, heard: torch.Tensor, batch: Batch
) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    """Losses of the predictors on this content (batch, tokens, hidden); and energy (batch, frames)."""
    adapter = model.variation_adapter
    token_mask, frame_mask = batch["token_mask"], batch["frame_mask"]
    style_mask = batch["prompt_mask"]
    e_sty = model.style_encoder(batch["prompt_mel"])
    frames = adapter.stretch(heard, make_path(batch["durations"], batch["f0"].shape[1]))
    log_durations = adapter.predict_durations(heard, e_sty, token_mask, style_mask)
    pitch = adapter.predict_pitch(frames, e_sty, frame_mask, style_mask)
    energy = adapter.predict_energy(frames, e_sty, frame_mask, style_mask)
    level, _ = adapter.normalize_f0(batch["f0"]).unbind(1)
    voiced = batch["f0"] > 0
    if "content_mel" not in batch:
        voiced &= pitch[..., 1].detach() > 0
    level_loss, voicing_loss = pitch_losses(pitch, level, voiced, frame_mask)
    losses = {
        "duration": duration_loss(log_durations, batch["durations"], token_mask),
        "pitch": level_loss,
        "range": range_loss(pitch[..., 0], level, voiced, frame_mask),
        "voicing": voicing_loss,
        "energy": energy_loss(energy, batch["energy"], frame_mask),
    }
    return losses, energy


def encode_both(
    model: MuSpeaker, batch: Batch
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Content of the text with the speech that says it, and with a sample of the prior.

    Args:
        model: The network.
        batch: Batch from `AcousticData.collate`; `noise` (batch, tokens, latent) draws from the posterior.

    Returns:
        e_con and, without a gradient, the prior's e_con, both (batch, tokens, hidden); and, each (batch,
        tokens, latent), what the flow makes of the posterior's sample, and the posterior's log standard
        deviation.
    """
    token_mask, content = batch["token_mask"], batch["content_mel"]
    e_ling = model.linguistic_encoder(ids_of(batch), token_mask)
    path = make_path(batch["durations"], content.shape[2])  # (batch, tokens, frames)
    mean, log_std = model.mel_encoder(content, path)
    log_std = log_std.float().clamp(*LOG_STD_RANGE)
    e_mel = mean.float() + log_std.exp() * batch["noise"]
    e_mel = e_mel * token_mask.unsqueeze(-1)
    noise = model.vp_flow(e_mel, e_ling, token_mask)
    with torch.no_grad():
        drawn = PRIOR_TEMPERATURE * batch["noise"].flip(2) * token_mask.unsqueeze(-1)
        prior = e_ling + model.fusion(model.vp_flow.inverse(drawn, e_ling, token_mask))
    return e_ling + model.fusion(e_mel), prior, noise, log_std


def encode_prior(model: MuSpeaker, batch: Batch, temperature: float) -> torch.Tensor:
    """e_con (batch, tokens, hidden) from the text and a sample of the prior, as in speaking."""
    noise = batch["noise"] * temperature
    return model.encode_content(ids_of(batch), noise, batch["token_mask"])


def ids_of(batch: Batch) -> TokenIds:
    """The token ids of a batch."""
    return TokenIds(*batch["tokens"].unbind(1))


def decode(
    model: MuSpeaker, e_con: torch.Tensor, batch: Batch
) -> tuple[torch.Tensor, torch.Tensor]:
    """The mel on the batch's durations, pitch and energy; and the stretched content."""
    path = make_path(batch["durations"], batch["f0"].shape[1])
    adapter = model.variation_adapter
    frames = adapter.stretch(e_con, path)  # (batch, frames, hidden)
    e_lat = adapter.embed(frames, adapter.normalize_f0(batch["f0"]), batch["energy"])
    return model.decode_mel(e_lat, batch["timbre"], batch["frame_mask"]), frames


def predict_contours(
    model: MuSpeaker, e_con: torch.Tensor, batch: Batch
) -> tuple[torch.Tensor, torch.Tensor]:
    """F0 in Hz and normalised energy (batch, frames) that the prompt's style gives this content."""
    adapter = model.variation_adapter
    frame_mask, style_mask = batch["frame_mask"], batch["prompt_mask"]
    e_sty = model.style_encoder(batch["prompt_mel"])
    path = make_path(batch["durations"], frame_mask.shape[1])
    frames = adapter.stretch(e_con, path)
    pitch = adapter.predict_pitch(frames, e_sty, frame_mask, style_mask)
    f0 = adapter.decide_f0(pitch.float()) * frame_mask
    energy = adapter.predict_energy(frames, e_sty, frame_mask, style_mask)
    return f0, adapter.decide_energy(energy.float()) * frame_mask
