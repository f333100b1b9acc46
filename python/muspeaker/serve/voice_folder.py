"""The voices that a server offers: the built-in ones, and those in a folder of the user's."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from muspeaker.voice import DEFAULT_NAME, SUFFIX, VOICES_FOLDER, Voice, check_name

_LOGGER = logging.getLogger(__name__)


def usual_folder() -> Path | None:
    """Folder in which `muspeaker serve` keeps its voices; None if it does not exist yet."""
    folder = default_data_folder()
    return folder if folder.is_dir() else None


class VoiceFolder:
    """Voices by name, read again when their files change, so that a new one needs no restart.

    A voice is found by the stem of its file, or by the name stored in it. A user's file hides a built-in
    voice of the same name. Files that cannot be read, or that another model made, are skipped, with one
    warning each in the log.

    Args:
        fingerprint: Fingerprint of the model that is to speak.
        folder: Folder that is searched, sub-folders included; None offers the built-in voices only.
        default: Name of the voice for requests that name none; None takes the built-in default, or the
            first voice.

    Raises:
        NotADirectoryError: If the folder does not exist.
        ValueError: If there is no voice for this model, or none of the default's name.
    """

    def __init__(
        self, fingerprint: str, folder: Path | None = None, *, default: str | None = None
    ) -> None:
        if folder is not None and not folder.is_dir():
            raise NotADirectoryError(f"voice folder {str(folder)!r} does not exist")
        self._fingerprint = fingerprint
        self._folder = folder
        self._lock = threading.Lock()
        self._read: dict[Path, tuple[tuple[int, int], Voice | None]] = {}
        self._default = default
        if not self.voices():
            raise ValueError(
                f"no voice of model {fingerprint!r}: clone one into the voice folder first"
            )
        if default is not None:
            self.get(default)

    def voices(self) -> dict[str, Voice]:
        """Every voice by its name: the default first, then in alphabetical order."""
        with self._lock:
            paths = sorted(VOICES_FOLDER.glob(f"*{SUFFIX}"))
            if self._folder is not None:
                paths += sorted(self._folder.rglob(f"*{SUFFIX}"))
            found: dict[str, Voice] = {}
            for path in paths:
                voice = self._load(path)
                if voice is not None:
                    found[path.stem] = voice
        first = self._default if self._default is not None else DEFAULT_NAME
        return {name: found[name] for name in sorted(found, key=lambda name: (name != first, name))}

    def get(self, name: str | None = None) -> Voice:
        """The voice with a name, or the default.

        Raises:
            ValueError: If there is none of that name.
        """
        voices = self.voices()
        if name is None and voices:
            return next(iter(voices.values()))
        if name not in voices:
            for voice in voices.values():
                if voice.name == name:
                    return voice
            known = ", ".join(voices) or "none"
            raise ValueError(f"unknown voice {name!r}: expected one of {known}")
        return voices[name]

    def _load(self, path: Path) -> Voice | None:
        """The voice in a file; read again only if the file has changed."""
        stamp = (0, 0)
        known = self._read.get(path)
        try:
            status = path.stat()
            stamp = (status.st_mtime_ns, status.st_size)
            if known is not None and known[0] == stamp:
                return known[1]
            check_name(path)
            voice: Voice | None = Voice.load(path)
        except (OSError, ValueError, TypeError) as error:
            if known is None or known[0] != stamp:  # one warning for each state of the file
                _LOGGER.warning("voice skipped: %s", error)
            self._read[path] = (stamp, None)
            return None
        if voice is not None and voice.fingerprint != self._fingerprint:
            _LOGGER.warning("voice skipped: %s is of model %s", path, voice.fingerprint)
            voice = None
        self._read[path] = (stamp, voice)
        return voice


def default_data_folder() -> Path:
    """Folder for the data of a user's programs, such as ~/.local/share/muspeaker."""
    import platformdirs  # noqa: PLC0415 (comes with the extras that serve; the defaults need none)

    return Path(platformdirs.user_data_dir("muspeaker", appauthor=False))
