"""A recording to its mel, melody and the durations of its phones."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from muspeaker.twin.dsp.best_path import best_path, merge_pauses, states_of
from muspeaker.twin.dsp.cepstra import cepstral_features
from muspeaker.twin.dsp.mel import log_energy, log_mel
from muspeaker.twin.dsp.normalized_mel import normalized_mel

if TYPE_CHECKING:
    from muspeaker.twin.model.muspeaker import MuSpeaker


class Recording(NamedTuple):
    """The measurements of a recording.

    Attributes:
        mel: (1, mels, frames), natural log.
        f0: (1, frames) in Hz, 0 where unvoiced.
        energy: (1, frames), normalised log-energy.
        durations: (1, tokens) int64, frames; no tokens where the text is not known.
    """

    mel: torch.Tensor
    f0: torch.Tensor
    energy: torch.Tensor
    durations: torch.Tensor


class Listener:
    """Measures recordings and aligns their text. F0 is given: the pitch tracker has no twin.

    Args:
        model: The network, in evaluation mode.
    """

    def __init__(self, model: MuSpeaker) -> None:
        self._model = model

    def hear(self, samples: torch.Tensor, f0: torch.Tensor, phones: torch.Tensor) -> Recording:
        """Measure a recording whose text is known.

        Args:
            samples: (1, samples) in [-1, 1] at the model's rate.
            f0: (1, frames) in Hz, 0 where unvoiced.
            phones: (1, tokens) int64; no more than frames.

        Raises:
            ValueError: If the model has neither a phone classifier nor an aligner.
        """
        recording = self.measure(samples, f0)
        return recording._replace(durations=self.align(recording.mel, phones))

    def measure(self, samples: torch.Tensor, f0: torch.Tensor) -> Recording:
        """The same without durations, for a recording whose text is not known."""
        audio, scales = self._model.config.audio, self._model.config.variation_adapter
        energy = log_energy(samples, audio)
        return Recording(
            log_mel(samples, audio),
            f0,
            (energy - scales.log_energy_mean) / scales.log_energy_std,
            torch.zeros(1, 0, dtype=torch.long, device=samples.device),
        )

    def phone_logits(self, mel: torch.Tensor) -> torch.Tensor:
        """Classify every frame.

        Args:
            mel: (1, mels, frames), natural log.

        Returns:
            (frames, phones), log-probabilities up to a constant for each frame.

        Raises:
            ValueError: If the model has no phone classifier.
        """
        if self._model.phone_classifier is None:
            raise ValueError("this model has no phone classifier")
        x = torch.from_numpy(normalized_mel(mel[0].T.cpu().numpy())).to(mel.device)
        logits: torch.Tensor = self._model.phone_classifier(x.unsqueeze(0))[0]
        return logits

    def phone_scores(self, mel: torch.Tensor) -> torch.Tensor:
        """(frames, phones) of `PhoneClassifier.phone_scores`; takes and raises as phone_logits."""
        logits = self.phone_logits(mel)
        assert self._model.phone_classifier
        return self._model.phone_classifier.phone_scores(logits)

    def align(self, mel: torch.Tensor, phones: torch.Tensor) -> torch.Tensor:
        """Align phones by the phone classifier, or by the aligner if there is no classifier.

        Args:
            mel: (1, mels, frames), natural log.
            phones: (1, tokens) int64; no more than frames.

        Returns:
            Durations, (1, tokens) int64, frames.

        Raises:
            ValueError: If the model has neither.
        """
        config = self._model.config
        sizes = config.phone_classifier or config.aligner
        if sizes is None:
            raise ValueError(
                "this model has no phone classifier and no aligner, "
                "one of which voice conversion needs"
            )
        ids = phones[0].cpu().numpy().astype(np.int32)
        states = states_of(ids, mel.shape[2], sizes.num_pauses)
        merged = torch.from_numpy(merge_pauses(ids, sizes.num_pauses)).to(mel.device)
        scores = (  # (frames, tokens)
            self.phone_scores(mel)[:, merged]
            if config.phone_classifier
            else self._aligner_scores(mel, merged)
        )
        durations = best_path(scores.cpu().numpy(), states)
        return torch.from_numpy(durations).unsqueeze(0).to(mel.device)

    def _aligner_scores(self, mel: torch.Tensor, phones: torch.Tensor) -> torch.Tensor:
        """(frames, tokens) of (tokens,) phones, by the hidden Markov model."""
        aligner, sizes = self._model.aligner, self._model.config.aligner
        assert aligner
        assert sizes
        features = torch.from_numpy(cepstral_features(mel[0].cpu().numpy(), sizes.num_cepstra))
        scores: torch.Tensor = aligner(features.unsqueeze(0).to(mel.device), phones.unsqueeze(0))[0]
        return scores


def register_factor(source_f0: torch.Tensor, target_f0: torch.Tensor) -> float:
    """The factor that brings one voice's F0 to another's register.

    Args:
        source_f0: (frames,) in Hz, 0 where unvoiced.
        target_f0: The same of the other voice, over the same content.

    Returns:
        The ratio of their geometric means over the frames that are voiced in both; 1 if none is.
    """
    both = (source_f0 > 0) & (target_f0 > 0)
    if not bool(both.any()):
        return 1.0
    return math.exp(float((target_f0[both].double() / source_f0[both]).log().mean()))
