"""A plugin that hides espeak-ng and all that needs it, as if it were not installed.

python -m pytest -p tests.without_espeak tests/python/test_reading.py
"""

from __future__ import annotations

import sys

HIDDEN = ("espeakng_loader", "phonemizer", "piper")

for _name in HIDDEN:
    sys.modules[_name] = None  # type: ignore[assignment]  # an import of it is an error then
