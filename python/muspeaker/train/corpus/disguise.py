"""Speech in the statistics of another voice: what was said stays, sharp in every frame, and who said it does not.

A pair by the teacher hides the voice too, but has only the detail that the teacher speaks, and a student that hears no
detail learns to speak none.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from muspeaker.twin.dsp.mel import mel_edges_hz
from muspeaker.twin.dsp.mel_moments import speech_frames
from muspeaker.twin.dsp.spectral_map import cepstral_covariance, cosines, transport

if TYPE_CHECKING:
    from muspeaker.config import AudioConfig

LENGTHS = 0.1  # standard deviation of the logarithm of a vocal tract's length over another's


def disguise(
    mel: torch.Tensor, other: torch.Tensor, factor: float, audio: AudioConfig
) -> torch.Tensor:
    """Give a mel the mean spectrum of another, and the covariance of its cepstra.

    Formants are moved first, since no statistics of one sentence hide where all of them lie.

    Source: the transport of `fit_spectral_map`; formants as Jaitly and Hinton 2013 (VTLP) move them.

    Args:
        mel: (mels, frames), natural-log mel of speech.
        other: The same of anybody else, of any length.
        factor: What all frequencies of `mel` are multiplied by.
        audio: Where the bands lie.

    Returns:
        The shape of mel, float32.
    """
    moved = move_formants(mel, factor, audio).double()
    rows = cosines(len(mel), len(mel), mel.device)
    means, covariances = [], []
    for x in (moved, other.double()):
        spoken = x[:, speech_frames(x.unsqueeze(0))[0]]
        means.append(spoken.mean(1, keepdim=True))
        covariances.append(cepstral_covariance(rows @ (spoken - means[-1])))
    turned = rows.T @ (transport(*covariances) @ (rows @ (moved - means[0])))
    return (means[1] + turned).clamp(min=math.log(audio.mel_floor)).float()


def move_formants(mel: torch.Tensor, factor: float, audio: AudioConfig) -> torch.Tensor:
    """(mels, frames) as if every frequency had been multiplied by `factor`; the last band fills what is beyond."""
    peaks = mel_edges_hz(audio)[1:-1].to(mel)
    wanted = (peaks / factor).clamp(peaks[0], peaks[-1])
    band = torch.searchsorted(peaks, wanted, right=True).clamp(1, len(peaks) - 1) - 1
    way = ((wanted - peaks[band]) / (peaks[band + 1] - peaks[band])).unsqueeze(1)
    return mel[band] * (1 - way) + mel[band + 1] * way
