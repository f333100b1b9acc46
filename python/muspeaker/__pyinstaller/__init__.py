"""What PyInstaller has to know of this package; it finds this by an entry point."""

from __future__ import annotations

from pathlib import Path


def get_hook_dirs() -> list[str]:
    """Folders with hooks, as PyInstaller's entry point `hook-dirs` asks for them."""
    return [str(Path(__file__).parent)]
