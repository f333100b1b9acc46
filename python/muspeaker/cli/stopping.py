"""Servers that end when they are told to, whatever their threads are doing."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from types import FrameType

    from fastapi import FastAPI

GRACE_SECONDS = 4  # for requests that are being answered when a server is told to stop
STOP_SECONDS = 5.0  # after which it ends in any case


def serve_until_stopped(app: FastAPI, host: str, port: int, **options: Any) -> None:
    """Serve by uvicorn until SIGINT or SIGTERM.

    Running requests may finish, for at most 4 s; after 5 s the process ends.

    Args:
        app: Application.
        host: Address to listen on.
        port: Port to listen on.
        options: Further options of uvicorn.

    Raises:
        typer.Exit: If it cannot start. The reason is on standard error.
    """
    import uvicorn  # noqa: PLC0415 (an extra)

    class Server(uvicorn.Server):
        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            end_within(STOP_SECONDS)
            super().handle_exit(sig, frame)

    options |= {"host": host, "port": port, "timeout_graceful_shutdown": GRACE_SECONDS}
    # uvicorn shuts down on these signals and raises them again, but a stop on request is no failure
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        Server(uvicorn.Config(app, **options)).run()
    except KeyboardInterrupt:
        return
    except SystemExit as stop:
        if stop.code:
            raise typer.Exit(1) from stop


def told_to_stop() -> asyncio.Event:
    """An event of the running loop that SIGINT and SIGTERM set; 5 s later the process ends in any case.

    SIGINT counts even if the process was started with it ignored, as by `&` in a script. Where the loop hears no
    signals, on Windows, they do what they do to any process.
    """
    told, loop = asyncio.Event(), asyncio.get_running_loop()

    def tell() -> None:
        end_within()
        told.set()

    with suppress(NotImplementedError):  # on Windows, whose loops hear no signals
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, tell)
    return told


def end_within(seconds: float = STOP_SECONDS) -> None:
    """End the process after some seconds if it has not ended by itself.

    A thread inside a call cannot be stopped, and the interpreter would wait for it.
    """
    timer = threading.Timer(seconds, os._exit, (0,))
    timer.daemon = True
    timer.start()
