"""The speaking pass: tokens, or a recording of them, to a mel in a voice."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

from muspeaker.twin.dsp.mel_moments import match_moments
from muspeaker.twin.dsp.spectral_map import apply_spectral_map
from muspeaker.twin.engine.delivery import Delivery, over_frames
from muspeaker.twin.model.length_regulator import make_path
from muspeaker.twin.model.variation_adapter import PLAIN, VariationOptions

if TYPE_CHECKING:
    from muspeaker.twin.engine.voice import Voice
    from muspeaker.twin.model.linguistic_encoder import TokenIds
    from muspeaker.twin.model.muspeaker import MuSpeaker


OWN = Delivery()  # the model's


class Melody(NamedTuple):
    """What is decided for each frame before the mel is made.

    Attributes:
        f0: (1, frames) in Hz, 0 where unvoiced.
        energy: (1, frames), normalised log-energy.
    """

    f0: torch.Tensor
    energy: torch.Tensor


class AcousticPass:
    """Tokens to mel for one utterance without padding, in steps that callers combine.

    Speaking is encode, predict_durations, shape_melody, decode, match. Converting takes the content
    from encode_recording, durations and melody from the recording; cloning likewise, without match. Editing
    joins the rows of the two encodings, and predicts only what the recording lacks.

    Source: Chen et al. 2025 (arXiv:2501.08566), Section 2.

    Args:
        model: The network, in evaluation mode.
    """

    def __init__(self, model: MuSpeaker) -> None:
        self._model = model

    def encode(self, ids: TokenIds, latent_noise: torch.Tensor) -> torch.Tensor:
        """Content of a text.

        Args:
            ids: One utterance.
            latent_noise: (1, tokens, latent), standard normal times the temperature.

        Returns:
            e_con, (1, tokens, hidden).
        """
        return self._model.encode_content(ids, latent_noise, _everywhere(ids.phones))

    def encode_recording(
        self, ids: TokenIds, mel: torch.Tensor, durations: torch.Tensor
    ) -> torch.Tensor:
        """The same for a recording of the tokens.

        Args:
            ids: One utterance.
            mel: (1, mels, frames), natural log.
            durations: (1, tokens) int64, frames.
        """
        path = make_path(durations, mel.shape[2])
        return self._model.encode_recording(ids, mel, path, _everywhere(ids.phones))

    def predict_durations(
        self,
        e_con: torch.Tensor,
        voice: Voice,
        options: VariationOptions = PLAIN,
        delivery: Delivery = OWN,
    ) -> torch.Tensor:
        """Whole frames of each token, (1, tokens) int64.

        C++ also refuses an utterance without a frame or of more than kMaxSeconds, because strangers speak
        there; here a model in training may predict any length.
        """
        adapter = self._model.variation_adapter
        masks = _everywhere(e_con), _everywhere(voice.style)
        log_durations = adapter.predict_durations(e_con, voice.style, *masks)
        if delivery.rhythm is not None:
            log_durations = log_durations + delivery.rhythm
        return adapter.decide_durations(log_durations, options)

    def shape_melody(
        self,
        e_con: torch.Tensor,
        durations: torch.Tensor,
        voice: Voice,
        options: VariationOptions = PLAIN,
        delivery: Delivery = OWN,
    ) -> Melody:
        """Predict F0 and energy of content that lasts as long as the durations say."""
        adapter = self._model.variation_adapter
        frames = self._stretch(e_con, durations)
        masks = _everywhere(frames), _everywhere(voice.style)
        pitch = adapter.predict_pitch(frames, voice.style, *masks)
        energy = adapter.predict_energy(frames, voice.style, *masks)
        f0 = adapter.decide_f0(pitch, options)
        if delivery.melody is not None:
            f0 = f0 * over_frames(delivery.melody, durations).exp()
        return Melody(f0, adapter.decide_energy(energy, options))

    def decode(
        self,
        e_con: torch.Tensor,
        durations: torch.Tensor,
        melody: Melody,
        timbre: torch.Tensor,
        changes: dict[str, torch.Tensor] | None = None,
    ) -> torch.Tensor:
        """The mel as the decoder makes it.

        Args:
            e_con: (1, tokens, hidden).
            durations: (1, tokens) int64, frames.
            melody: F0 and energy of these frames.
            timbre: (1, timbre_size or more), the values that a voice's vector begins with.
            changes: `Voice.changes`.

        Returns:
            (1, mels, frames), natural log.
        """
        e_lat = self._embed(e_con, durations, melody)
        timbre = timbre[:, : self._model.config.timbre_size]
        return self._model.decode_mel(e_lat, timbre, _everywhere(e_lat), changes)

    def decoder_inputs(
        self, e_con: torch.Tensor, durations: torch.Tensor, melody: Melody, timbre: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """What `decode` gives to the decoder: e_lat, (1, frames, hidden), and e_tim, (1, timbre)."""
        timbre = timbre[:, : self._model.config.timbre_size]
        return self._embed(e_con, durations, melody), self._model.timbre_projection(timbre)

    def match(self, mel: torch.Tensor, voice: Voice, energy_gain: float = 1.0) -> torch.Tensor:
        """Move a decoded mel towards the voice: by its spectral map, else to the prompt's moments.

        Args:
            mel: (1, mels, frames), natural log.
            voice: The voice to speak in.
            energy_gain: Factor of the energy contour, which moments do not know of.

        Returns:
            The shape of mel; unchanged if voices of this model have neither.
        """
        config = self._model.config
        if config.map_cepstra > 0:
            return apply_spectral_map(mel, voice.vector[:, config.timbre_size :])
        if config.mel_decoder.prompt_moments > 0:
            moments = voice.vector[:, config.timbre_encoder.embedding :]
            return match_moments(mel, moments, energy_gain)
        return mel

    def _embed(self, e_con: torch.Tensor, durations: torch.Tensor, melody: Melody) -> torch.Tensor:
        """e_lat, (1, frames, hidden)."""
        adapter = self._model.variation_adapter
        frames = self._stretch(e_con, durations)
        return adapter.embed(frames, adapter.normalize_f0(melody.f0), melody.energy)

    def _stretch(self, e_con: torch.Tensor, durations: torch.Tensor) -> torch.Tensor:
        """(1, frames, hidden)."""
        path = make_path(durations, int(durations.sum()))
        return self._model.variation_adapter.stretch(e_con, path)


def _everywhere(x: torch.Tensor) -> torch.Tensor:
    """The mask of (batch, length, ...) without padding: (batch, length) bool."""
    return torch.ones(x.shape[:2], dtype=torch.bool, device=x.device)
