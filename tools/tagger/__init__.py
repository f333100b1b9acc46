"""How the part-of-speech tagger is trained."""

from __future__ import annotations
