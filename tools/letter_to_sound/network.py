"""The network: the linguistic encoder's blocks over letters, then one chunk of phones for each letter."""

from __future__ import annotations

import torch
from torch import nn

from muspeaker.config import LinguisticEncoderConfig
from muspeaker.twin.model.linguistic_encoder import LinguisticEncoder
from tools.letter_to_sound.words import LETTERS

CONFIG = LinguisticEncoderConfig(
    num_phones=len(LETTERS),
    num_stresses=2,
    num_boundaries=1,
    hidden=96,
    num_layers=4,
    num_heads=2,
    ffn_hidden=160,
    ffn_kernel=3,
    relative_window=12,
)


class LetterNetwork(nn.Module):
    """Letters to chunks of phones.

    The linguistic encoder reads letters where it else reads phones, and the accent where it else reads stress, so
    that the engine has every layer of it already.

    Args:
        num_chunks: Size of the vocabulary of chunks.
    """

    def __init__(self, num_chunks: int) -> None:
        super().__init__()
        self.encoder = LinguisticEncoder(CONFIG)
        self.output = nn.Linear(CONFIG.hidden, num_chunks)

    def forward(
        self, letters: torch.Tensor, accents: torch.Tensor, mask: torch.Tensor
    ) -> torch.Tensor:
        """Score the chunks.

        Args:
            letters: (batch, letters) int64, `^` at both ends.
            accents: (batch,) int64.
            mask: (batch, letters) bool, true where there is a letter.

        Returns:
            (batch, letters, chunks), unnormalised.
        """
        accent = accents.unsqueeze(1).expand_as(letters)
        x = self.encoder(letters, accent, torch.zeros_like(letters), mask)
        return self.output(x)
