"""Settings of a server, with their defaults. Needs no extra."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from muspeaker.serve.voice_folder import default_data_folder
from muspeaker.threads import available_cores
from muspeaker.voice import DEFAULT_NAME

if TYPE_CHECKING:
    from pathlib import Path

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Settings of a server, with their defaults.

    Attributes:
        data_folder: Folder of the voices. It is made if it is missing.
        default_voice: Name or identifier of the voice for requests for one of OpenAI's voices.
        token: Bearer token that every request but /health must carry; None asks for none.
        max_characters: Longest `input`.
        max_upload_bytes: Largest body of an upload.
        max_running: Number of requests that are spoken at the same time, interleaved.
        max_waiting: Number of requests that may wait for one of these to end. The next is answered 429.
        max_voices: Number of voices kept.
        workers: Number of threads that speak and encode. Each may use further threads of the model.
        stall_seconds: Seconds after which a client that reads nothing is dropped, and a body must have
            arrived.

    Raises:
        ValueError: If a number is not positive, or the token is empty.
    """

    data_folder: Path = field(default_factory=default_data_folder)
    default_voice: str = DEFAULT_NAME
    token: str | None = field(default=None, repr=False)
    max_characters: int = 4096  # limit of the OpenAI API
    max_upload_bytes: int = 10 * MEBIBYTE  # limit of the OpenAI API
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
