"""What is taken for a voice: a Voice, a name, a blend of names, a voice file, a recording to clone."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from muspeaker.options import STYLES
from muspeaker.sound.recording import KINDS, RecordingLike, read_bytes
from muspeaker.voice import DEFAULT_NAME, MAGIC, SUFFIX, Voice, is_voice_file, shipped_voice

if TYPE_CHECKING:
    from collections.abc import Callable

# Where a voice is asked for. A str is a name, a blend of names such as "anna(2)+bert(1)", or a path.
VoiceLike: TypeAlias = Voice | RecordingLike

_PART = re.compile(r"\s*(?P<name>[^()+]+?)\s*(?:\(\s*(?P<weight>\d+(?:\.\d*)?|\.\d+)\s*\))?\s*")


def find_voice(
    given: object,
    fingerprint: str,
    clone: Callable[..., Voice],
    role: str = "voice",
) -> Voice:
    """The voice that is meant.

    Args:
        given: A `VoiceLike`; None is the voice that ships.
        fingerprint: Fingerprint of the model that is to speak.
        clone: Makes a voice of a recording: `Synthesizer.clone`.
        role: What the voice is for, for messages.

    Raises:
        FileNotFoundError: If it is a name or path that does not exist.
        TypeError: If it is of another type.
        ValueError: If it is a damaged file, or a built-in voice of another model.
    """
    if isinstance(given, Voice):
        return given
    if given is None or (isinstance(given, str) and _is_name(given)):
        return _named(given, fingerprint, clone, role)
    if isinstance(given, (str, os.PathLike)):
        path = Path(os.fspath(given))
        return Voice.load(path) if path.suffix == SUFFIX or is_voice_file(path) else clone(given)
    name = getattr(given, "name", None)
    if hasattr(given, "read"):
        given = read_bytes(given, role)
    if isinstance(given, (bytes, bytearray, memoryview)):
        if bytes(given[: len(MAGIC)]) == MAGIC:
            return Voice.from_bytes(bytes(given))
        return clone(given, name=Path(name).stem if isinstance(name, str) else None)
    if hasattr(given, "sample_rate") or isinstance(given, (tuple, list)):
        return clone(given)
    raise TypeError(
        f"{role} must be a Voice, a name, a voice file or a recording ({KINDS}), "
        f"got {type(given).__name__}"
    )


def builtin_voices(fingerprint: str) -> dict[str, Voice]:
    """The voices that ship with the package and are of a model, by name; the default first."""
    found = {name: Voice.builtin(name) for name in Voice.builtin_names()}
    names = sorted(found, key=lambda name: (name != DEFAULT_NAME, name))
    return {name: found[name] for name in names if found[name].fingerprint == fingerprint}


def parse_blend(text: str) -> dict[str, float] | None:
    """Names with their weights, as in `anna(2)+bert(1)`; a name without one has 1.

    Returns:
        None if the text is no blend of two or more names, or of one with a weight.

    Raises:
        ValueError: If a weight is 0.
    """
    if "+" not in text and not text.rstrip().endswith(")"):
        return None
    weights: dict[str, float] = {}
    for part in text.split("+"):
        match = _PART.fullmatch(part)
        if match is None:
            return None
        weight = float(match["weight"] or 1)
        if weight <= 0:
            raise ValueError(f"weight of {match['name']!r} must be positive, got {weight:g}")
        weights[match["name"]] = weights.get(match["name"], 0.0) + weight
    return weights


def blended(weights: dict[str, float], find: Callable[[str], Voice], name: str) -> Voice:
    """The mix of voices that are found by their names."""
    voices: dict[Voice, float] = {}
    for part, weight in weights.items():
        voices[find(part)] = weight
    return Voice.mix(voices, name=name)


def _is_name(text: str) -> bool:
    """Whether a text is no path of a file; a folder may have the name of a built-in voice."""
    try:
        path = Path(text)
        return not path.exists() or (text in Voice.builtin_names() and not path.is_file())
    except (OSError, ValueError):  # too long, or with characters that no path has
        return True


def _named(name: Any, fingerprint: str, clone: Callable[..., Voice], role: str) -> Voice:
    """A built-in voice or a blend of some; None is the default."""
    wanted = DEFAULT_NAME if name is None else name
    if wanted in Voice.builtin_names():
        voice = shipped_voice(wanted)
        if voice.fingerprint == fingerprint:
            return voice
        raise ValueError(
            f"the built-in voice {wanted!r} is of model {voice.fingerprint}, this is {fingerprint}: "
            "clone a voice with this model, and give it or its recording as voice"
        )
    weights = None if name is None else parse_blend(wanted)
    if weights is not None:
        return blended(weights, lambda part: find_voice(part, fingerprint, clone, role), wanted)
    if name is not None and "://" in wanted:
        raise ValueError(f"{role} {wanted!r} is a URL: download it first, and give the file")
    names = ", ".join(Voice.builtin_names()) or "none ships"
    styles = f"{', '.join(STYLES)}, " if role == "style" else ""
    raise FileNotFoundError(
        f"no {role} {wanted[:100]!r}: expected {styles}a {SUFFIX} file, a recording, or a built-in voice ({names})"
    )


def are_voices(given: object) -> bool:
    """Whether this is a list of voices, and no recording as samples and rate."""
    if not isinstance(given, (list, tuple)):
        return False
    return not (len(given) == 2 and any(isinstance(each, (int, float)) for each in given))
