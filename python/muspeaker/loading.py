"""Load a model file."""

from __future__ import annotations

import os
from pathlib import Path

from muspeaker.threads import check_threads, default_threads
from muspeaker.tts import Synthesizer

DEFAULT_MODEL = Path(__file__).parent / "models" / "lite-q8.bin"


def load(
    model: str | os.PathLike[str] | None = None, *, num_threads: int | None = None
) -> Synthesizer:
    """Load a model file: f32, f16 or q8, all through this call.

    Args:
        model: Path of the file; None is the model that ships with the package.
        num_threads: Threads of the engine, 1 to 256; None is 1 on up to two cores, else half of them.
            The samples do not depend on it.

    Raises:
        FileNotFoundError: If the file does not exist.
        ModelFileError: If it is truncated, foreign, damaged or of a newer format.
        TypeError: If an argument has another type.
        ValueError: If num_threads is out of range.
    """
    path = _model_path(model)
    if num_threads is None:
        num_threads = default_threads()
    check_threads(num_threads)
    from muspeaker import _core  # noqa: PLC0415 (the engine is loaded with the first model)

    return Synthesizer(_core.Synthesizer(str(path), num_threads), num_threads)


def _model_path(model: object) -> Path:
    if model is None:
        if not DEFAULT_MODEL.exists():
            raise FileNotFoundError(
                f"no model ships with this build: {str(DEFAULT_MODEL)!r} is missing"
            )
        return DEFAULT_MODEL
    if not isinstance(model, (str, os.PathLike)):
        raise TypeError(f"model must be a path, got {type(model).__name__}")
    path = Path(os.fspath(model))
    if not path.exists():
        raise FileNotFoundError(f"model file {str(path)!r} does not exist")
    if path.is_dir():
        raise IsADirectoryError(f"{str(path)!r} is a folder: expected a model file")
    return path
