"""What is kept of a prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import torch


class Voice(NamedTuple):
    """A cloned speaker.

    Attributes:
        vector: (1, voice_size): the speaker embedding, of length sqrt(embedding), and, where the
            config has them, the moments of the prompt's mel and its spectral map.
        style: (1, style frames, hidden of the style encoder), e_sty.
        changes: What the mel decoder has learnt, added to its parameters; None for nothing.
    """

    vector: torch.Tensor
    style: torch.Tensor
    changes: dict[str, torch.Tensor] | None = None
