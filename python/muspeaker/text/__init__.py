"""Text to ids: normalise, split into sentences, phonemise, map onto the model's symbols."""

from __future__ import annotations
