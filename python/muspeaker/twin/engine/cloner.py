"""A prompt to a voice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from muspeaker.twin.dsp.heard_phones import heard_phones
from muspeaker.twin.dsp.mel_moments import mel_moments, speech_frames
from muspeaker.twin.dsp.spectral_map import fit_spectral_map
from muspeaker.twin.engine.acoustic_pass import AcousticPass, Melody
from muspeaker.twin.engine.refinement import refine
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

    def clone(
        self,
        prompt: Recording,
        fbank: torch.Tensor,
        *,
        plain: bool = False,
        refining_steps: int = 0,
    ) -> Voice:
        """Make a voice of a prompt.

        Args:
            prompt: Recording from `Listener.measure`.
            fbank: (1, frames, num_fbanks), Kaldi log filter bank of the prompt, its mean over time
                removed.
            plain: Fit a spectral map that changes bands alone.
            refining_steps: How many steps the decoder learns the prompt; `config.REFINING` has the usual.

        Raises:
            ValueError: If a decoder is to learn of a model without phone classifier.
        """
        config = self._model.config
        timbre = scale_to_unit_rms(self._model.timbre_encoder(fbank))
        if config.mel_decoder.prompt_moments:
            moments = mel_moments(prompt.mel, speech_frames(prompt.mel))
            timbre = torch.cat([timbre, moments], dim=1)
        changes = self.refine(prompt, timbre, refining_steps) if refining_steps else None
        if config.map_cepstra:
            spoken = self.speak_again(prompt, timbre, changes)
            spectral_map = fit_spectral_map(prompt.mel, spoken, config.map_cepstra, plain=plain)
            timbre = torch.cat([timbre, spectral_map], dim=1)
        return Voice(timbre, self._model.style_encoder(prompt.mel), changes)

    def refine(
        self, prompt: Recording, timbre: torch.Tensor, steps: int
    ) -> dict[str, torch.Tensor]:
        """What the decoder learns of a prompt, which it decodes as in `speak_again`."""
        melody = Melody(prompt.f0, prompt.energy)
        inputs = self._acoustic_pass.decoder_inputs(*self._hear(prompt), melody, timbre)
        return refine(self._model.mel_decoder, *inputs, prompt.mel, steps)

    def speak_again(
        self,
        prompt: Recording,
        timbre: torch.Tensor,
        changes: dict[str, torch.Tensor] | None = None,
    ) -> torch.Tensor:
        """Render the phones of a prompt with its durations, F0 and energy.

        Args:
            prompt: Recording from `Listener.measure`.
            timbre: (1, timbre_size), the voice.
            changes: What the decoder has learnt.

        Returns:
            (1, mels, frames), natural log, as the decoder makes it.

        Raises:
            ValueError: If the model has no phone classifier.
        """
        melody = Melody(prompt.f0, prompt.energy)
        return self._acoustic_pass.decode(*self._hear(prompt), melody, timbre, changes)

    def _hear(self, prompt: Recording) -> tuple[torch.Tensor, torch.Tensor]:
        """The phones of a prompt: e_con, (1, tokens, hidden), without noise, and their durations."""
        logits = self._listener.phone_logits(prompt.mel).float().cpu().numpy()
        phones, durations = (
            torch.from_numpy(ids).unsqueeze(0).to(prompt.mel.device) for ids in heard_phones(logits)
        )
        plain = torch.zeros_like(phones)  # no stress and no boundary is known
        latent = self._model.config.mel_encoder.latent
        noise = torch.zeros(*phones.shape, latent, device=phones.device)
        return self._acoustic_pass.encode(TokenIds(phones, plain, plain), noise), durations


def scale_to_unit_rms(embedding: torch.Tensor) -> torch.Tensor:
    """Scale every (batch, embedding) vector to the RMS 1, which is the length sqrt(embedding)."""
    return F.normalize(embedding, dim=-1) * embedding.shape[-1] ** 0.5
