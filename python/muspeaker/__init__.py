"""Zero-shot text to speech that runs on small CPUs: a text and a voice go in, speech comes out."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from muspeaker._core import ModelFileError
    from muspeaker.loading import load
    from muspeaker.options import SynthesisOptions
    from muspeaker.quick import say
    from muspeaker.reading import SpokenWord, Utterance, read
    from muspeaker.sound.audio import Audio
    from muspeaker.sound.prompt import PromptWarning
    from muspeaker.sound.span import Span
    from muspeaker.sound.watermark import Detection, detect
    from muspeaker.stream import SpeechStream
    from muspeaker.text.passages import ReadingWarning
    from muspeaker.tts import Synthesizer
    from muspeaker.voice import Voice

__all__ = [
    "Audio",
    "Detection",
    "ModelFileError",
    "PromptWarning",
    "ReadingWarning",
    "Span",
    "SpeechStream",
    "SpokenWord",
    "SynthesisOptions",
    "Synthesizer",
    "Utterance",
    "Voice",
    "detect",
    "load",
    "read",
    "say",
]

_HOMES = {
    "Audio": "sound.audio",
    "Detection": "sound.watermark",
    "ModelFileError": "_core",
    "PromptWarning": "sound.prompt",
    "ReadingWarning": "text.passages",
    "Span": "sound.span",
    "SpeechStream": "stream",
    "SpokenWord": "reading",
    "SynthesisOptions": "options",
    "Synthesizer": "tts",
    "Utterance": "reading",
    "Voice": "voice",
    "detect": "sound.watermark",
    "load": "loading",
    "read": "reading",
    "say": "quick",
}

__version__: str


def _require_processor() -> None:
    """Refuse in one line an installation whose NumPy would die of an illegal instruction.

    Raises:
        ImportError: If NumPy's wheel asks for more than this processor has.
    """
    try:
        from muspeaker._core import has_x86_64_v2  # noqa: PLC0415 (training needs no engine)

        if has_x86_64_v2() or "numpy" in sys.modules:
            return
        from importlib import metadata  # noqa: PLC0415 (on processors from before 2009 alone)

        version = metadata.version("numpy")
    except ImportError:  # no engine, or a program that was frozen without metadata
        return
    if tuple(int(part) for part in version.split(".")[:2]) >= (2, 4):
        raise ImportError(
            f"this processor has no SSE4.2, which NumPy {version} needs: pip install 'numpy<2.4'"
        )


_require_processor()


def _version() -> str:
    from importlib import metadata  # noqa: PLC0415 (speaking needs none of it)

    try:
        return metadata.version("muspeaker")
    except metadata.PackageNotFoundError:  # a source tree that is not installed
        return "0+unknown"


def __getattr__(name: str) -> Any:
    """Import a public name on first use, so that training needs no engine."""
    if name == "__version__":
        return _version()
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
