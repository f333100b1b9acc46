"""What a server is told when it starts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from muspeaker.serve.voice_folder import default_data_folder
from muspeaker.threads import available_cores
from muspeaker.voice import DEFAULT_NAME

if TYPE_CHECKING:
    from pathlib import Path

MAX_INPUT_CHARACTERS = 4096  # of the OpenAI API
MAX_UPLOAD_BYTES = 10 * 1024 * 1024  # of the OpenAI API


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a server is told when it starts.

    Attributes:
        data_folder: Holds the voices; made when missing.
        default_voice: Name or identifier of the voice for those who ask for one of OpenAI's.
        token: Every request but /health must carry it; None asks for none.
        max_characters: Longest `input`.
        max_upload_bytes: Largest body of an upload.
        max_running: Requests that are spoken at the same time, in turns.
        max_waiting: Requests that may wait for one of these to end; the next gets 429.
        max_voices: Voices kept.
        workers: Threads that speak and encode; each may have further ones of the model's.
        stall_seconds: How long a client may read nothing before it is let go, and a body may take.

    Raises:
        ValueError: If a number is not positive, or the token is empty.
    """

    data_folder: Path = field(default_factory=default_data_folder)
    default_voice: str = DEFAULT_NAME
    token: str | None = field(default=None, repr=False)
    max_characters: int = MAX_INPUT_CHARACTERS
    max_upload_bytes: int = MAX_UPLOAD_BYTES
    max_running: int = 8
    max_waiting: int = 32
    max_voices: int = 1000
    workers: int = field(default_factory=available_cores)
    stall_seconds: float = 60.0

    def __post_init__(self) -> None:
        if self.token is not None and not self.token.strip():
            raise ValueError("token is empty: give one, or none at all")
        for name in ("max_characters", "max_upload_bytes", "max_running", "max_voices", "workers"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.max_waiting < 0 or not self.stall_seconds > 0:
            raise ValueError("max_waiting must be at least 0 and stall_seconds positive")
