"""`muspeaker demo`: a web page to try everything."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 (typer reads it at run time)
from typing import Annotated

import typer
from rich.console import Console

import muspeaker
from muspeaker.cli.memory import settle, share_freed_memory
from muspeaker.cli.stopping import serve_until_stopped
from muspeaker.cli.terminal import ModelOption, ThreadsOption, failing_cleanly, progress
from muspeaker.serve.loopback import LOOPBACK_HOSTS, url_of


def demo(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 7860,
    data: Annotated[
        Path | None,
        typer.Option(
            envvar="MUSPEAKER_DATA",
            help="Folder with .voice files, offered on the page. Default: that of `muspeaker serve`.",
        ),
    ] = None,
    model: ModelOption = None,
    threads: ThreadsOption = None,
) -> None:
    """Open a web page to clone a voice and speak with it; needs muspeaker[demo]."""
    with failing_cleanly():
        console = Console(stderr=True, highlight=False)
        with progress("loading"):
            try:
                import uvicorn  # noqa: F401, PLC0415 (an extra)

                from muspeaker.serve.demo.page import create_app  # noqa: PLC0415 (an extra)
                from muspeaker.serve.voice_folder import (  # noqa: PLC0415 (an extra)
                    VoiceFolder,
                    usual_folder,
                )
            except ModuleNotFoundError as error:
                message = f"{error.name} is missing: pip install 'muspeaker[demo]'"
                raise RuntimeError(message) from error
            share_freed_memory()
            tts = muspeaker.load(model, num_threads=threads)
            app = create_app(tts, VoiceFolder(tts.fingerprint, data or usual_folder()), host=host)
        if host not in LOOPBACK_HOSTS:
            warning = "warning: anyone who reaches this address can clone voices here"
            console.print(warning, markup=False, style="yellow")
        settle()
        console.print(url_of(host, port), markup=False)
        serve_until_stopped(app, host, port, log_level="warning")
