"""Samples of a mel, to be listened to: by the vocoder if one is trained, else roughly by Griffin and Lim."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch

from muspeaker.train.loop.checkpoint import config_of, load_checkpoint
from muspeaker.twin.model.vocoder import Vocoder, make_vocoder

if TYPE_CHECKING:
    from pathlib import Path

    from muspeaker.config import AudioConfig

log = logging.getLogger(__name__)
ITERATIONS = 16


class Renderer:
    """Turns mels into samples.

    Args:
        path: Checkpoint of a vocoder; need not exist.
        audio: The frame clock of the mels.
        device: Where to compute.

    Raises:
        ValueError: If the vocoder has another frame clock or another mel.
    """

    def __init__(self, path: Path, audio: AudioConfig, device: torch.device) -> None:
        self._device = device
        self._audio = audio
        self._vocoder: Vocoder | None = None
        if path.exists():
            state = load_checkpoint(path)
            config = config_of(state)
            if config.audio != audio:
                raise ValueError(f"{path} is of {config.audio}, expected {audio}")
            self._vocoder = make_vocoder(config.vocoder, config.audio).eval().to(device)
            self._vocoder.load_state_dict(state["ema"])
        else:
            log.info("%s is not there: samples by Griffin and Lim's method", path)

    @torch.no_grad()
    def render(self, mel: torch.Tensor, f0: torch.Tensor) -> npt.NDArray[np.float32]:
        """The samples of one mel.

        Args:
            mel: (mels, frames), natural log.
            f0: (frames,) in Hz, 0 where unvoiced.

        Returns:
            (samples,) float32.
        """
        if self._vocoder is None:
            return griffin_lim(mel.cpu().numpy(), self._audio)
        f0 = f0.unsqueeze(0)
        phase = self._vocoder.integrate_phase(f0)
        noise = torch.randn(phase.shape, generator=torch.Generator().manual_seed(0))
        samples = self._vocoder(mel.unsqueeze(0), f0, phase, noise.to(self._device))
        return samples[0].float().cpu().numpy()


def griffin_lim(mel: npt.NDArray[np.float32], audio: AudioConfig) -> npt.NDArray[np.float32]:
    """(samples,) of a (mels, frames) log-mel. Source: Perraudin et al. 2013, as librosa has it."""
    import librosa  # noqa: PLC0415  (two seconds)

    filters = librosa.filters.mel(
        sr=audio.sample_rate, n_fft=audio.fft_samples, n_mels=audio.num_mels,
        fmin=audio.mel_low_hz, fmax=audio.mel_high_hz,
    )  # fmt: skip
    magnitude = np.maximum(np.linalg.pinv(filters) @ np.exp(mel), 1e-5)
    samples: npt.NDArray[np.float32] = librosa.griffinlim(
        magnitude, n_iter=ITERATIONS, hop_length=audio.hop_samples,
        win_length=audio.window_samples, random_state=0,
    )  # fmt: skip
    return samples
