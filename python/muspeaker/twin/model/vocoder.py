"""The seam of every vocoder: mel and F0 in, samples out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from torch import nn

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

    from muspeaker.config import AudioConfig, VocoderConfig


class Vocoder(nn.Module, ABC):
    """A network that speaks a mel. Its subclasses differ in layers, not in what goes in and out.

    Attributes:
        reach_frames: Mel frames, to either side, that one frame of samples can depend on.
        samples_a_frame: Samples that each mel frame becomes.
        edge_frames: Frames at either end of a cut whose samples lack what lies beyond it.
    """

    reach_frames: int
    samples_a_frame: int
    edge_frames: int = 0

    @abstractmethod
    def integrate_phase(self, f0: torch.Tensor) -> torch.Tensor:
        """The phase that this vocoder wants for a melody.

        Args:
            f0: (batch, frames) in Hz, 0 where unvoiced.

        Returns:
            (batch, samples) float32 in cycles, in [0, 1].
        """

    def check_inputs(
        self, mel: torch.Tensor, f0: torch.Tensor, phase: torch.Tensor, noise: torch.Tensor
    ) -> None:
        """Refuse inputs of `forward` that do not fit each other.

        Raises:
            ValueError: If F0 is not of the mel's frames, or phase or noise not of their samples.
        """
        frames = mel.shape[-1]
        samples = frames * self.samples_a_frame
        if f0.shape[-1] != frames:
            raise ValueError(f"the vocoder needs {frames} frames of F0, got {f0.shape[-1]}")
        if phase.shape[-1] != samples or noise.shape[-1] != samples:
            raise ValueError(
                f"the vocoder needs {samples} samples of phase and noise, got "
                f"{phase.shape[-1]} and {noise.shape[-1]}"
            )

    @abstractmethod
    def forward(
        self, mel: torch.Tensor, f0: torch.Tensor, phase: torch.Tensor, noise: torch.Tensor
    ) -> torch.Tensor:
        """Speak.

        Args:
            mel: (batch, mels, frames), natural-log mel.
            f0: (batch, frames) in Hz, 0 where unvoiced.
            phase: (batch, samples) of the fundamental, in cycles.
            noise: (batch, samples), standard normal.

        Returns:
            (batch, samples), about -1 to 1, `samples_a_frame` for each frame.
        """


def make_vocoder(config: VocoderConfig, audio: AudioConfig) -> Vocoder:
    """The vocoder that a config names.

    Args:
        config: Kind and sizes.
        audio: Sample rate, hop and number of mel bands.

    Raises:
        ValueError: If there is no vocoder of this kind, or the sizes do not fit each other.
    """
    # Here, because each of them is a Vocoder.
    from muspeaker.twin.model.nsf_hifigan import NsfHifigan  # noqa: PLC0415
    from muspeaker.twin.model.spectral_vocoder import SpectralVocoder  # noqa: PLC0415

    kinds: dict[str, Callable[[VocoderConfig, AudioConfig], Vocoder]] = {
        "nsf_hifigan": NsfHifigan,
        "spectral": SpectralVocoder,
    }
    if config.kind not in kinds:
        raise ValueError(f"vocoder kind is {config.kind}, expected {' or '.join(kinds)}")
    return kinds[config.kind](config, audio)
