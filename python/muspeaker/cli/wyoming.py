"""`muspeaker wyoming`: speech for Home Assistant."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from pathlib import Path  # noqa: TC003 (typer reads it at run time)
from typing import Annotated, Any

import typer

import muspeaker
from muspeaker.cli.memory import settle, share_freed_memory
from muspeaker.cli.speech_options import takes_speech_options
from muspeaker.cli.stopping import end_within, told_to_stop
from muspeaker.cli.terminal import ModelOption, ThreadsOption, failing_cleanly
from muspeaker.text.respelling import read_lexicon

_OPTIONS = ("speed", "pitch", "expression", "variation", "seed", "style", "pause", "volume")


@takes_speech_options((*_OPTIONS, "lexicon", "watermark", "payload"))
def wyoming(
    uri: Annotated[
        str, typer.Option(help="tcp://HOST:PORT or unix://PATH; host 0.0.0.0 is every network.")
    ] = "tcp://127.0.0.1:10200",
    voice: Annotated[str | None, typer.Option(help="Name of the default voice.")] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            envvar="MUSPEAKER_DATA",
            help="Folder with .voice files, offered together with the built-in voices. "
            "Default: that of `muspeaker serve`.",
        ),
    ] = None,
    zeroconf: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Announce the server under a name on the network."),
    ] = None,
    model: ModelOption = None,
    threads: ThreadsOption = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="Log more.")] = False,
    **options: Any,
) -> None:
    """Serve the Wyoming protocol, for Home Assistant; needs muspeaker[wyoming]."""
    with failing_cleanly():
        try:
            from muspeaker.serve.voice_folder import (  # noqa: PLC0415 (an extra)
                VoiceFolder,
                usual_folder,
            )
            from muspeaker.serve.wyoming.server import serve  # noqa: PLC0415 (an extra)
            from muspeaker.serve.wyoming.service import WyomingService  # noqa: PLC0415 (an extra)
        except ModuleNotFoundError as error:
            raise RuntimeError(
                f"{error.name} is missing: pip install 'muspeaker[wyoming]'"
            ) from error
        logging.basicConfig(
            level=logging.DEBUG if verbose else logging.INFO, format="%(levelname)s %(message)s"
        )
        share_freed_memory()
        tts = muspeaker.load(model, num_threads=threads)
        options["lexicon"] = read_lexicon(options["lexicon"])
        voices = VoiceFolder(tts.fingerprint, data or usual_folder(), default=voice)
        settle()

        async def run() -> None:
            told = told_to_stop()
            service = WyomingService(tts, voices, **options)
            await serve(service, uri, told, zeroconf_name=zeroconf)

        with suppress(KeyboardInterrupt):
            try:
                asyncio.run(run())
            except KeyboardInterrupt:  # before there was a loop, or where loops hear no signals
                end_within()
                raise
