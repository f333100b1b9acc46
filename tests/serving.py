"""A server on a free port of this machine, and engines that wait or say little, to try it with."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import openai
import uvicorn

from muspeaker.serve.app import create_app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI

    from muspeaker.tts import Synthesizer

PATIENCE_SECONDS = 60


@contextmanager
def running(app: FastAPI, **config: Any) -> Iterator[str]:
    """Serve an app from a thread; gives its address."""
    options = {"host": "127.0.0.1", "port": 0, "log_level": "warning", "lifespan": "off"}
    server = uvicorn.Server(uvicorn.Config(app, **(options | config)))
    started = threading.Event()
    startup = server.startup

    async def telling_startup(*args: Any, **keywords: Any) -> None:
        await startup(*args, **keywords)
        started.set()

    server.startup = telling_startup
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        assert started.wait(PATIENCE_SECONDS)
        host, port = server.servers[0].sockets[0].getsockname()[:2]
        yield f"http://{host}:{port}"
    finally:
        server.should_exit = True
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()


@contextmanager
def serving(tts: Synthesizer, settings: Any) -> Iterator[openai.OpenAI]:
    """The official client, connected to a server of its own."""
    app = create_app(tts, settings)
    token = settings.token or "none"
    with (
        running(app) as address,
        openai.OpenAI(base_url=f"{address}/v1", api_key=token, max_retries=0) as client,
    ):
        client.app = app
        yield client


def wait_until(condition: Any) -> None:
    """Poll a condition that another thread brings about."""
    waiting = threading.Event()
    for _ in range(PATIENCE_SECONDS * 100):
        if condition():
            return
        waiting.wait(0.01)
    raise AssertionError("waited in vain")


def noise(seconds: float, rate_hz: int = 24000, seed: int = 0) -> np.ndarray:
    """(samples,) float32 that a voice can be cloned from."""
    samples = np.random.default_rng(seed).normal(size=round(seconds * rate_hz))
    return (0.1 * samples).astype(np.float32)
