"""A plugin that hides espeak-ng and all that needs it, as if it were not installed.

python -m pytest -p tests.without_espeak tests/python/test_reading.py
"""

from __future__ import annotations

import sys

import pytest

HIDDEN = ("espeakng_loader", "phonemizer", "piper")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    """Hide them before anything is collected; importing this module hides nothing."""
    for name in HIDDEN:
        sys.modules[name] = None  # type: ignore[assignment]  # an import of it is an error then
