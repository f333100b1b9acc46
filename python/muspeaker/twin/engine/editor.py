"""A recording and another text to the mel of the edited recording."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

from muspeaker.twin.dsp.infill import (
    NEW,
    frame_origins,
    infill,
    infill_f0,
    lift_to_background,
)
from muspeaker.twin.engine.acoustic_pass import Melody
from muspeaker.twin.model.variation_adapter import PLAIN, VariationOptions

if TYPE_CHECKING:
    from muspeaker.twin.engine.acoustic_pass import AcousticPass
    from muspeaker.twin.engine.listener import Recording
    from muspeaker.twin.engine.voice import Voice
    from muspeaker.twin.model.linguistic_encoder import TokenIds


class Edit(NamedTuple):
    """What is to be heard in place of a recording's text.

    Attributes:
        ids: One utterance.
        origins: (tokens,) int64, the recorded token that each is, or NEW.
    """

    ids: TokenIds
    origins: torch.Tensor


class Edited(NamedTuple):
    """The edited recording before the vocoder.

    Attributes:
        durations: (1, tokens) int64, frames.
        melody: F0 and energy of each frame.
        mel: (1, mels, frames), natural log: the recording's own, and between it what was spoken.
    """

    durations: torch.Tensor
    melody: Melody
    mel: torch.Tensor


class Editor:
    """Speaks what a recording lacks, so that it fits to what stands around it.

    Args:
        acoustic_pass: The speaking pass of the model.
    """

    def __init__(self, acoustic_pass: AcousticPass) -> None:
        self._pass = acoustic_pass

    def edit(
        self,
        recording: Recording,
        recorded: TokenIds,
        edit: Edit,
        voice: Voice,
        latent_noise: torch.Tensor,
        options: VariationOptions = PLAIN,
    ) -> Edited:
        """Say what a recording would say with another text.

        Args:
            recording: Recording from `Listener.hear`.
            recorded: Its text.
            edit: What is to be heard.
            voice: The voice that speaks what is new.
            latent_noise: (1, tokens, latent), for the text of the edit.
            options: What to change about what is new.
        """
        origins, heard = edit.origins, recording.durations
        kept, source = origins != NEW, origins.clamp(min=0)
        own = self._pass.encode_recording(recorded, recording.mel, heard)
        e_con = self._pass.encode(edit.ids, latent_noise)
        e_con = torch.where(kept.unsqueeze(-1), own[:, source], e_con)  # (1, tokens, hidden)
        durations = self._pass.predict_durations(e_con, voice, options)
        durations = torch.where(kept, heard[:, source], durations)
        frames = frame_origins(durations[0], origins, heard[0])
        melody = self._pass.shape_melody(e_con, durations, voice, options)
        f0 = infill_f0(melody.f0, recording.f0, frames)
        energy = infill(melody.energy.unsqueeze(1), recording.energy.unsqueeze(1), frames)
        melody = Melody(f0, energy.squeeze(1))
        mel = self._pass.decode(e_con, durations, melody, voice.vector, voice.changes)
        mel = self._pass.match(mel, voice, options.energy_gain)
        mel = infill(mel, recording.mel, frames)
        mel = lift_to_background(mel, recording.mel, frames)
        return Edited(durations, melody, mel)
