"""`muspeaker serve`: the OpenAI speech endpoint on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import muspeaker
from muspeaker.cli.memory import settle, share_freed_memory
from muspeaker.cli.speech_options import speech_option
from muspeaker.cli.stopping import serve_until_stopped
from muspeaker.cli.terminal import ModelOption, ThreadsOption, failing_cleanly, progress, warn
from muspeaker.serve.loopback import LOOPBACK_HOSTS
from muspeaker.serve.openai.settings import MEBIBYTE, Settings
from muspeaker.text.passages import MAX_TEXT_CHARACTERS
from muspeaker.threads import available_cores, default_threads

if TYPE_CHECKING:
    from fastapi import FastAPI


TokenOption = Annotated[
    str | None,
    typer.Option(envvar="MUSPEAKER_TOKEN", help="Ask for this bearer token.", show_default=False),
]
DataOption = Annotated[
    Path | None,
    typer.Option(
        envvar="MUSPEAKER_DATA", help="Folder of the voices. Default: in the user's data folder."
    ),
]
VoiceOption = Annotated[
    str, typer.Option(help="Voice for requests for one of OpenAI's voices, such as alloy.")
]
CharactersOption = Annotated[
    int,
    typer.Option(
        min=1,
        max=MAX_TEXT_CHARACTERS,
        help="Longest text in characters. A longer one is answered 422.",
    ),
]
UploadOption = Annotated[
    int, typer.Option(min=1, max=1024, help="Largest upload in MiB. A larger one is answered 413.")
]
RunningOption = Annotated[
    int,
    typer.Option(min=1, max=1024, help="Number of requests spoken at the same time, interleaved."),
]
WaitingOption = Annotated[
    int,
    typer.Option(
        min=0, max=100_000, help="Number of requests that may wait. Further ones are answered 429."
    ),
]

HostsOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME",
        help="Name by which clients may call the server, besides localhost and addresses; can be repeated. "
        "Default: none, or any if there is a token.",
    ),
]
OriginsOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="URL",
        help="Site whose pages may use the server from a browser; can be repeated. Default: none.",
    ),
]


def serve(  # noqa: PLR0913, PLR0917 (one parameter an option of the command line)
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")
    ] = 8000,
    token: TokenOption = Settings.token,
    data: DataOption = None,
    voice: VoiceOption = Settings.default_voice,
    model: ModelOption = None,
    threads: ThreadsOption = None,
    max_characters: CharactersOption = Settings.max_characters,
    max_upload: UploadOption = Settings.max_upload_bytes // MEBIBYTE,
    max_running: RunningOption = Settings.max_running,
    max_waiting: WaitingOption = Settings.max_waiting,
    allow_host: HostsOption = None,
    allow_origin: OriginsOption = None,
    lexicon: Annotated[Path | None, speech_option("lexicon")] = None,
    watermark: Annotated[bool, speech_option("watermark")] = Settings.watermark,
    payload: Annotated[int, speech_option("payload")] = Settings.payload,
) -> None:
    """Serve the OpenAI speech endpoint and its voices; needs muspeaker[serve]."""
    options: dict[str, Any] = {
        "default_voice": voice,
        "token": token,
        "max_characters": max_characters,
        "max_upload_bytes": max_upload * MEBIBYTE,
        "max_running": max_running,
        "max_waiting": max_waiting,
        "hosts": None if allow_host is None else tuple(allow_host),
        "origins": tuple(allow_origin or ()),
        "lexicon": lexicon,
        "watermark": watermark,
        "payload": payload,
    }
    if data is not None:
        options["data_folder"] = data
    with failing_cleanly():
        share_freed_memory()
        if host not in LOOPBACK_HOSTS and token is None:
            warn("anyone who reaches this address may use the server; see --token")
        with progress("loading"):
            app = application(model, threads or default_threads(), options)
            settle()
        run(app, host, port)


def application(model: Path | None, threads: int, options: dict[str, Any]) -> FastAPI:
    """The server with its model.

    Raises:
        RuntimeError: If the extra is not installed, or the model does not speak.
        ValueError: If an option is out of range.
    """
    try:
        from muspeaker.serve.openai.app import create_app  # noqa: PLC0415 (an extra)
        from muspeaker.serve.openai.errors import ApiError  # noqa: PLC0415 (an extra)
    except ModuleNotFoundError as error:
        message = f"{error.name} is missing: pip install 'muspeaker[serve]'"
        raise RuntimeError(message) from error
    settings = Settings(workers=max(1, available_cores() // threads), **options)
    app = create_app(muspeaker.load(model, num_threads=threads), settings)
    try:
        app.state.service.voice(settings.default_voice)
    except ApiError as error:
        warn(f"{error.detail}; until then, requests for OpenAI's voices are refused")
    if not app.state.service.health.check():  # which also warms the engine
        raise RuntimeError("the model does not speak")
    return app


def run(app: FastAPI, host: str, port: int) -> None:
    """Serve until SIGINT or SIGTERM."""
    from muspeaker.serve.openai.connections import connection_class  # noqa: PLC0415 (an extra)

    settings: Settings = app.state.service.settings
    connection = connection_class(settings.max_connections, settings.stall_seconds)
    serve_until_stopped(app, host, port, server_header=False, http=connection, ws="none")
