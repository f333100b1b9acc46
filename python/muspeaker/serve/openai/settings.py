"""Settings of a server, with their defaults. Needs no extra."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from muspeaker.options import MAX_PAYLOAD
from muspeaker.serve.voice_folder import default_data_folder
from muspeaker.threads import available_cores
from muspeaker.voice import DEFAULT_NAME

if TYPE_CHECKING:
    from pathlib import Path

MEBIBYTE = 1024 * 1024
COUNTS = (
    "max_characters",
    "max_upload_bytes",
    "max_running",
    "max_voices",
    "workers",
    "max_connections",
)
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^\s/?#@*]+")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Settings of a server, with their defaults.

    Attributes:
        data_folder: Folder of the voices. It is made if it is missing.
        default_voice: Name or identifier of the voice for requests for one of OpenAI's voices.
        token: Bearer token that every request but /health must carry; None asks for none.
        hosts: Names that clients may call the server by, besides `localhost`, the machine's own name and any
            address. None is these alone, or any name where there is a token.
        origins: Sites whose pages may use the server from a browser, such as `https://page.example`.
        max_characters: Longest `input`.
        max_upload_bytes: Largest body of an upload.
        max_running: Number of requests that are spoken at the same time, interleaved.
        max_waiting: Number of requests that may wait for one of these to end. The next is answered 429.
        max_voices: Number of voices kept.
        workers: Number of threads that speak and encode. Each may use further threads of the model.
        max_connections: Number of open connections.
        stall_seconds: Seconds after which a client that reads nothing is dropped.
        body_seconds: Seconds in which a body must have arrived.
        lexicon: TSV file of words that are respelled or pronounced otherwise, for all requests.
        watermark: Whether the speech is marked as made by this program.
        payload: Number that the watermark carries, 0 to 2**32 - 1.

    Raises:
        ValueError: If a number is not positive, the token is empty, or an origin is no origin.
    """

    data_folder: Path = field(default_factory=default_data_folder)
    default_voice: str = DEFAULT_NAME
    token: str | None = field(default=None, repr=False)
    hosts: tuple[str, ...] | None = None
    origins: tuple[str, ...] = ()
    max_characters: int = 4096  # limit of the OpenAI API
    max_upload_bytes: int = 10 * MEBIBYTE  # limit of the OpenAI API
    max_running: int = 8
    max_waiting: int = 32
    max_voices: int = 1000
    workers: int = field(default_factory=available_cores)
    max_connections: int = 512
    stall_seconds: float = 30.0
    body_seconds: float = 60.0
    lexicon: Path | None = None
    watermark: bool = True
    payload: int = 0

    def __post_init__(self) -> None:
        if self.token is not None and not self.token.strip():
            raise ValueError("token is empty: give one, or none at all")
        for name in COUNTS:
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.max_waiting < 0 or not min(self.stall_seconds, self.body_seconds) > 0:
            raise ValueError(
                "max_waiting must be at least 0, stall_seconds and body_seconds positive"
            )
        if not 0 <= self.payload <= MAX_PAYLOAD:
            raise ValueError(f"payload must be 0 to 2**32 - 1, got {self.payload}")
        for origin in self.origins:
            if _ORIGIN.fullmatch(origin) is None:
                raise ValueError(
                    f"{origin!r} is no origin: expected scheme, host and port as browsers write "
                    "them, such as https://page.example or http://localhost:3000"
                )
