"""How the network that reads unknown words is trained."""

from __future__ import annotations
