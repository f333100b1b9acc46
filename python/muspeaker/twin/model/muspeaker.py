"""The whole network."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import nn

from muspeaker.twin.dsp.heard_phones import heard_phones
from muspeaker.twin.dsp.mel import num_samples
from muspeaker.twin.dsp.mel_correction import correct_mel
from muspeaker.twin.dsp.mel_moments import match_moments, mel_moments, speech_frames
from muspeaker.twin.dsp.normalized_mel import normalized_mel
from muspeaker.twin.dsp.spectral_map import apply_spectral_map, fit_spectral_map
from muspeaker.twin.engine.cloner import scale_timbre
from muspeaker.twin.model.aligner import Aligner
from muspeaker.twin.model.harmonic_source import integrate_phase
from muspeaker.twin.model.length_regulator import make_path
from muspeaker.twin.model.linguistic_encoder import LinguisticEncoder
from muspeaker.twin.model.mel_decoder import MelDecoder
from muspeaker.twin.model.mel_encoder import MelEncoder
from muspeaker.twin.model.phone_classifier import PhoneClassifier
from muspeaker.twin.model.style_encoder import StyleEncoder
from muspeaker.twin.model.timbre_encoder import TimbreEncoder
from muspeaker.twin.model.variation_adapter import VariationAdapter
from muspeaker.twin.model.vocoder import Vocoder
from muspeaker.twin.model.vp_flow import VPFlow

if TYPE_CHECKING:
    from muspeaker.config import ModelConfig


class Speech(NamedTuple):
    """One spoken utterance.

    Attributes:
        samples: (1, samples) in [-1, 1].
        mel: (1, mels, frames), natural log.
        durations: (1, tokens) int64, frames.
        f0: (1, frames) in Hz, 0 where unvoiced.
    """

    samples: torch.Tensor
    mel: torch.Tensor
    durations: torch.Tensor
    f0: torch.Tensor


class MuSpeaker(nn.Module):
    """Every part of the system, wired for speaking.

    Source: Chen et al. 2025 (arXiv:2501.08566), Section 2.

    Args:
        config: All sizes.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        hidden, style = config.linguistic_encoder.hidden, config.style_encoder.hidden
        latent, num_mels = config.mel_encoder.latent, config.audio.num_mels
        self.linguistic_encoder = LinguisticEncoder(config.linguistic_encoder)
        self.mel_encoder = MelEncoder(config.mel_encoder)
        self.vp_flow = VPFlow(config.vp_flow, latent, hidden)
        self.fusion = nn.Linear(latent, hidden)
        self.style_encoder = StyleEncoder(config.style_encoder, num_mels)
        self.timbre_encoder = TimbreEncoder(config.timbre_encoder)
        self.timbre_projection = nn.Linear(config.timbre_size, config.mel_decoder.timbre)
        self.variation_adapter = VariationAdapter(config.variation_adapter, hidden, style)
        self.mel_decoder = MelDecoder(config.mel_decoder, hidden, num_mels)
        self.vocoder = Vocoder(config.vocoder, config.audio)
        num_phones = config.linguistic_encoder.num_phones
        self.aligner = Aligner(config.aligner, num_phones) if config.aligner else None
        self.phone_classifier = (
            PhoneClassifier(config.phone_classifier, num_mels, num_phones)
            if config.phone_classifier
            else None
        )

    def clone(
        self,
        mel: torch.Tensor,
        fbank: torch.Tensor,
        f0: torch.Tensor | None = None,
        energy: torch.Tensor | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Hear a prompt.

        Args:
            mel: (1, mels, frames), natural-log mel of the prompt.
            fbank: (1, frames, num_fbanks), Kaldi log filter bank, its mean over time removed.
            f0: (1, frames) of the prompt in Hz, 0 where unvoiced; for models whose voices have a map.
            energy: (1, frames), its normalised log-energy; likewise.

        Returns:
            timbre (1, voice_size), the speaker embedding of length sqrt(embedding) and, where the
            config has them, the moments of the mel and the spectral map; and e_sty
            (1, style frames, hidden).

        Raises:
            ValueError: If the model's voices have a map and f0 or energy is not given.
        """
        timbre = scale_timbre(self.timbre_encoder(fbank))
        if self.config.mel_decoder.prompt_moments:
            timbre = torch.cat([timbre, mel_moments(mel, speech_frames(mel))], dim=1)
        if self.config.map_cepstra:
            if f0 is None or energy is None:
                raise ValueError(
                    "this model compares prompts with its own speech: give f0 and energy"
                )
            spoken = self.speak_again(mel, f0, energy, timbre)
            timbre = torch.cat(
                [timbre, fit_spectral_map(mel, spoken, self.config.map_cepstra)], dim=1
            )
        return timbre, self.style_encoder(mel)

    def speak_again(
        self, mel: torch.Tensor, f0: torch.Tensor, energy: torch.Tensor, timbre: torch.Tensor
    ) -> torch.Tensor:
        """Say what is heard in a recording, with its durations, F0 and energy.

        Args:
            mel: (1, mels, frames), natural-log mel.
            f0: (1, frames) in Hz, 0 where unvoiced.
            energy: (1, frames), normalised log-energy.
            timbre: (1, timbre_size), the voice.

        Returns:
            The shape of mel, as the decoder makes it; neither stresses nor boundaries are heard.
        """
        assert self.phone_classifier, "this model does not hear phones"
        x = torch.from_numpy(normalized_mel(mel[0].T.cpu().numpy())).unsqueeze(0).to(mel.device)
        logits = self.phone_classifier(x)[0].float().cpu().numpy()
        heard, held = heard_phones(logits)
        phones, durations = (
            torch.from_numpy(ids).unsqueeze(0).to(mel.device) for ids in (heard, held)
        )
        plain, mask = torch.zeros_like(phones), torch.ones_like(phones, dtype=torch.bool)
        e_ling = self.linguistic_encoder(phones, plain, plain, mask)
        noise = e_ling.new_zeros(1, phones.shape[1], self.config.mel_encoder.latent)
        e_con = e_ling + self.fusion(self.vp_flow.inverse(noise, e_ling, mask))
        adapter = self.variation_adapter
        frames = adapter.length_regulator(e_con, make_path(durations, mel.shape[2]))
        e_lat = adapter.embed(frames, f0, energy)
        frame_mask = torch.ones_like(f0, dtype=torch.bool)
        spoken: torch.Tensor = self.mel_decoder(e_lat, self.project_timbre(timbre), frame_mask)
        return spoken

    def project_timbre(self, timbre: torch.Tensor) -> torch.Tensor:
        """e_tim (batch, timbre) of the first timbre_size values of (batch, values)."""
        e_tim: torch.Tensor = self.timbre_projection(timbre[:, : self.config.timbre_size])
        return e_tim

    def match_prompt(
        self, mel: torch.Tensor, timbre: torch.Tensor, energy_gain: float = 1.0
    ) -> torch.Tensor:
        """Move a spoken mel towards the prompt: by the voice's spectral map, else to its moments.

        Args:
            mel: (1, mels, frames), natural-log mel.
            timbre: (1, voice_size) from `clone`, or its first timbre_size values.
            energy_gain: Factor of the energy contour, which moments do not know of.

        Returns:
            The shape of mel; unchanged if the voice has neither.
        """
        size = self.config.timbre_size
        if timbre.shape[1] > size:
            return apply_spectral_map(mel, timbre[:, size:])
        if not self.config.mel_decoder.prompt_moments:
            return mel
        moments = timbre[:, self.config.timbre_encoder.embedding :]
        return match_moments(mel, moments, energy_gain)

    def forward(  # noqa: PLR0913, PLR0917 (the controls of the engine, one each)
        self,
        phones: torch.Tensor,
        stresses: torch.Tensor,
        boundaries: torch.Tensor,
        timbre: torch.Tensor,
        e_sty: torch.Tensor,
        latent_noise: torch.Tensor,
        speed: float = 1.0,
        pitch_semitones: float = 0.0,
        energy_gain: float = 1.0,
        seed: int = 0,
    ) -> Speech:
        """Speak one sentence; the vocoder's noise is drawn from the seed.

        Args:
            phones: (1, tokens) int64.
            stresses: (1, tokens) int64.
            boundaries: (1, tokens) int64.
            timbre: (1, voice_size) from `clone`.
            e_sty: (1, style frames, hidden) from `clone`.
            latent_noise: (1, tokens, latent), standard normal times the temperature.
            speed: Above 1 is faster.
            pitch_semitones: Added to the melody.
            energy_gain: Factor of the energy contour.
            seed: Of the vocoder's noise.

        Returns:
            Samples, mel, durations and F0.
        """
        mask = torch.ones_like(phones, dtype=torch.bool)
        e_ling = self.linguistic_encoder(phones, stresses, boundaries, mask)
        e_mel = self.vp_flow.inverse(latent_noise, e_ling, mask)
        e_con = e_ling + self.fusion(e_mel)  # (1, tokens, hidden)
        e_lat, durations, f0, _ = self.variation_adapter(
            e_con, e_sty, speed, pitch_semitones, energy_gain
        )
        e_tim = self.project_timbre(timbre)
        frame_mask = torch.ones(e_lat.shape[:2], dtype=torch.bool, device=e_lat.device)
        mel = self.mel_decoder(e_lat, e_tim, frame_mask)
        mel = self.match_prompt(mel, timbre, energy_gain)
        generator = torch.Generator().manual_seed(seed)
        count = num_samples(mel.shape[2], self.config.audio)
        noise = torch.randn(1, count, generator=generator).to(mel.device)
        return Speech(self.vocode(mel, f0, noise), mel, durations, f0)

    def vocode(self, mel: torch.Tensor, f0: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        """Make samples of a spoken mel, and move their spectrum to it where the config asks for that.

        Args:
            mel: (1, mels, frames), natural-log mel.
            f0: (1, frames) in Hz, 0 where unvoiced.
            noise: (1, samples), standard normal.

        Returns:
            (1, samples) in [-1, 1].
        """
        audio = self.config.audio
        samples: torch.Tensor = self.vocoder(mel, f0, integrate_phase(f0, audio), noise)
        return correct_mel(samples, mel, self.config.vocoder.mel_correction, audio)
