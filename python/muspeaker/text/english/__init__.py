"""English words to phones: lexicon, part of speech, endings, weak forms, unknown words."""

from __future__ import annotations
