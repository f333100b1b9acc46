"""Mels made audible: by the vocoder where one is trained, roughly by Griffin and Lim's method where not."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch

from muspeaker.config import AudioConfig
from muspeaker.train.loop.checkpoint import config_of, load_checkpoint
from muspeaker.twin.model.harmonic_source import integrate_phase
from muspeaker.twin.model.vocoder import Vocoder, make_vocoder

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger(__name__)
AUDIO = AudioConfig()
ITERATIONS = 16


class Speaker:
    """Speaks mels.

    Args:
        path: Checkpoint of a vocoder; need not exist.
        device: Where to compute.
    """

    def __init__(self, path: Path, device: torch.device) -> None:
        self._device = device
        self._vocoder: Vocoder | None = None
        if path.exists():
            state = load_checkpoint(path)
            config = config_of(state)
            self._vocoder = make_vocoder(config.vocoder, config.audio).eval().to(device)
            self._vocoder.load_state_dict(state["ema"])
        else:
            log.info("%s is not there: samples by Griffin and Lim's method", path)

    @torch.no_grad()
    def speak(self, mel: torch.Tensor, f0: torch.Tensor) -> npt.NDArray[np.float32]:
        """Samples of one utterance.

        Args:
            mel: (mels, frames), natural log.
            f0: (frames,) in Hz, 0 where unvoiced.

        Returns:
            (samples,) float32.
        """
        if self._vocoder is None:
            return griffin_lim(mel.cpu().numpy())
        f0 = f0.unsqueeze(0)
        phase = integrate_phase(f0, AUDIO)
        noise = torch.randn(phase.shape, generator=torch.Generator().manual_seed(0))
        samples = self._vocoder(mel.unsqueeze(0), f0, phase, noise.to(self._device))
        return samples[0].float().cpu().numpy()


def griffin_lim(mel: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """(samples,) of a (mels, frames) log-mel. Source: Perraudin et al. 2013, as librosa has it."""
    import librosa  # noqa: PLC0415  (two seconds)

    filters = librosa.filters.mel(
        sr=AUDIO.sample_rate, n_fft=AUDIO.fft_samples, n_mels=AUDIO.num_mels,
        fmin=AUDIO.mel_low_hz, fmax=AUDIO.mel_high_hz,
    )  # fmt: skip
    magnitude = np.maximum(np.linalg.pinv(filters) @ np.exp(mel), 1e-5)
    samples: npt.NDArray[np.float32] = librosa.griffinlim(
        magnitude, n_iter=ITERATIONS, hop_length=AUDIO.hop_samples, random_state=0
    )
    return samples
