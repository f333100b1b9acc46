"""Tokens and a voice, or a recording and another voice, to samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from muspeaker.twin.dsp.mel import num_samples
from muspeaker.twin.dsp.mel_correction import correct_levels
from muspeaker.twin.dsp.mel_loudness import level_mel
from muspeaker.twin.dsp.watermark import Watermark
from muspeaker.twin.engine.acoustic_pass import OWN, AcousticPass, Melody
from muspeaker.twin.engine.cloner import Cloner
from muspeaker.twin.engine.delivery import make_delivery
from muspeaker.twin.engine.edges import shorten_edges
from muspeaker.twin.engine.editor import Edit, Editor
from muspeaker.twin.engine.listener import Listener, Recording, register_factor
from muspeaker.twin.model.variation_adapter import PLAIN, SEMITONES, VariationOptions

if TYPE_CHECKING:
    import torch

    from muspeaker.twin.engine.noise import Noise, NoiseAt
    from muspeaker.twin.engine.voice import Voice
    from muspeaker.twin.model.linguistic_encoder import TokenIds
    from muspeaker.twin.model.muspeaker import MuSpeaker


class Speech(NamedTuple):
    """One spoken utterance and what was decided on the way.

    Attributes:
        samples: (1, samples) in [-1, 1].
        durations: (1, tokens) int64, frames.
        f0: (1, frames) in Hz, 0 where unvoiced.
        energy: (1, frames), normalised log-energy.
        mel: (1, mels, frames), natural log.
    """

    samples: torch.Tensor
    durations: torch.Tensor
    f0: torch.Tensor
    energy: torch.Tensor
    mel: torch.Tensor


class Synthesizer:
    """A model that speaks.

    Args:
        model: The network, in evaluation mode.
    """

    def __init__(self, model: MuSpeaker) -> None:
        self._model = model
        self._acoustic_pass = AcousticPass(model)
        self._listener = Listener(model)
        self._cloner = Cloner(model, self._listener, self._acoustic_pass)
        self._editor = Editor(self._acoustic_pass)

    def clone(
        self,
        prompt: Recording,
        fbank: torch.Tensor,
        *,
        plain: bool = False,
        refining_steps: int = 0,
    ) -> Voice:
        """See `Cloner.clone`."""
        return self._cloner.clone(prompt, fbank, plain=plain, refining_steps=refining_steps)

    def synthesize(
        self,
        ids: TokenIds,
        voice: Voice,
        noise: Noise,
        options: VariationOptions = PLAIN,
        variation: float = 0.0,
    ) -> Speech:
        """Speak one utterance.

        Args:
            ids: One utterance.
            voice: The voice to speak in.
            noise: Noise of the content and of the vocoder.
            options: What to change about the delivery.
            variation: How far the noise's delivery changes rhythm and melody.
        """
        delivery = OWN if noise.delivery is None else make_delivery(noise.delivery, variation)
        e_con = self._acoustic_pass.encode(ids, noise.latent)
        durations = self._acoustic_pass.predict_durations(e_con, voice, options, delivery)
        melody = self._acoustic_pass.shape_melody(e_con, durations, voice, options, delivery)
        mel = self._decode(e_con, durations, melody, voice, options)
        edges, durations = shorten_edges(ids.boundaries, durations)
        f0, energy, mel = (x[..., slice(*edges)] for x in (*melody, mel))
        return Speech(self.vocode(mel, f0, noise.vocoder), durations, f0, energy, mel)

    def convert(
        self,
        recording: Recording,
        ids: TokenIds,
        voice: Voice,
        noise: NoiseAt,
        options: VariationOptions = PLAIN,
    ) -> Speech:
        """Say again what a recording says, with its durations and energy, in another voice.

        Source: the paper's mel encoder, whose posterior stands where the flow's sample stands in
        speaking.

        Args:
            recording: Recording from `Listener.hear`.
            ids: Its text.
            voice: The voice to speak in. The melody is the recording's, in the register that the
                voice would have by itself.
            noise: The noise of the vocoder.
            options: Pitch and energy change the recording's; the speed does nothing.
        """
        durations = recording.durations
        e_con = self._acoustic_pass.encode_recording(ids, recording.mel, durations)
        own = self._acoustic_pass.shape_melody(e_con, durations, voice)
        factor = register_factor(recording.f0[0], own.f0[0]) * 2 ** (
            options.pitch_semitones / SEMITONES
        )
        energy = self._model.variation_adapter.decide_energy(recording.energy, options)
        melody = Melody(recording.f0 * factor, energy)
        mel = self._decode(e_con, durations, melody, voice, options)
        return Speech(self.vocode(mel, melody.f0, noise), durations, *melody, mel)

    def edit(
        self,
        recording: Recording,
        recorded: TokenIds,
        edit: Edit,
        voice: Voice,
        noise: Noise,
        options: VariationOptions = PLAIN,
    ) -> Speech:
        """Say what a recording would say with another text.

        Durations, melody and mel are the recording's where the edit keeps them, and are led to and from
        these where it does not.

        Args:
            recording: Recording from `Listener.hear`.
            recorded: Its text.
            edit: What is to be heard.
            voice: The voice that speaks what is new.
            noise: Noise of the edit's content and of the vocoder.
            options: What to change about what is new.
        """
        edited = self._editor.edit(recording, recorded, edit, voice, noise.latent, options)
        samples = self.vocode(edited.mel, edited.melody.f0, noise.vocoder)
        return Speech(samples, edited.durations, *edited.melody, edited.mel)

    def _decode(
        self,
        e_con: torch.Tensor,
        durations: torch.Tensor,
        melody: Melody,
        voice: Voice,
        options: VariationOptions,
    ) -> torch.Tensor:
        mel = self._acoustic_pass.decode(e_con, durations, melody, voice.vector, voice.changes)
        mel = self._acoustic_pass.match(mel, voice, options.energy_gain)
        return level_mel(mel, self._model.config.audio, options.energy_gain)

    def vocode(
        self, mel: torch.Tensor, f0: torch.Tensor, noise: NoiseAt, watermark: int | None = None
    ) -> torch.Tensor:
        """Samples of a mel, their band levels corrected to it as far as the config asks.

        Args:
            mel: (1, mels, frames), natural log.
            f0: (1, frames) in Hz, 0 where unvoiced.
            noise: The noise of the vocoder.
            watermark: Payload of the mark; None leaves the speech unmarked.

        Returns:
            (1, samples) in [-1, 1].
        """
        audio, vocoder = self._model.config.audio, self._model.vocoder
        drawn = noise(num_samples(mel.shape[2], audio)).to(mel.device)
        samples: torch.Tensor = vocoder(mel, f0, vocoder.integrate_phase(f0), drawn)
        mark = None if watermark is None else Watermark(audio, watermark)
        return correct_levels(samples, mel, self._model.config.vocoder, audio, mark)
