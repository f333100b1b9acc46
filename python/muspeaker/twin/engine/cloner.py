"""A prompt to a voice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from muspeaker.twin.dsp.heard_phones import heard_phones
from muspeaker.twin.dsp.mel_moments import mel_moments, speech_frames
from muspeaker.twin.dsp.spectral_map import fit_spectral_map
from muspeaker.twin.engine.acoustic_pass import AcousticPass, Melody
from muspeaker.twin.engine.voice import Voice
from muspeaker.twin.model.linguistic_encoder import TokenIds

if TYPE_CHECKING:
    from muspeaker.twin.engine.listener import Listener, Recording
    from muspeaker.twin.model.muspeaker import MuSpeaker


class Cloner:
    """Takes a voice from a prompt.

    Args:
        model: The network, in evaluation mode.
        listener: The listener of the same model.
        acoustic_pass: The speaking pass of the same model.
    """

    def __init__(self, model: MuSpeaker, listener: Listener, acoustic_pass: AcousticPass) -> None:
        self._model = model
        self._listener = listener
        self._acoustic_pass = acoustic_pass

    def clone(self, prompt: Recording, fbank: torch.Tensor, *, plain: bool = False) -> Voice:
        """Make a voice of a prompt.

        Args:
            prompt: Recording from `Listener.measure`.
            fbank: (1, frames, num_fbanks), Kaldi log filter bank of the prompt, its mean over time
                removed.
            plain: Fit a spectral map that changes bands alone.
        """
        config = self._model.config
        timbre = scale_to_unit_rms(self._model.timbre_encoder(fbank))
        if config.mel_decoder.prompt_moments:
            moments = mel_moments(prompt.mel, speech_frames(prompt.mel))
            timbre = torch.cat([timbre, moments], dim=1)
        if config.map_cepstra:
            spoken = self.speak_again(prompt, timbre)
            spectral_map = fit_spectral_map(prompt.mel, spoken, config.map_cepstra, plain=plain)
            timbre = torch.cat([timbre, spectral_map], dim=1)
        return Voice(timbre, self._model.style_encoder(prompt.mel))

    def speak_again(self, prompt: Recording, timbre: torch.Tensor) -> torch.Tensor:
        """Render the phones of a prompt with its durations, F0 and energy.

        Args:
            prompt: Recording from `Listener.measure`.
            timbre: (1, timbre_size), the voice.

        Returns:
            (1, mels, frames), natural log, as the decoder makes it.

        Raises:
            ValueError: If the model has no phone classifier.
        """
        logits = self._listener.phone_logits(prompt.mel).float().cpu().numpy()
        phones, durations = (
            torch.from_numpy(ids).unsqueeze(0).to(prompt.mel.device) for ids in heard_phones(logits)
        )
        plain = torch.zeros_like(phones)  # no stress and no boundary is known
        latent = self._model.config.mel_encoder.latent
        noise = torch.zeros(*phones.shape, latent, device=phones.device)
        e_con = self._acoustic_pass.encode(TokenIds(phones, plain, plain), noise)
        return self._acoustic_pass.decode(
            e_con, durations, Melody(prompt.f0, prompt.energy), timbre
        )


def scale_to_unit_rms(embedding: torch.Tensor) -> torch.Tensor:
    """Scale every (batch, embedding) vector to the RMS 1, which is the length sqrt(embedding)."""
    return F.normalize(embedding, dim=-1) * embedding.shape[-1] ** 0.5
