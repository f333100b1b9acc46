"""The whole network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.func import functional_call

from muspeaker.twin.model.aligner import Aligner
from muspeaker.twin.model.linguistic_encoder import LinguisticEncoder
from muspeaker.twin.model.mel_decoder import MelDecoder
from muspeaker.twin.model.mel_encoder import MelEncoder
from muspeaker.twin.model.phone_classifier import PhoneClassifier
from muspeaker.twin.model.style_encoder import StyleEncoder
from muspeaker.twin.model.timbre_encoder import TimbreEncoder
from muspeaker.twin.model.variation_adapter import VariationAdapter
from muspeaker.twin.model.vocoder import Vocoder, make_vocoder
from muspeaker.twin.model.vp_flow import VPFlow

if TYPE_CHECKING:
    from muspeaker.config import ModelConfig
    from muspeaker.twin.model.linguistic_encoder import TokenIds


class MuSpeaker(nn.Module):
    """Every part of the system; `twin.engine` wires them.

    Source: Chen et al. 2025 (arXiv:2501.08566), Section 2.

    Args:
        config: All sizes.
        acoustic_only: Whether to leave out the parts that stay as they are while the others learn: timbre
            encoder, vocoder, aligner and phone classifier.
    """

    timbre_encoder: TimbreEncoder
    vocoder: Vocoder
    aligner: Aligner | None
    phone_classifier: PhoneClassifier | None

    def __init__(self, config: ModelConfig, *, acoustic_only: bool = False) -> None:
        super().__init__()
        self.config = config
        hidden, style = config.linguistic_encoder.hidden, config.style_encoder.hidden
        latent, num_mels = config.mel_encoder.latent, config.audio.num_mels
        self.linguistic_encoder = LinguisticEncoder(config.linguistic_encoder)
        self.mel_encoder = MelEncoder(config.mel_encoder)
        self.vp_flow = VPFlow(config.vp_flow, latent, hidden)
        self.fusion = nn.Linear(latent, hidden)
        self.style_encoder = StyleEncoder(config.style_encoder, num_mels)
        if not acoustic_only:
            self.timbre_encoder = TimbreEncoder(config.timbre_encoder)
        self.timbre_projection = nn.Linear(config.timbre_size, config.mel_decoder.timbre)
        self.variation_adapter = VariationAdapter(config.variation_adapter, hidden, style)
        self.mel_decoder = MelDecoder(config.mel_decoder, hidden, num_mels)
        if acoustic_only:
            return
        self.vocoder = make_vocoder(config.vocoder, config.audio)
        num_phones = config.linguistic_encoder.num_phones
        self.aligner = Aligner(config.aligner, num_phones) if config.aligner else None
        self.phone_classifier = (
            PhoneClassifier(config.phone_classifier, num_mels, num_phones)
            if config.phone_classifier
            else None
        )

    def encode_content(
        self,
        ids: TokenIds,
        noise: torch.Tensor,
        mask: torch.Tensor,
    ) -> torch.Tensor:
        """From text and noise to the content, as in speaking.

        Args:
            ids: What to say.
            noise: (batch, tokens, latent), standard normal times the temperature.
            mask: (batch, tokens) bool, true where there is a token.

        Returns:
            e_con, (batch, tokens, hidden).
        """
        e_ling = self.linguistic_encoder(ids, mask)
        e_mel = self.vp_flow.inverse(noise, e_ling, mask)
        e_con: torch.Tensor = e_ling + self.fusion(e_mel)
        return e_con

    def encode_recording(
        self,
        ids: TokenIds,
        mel: torch.Tensor,
        path: torch.Tensor,
        mask: torch.Tensor,
    ) -> torch.Tensor:
        """The same for a recording, whose e_mel is the mean of the posterior.

        Args:
            ids: What to say.
            mel: (batch, mels, frames), natural-log mel.
            path: (batch, tokens, frames) float32, one where the phone holds the frame.
            mask: (batch, tokens) bool, true where there is a token.

        Returns:
            e_con, (batch, tokens, hidden).
        """
        e_ling = self.linguistic_encoder(ids, mask)
        e_mel, _ = self.mel_encoder(mel, path)
        e_con: torch.Tensor = e_ling + self.fusion(e_mel)
        return e_con

    def decode_mel(
        self,
        e_lat: torch.Tensor,
        timbre: torch.Tensor,
        mask: torch.Tensor,
        changes: dict[str, torch.Tensor] | None = None,
    ) -> torch.Tensor:
        """Decode a mel in a voice.

        Args:
            e_lat: (batch, frames, hidden).
            timbre: (batch, timbre_size).
            mask: (batch, frames) bool, true where there is speech.
            changes: What is added to the decoder's parameters.

        Returns:
            (batch, mels, frames), natural-log mel.
        """
        e_tim = self.timbre_projection(timbre)
        own = dict(self.mel_decoder.named_parameters()) if changes else {}
        changed = {name: own[name] + change for name, change in (changes or {}).items()}
        mel: torch.Tensor = (
            functional_call(self.mel_decoder, changed, (e_lat, e_tim, mask))
            if changed
            else self.mel_decoder(e_lat, e_tim, mask)
        )
        return mel
