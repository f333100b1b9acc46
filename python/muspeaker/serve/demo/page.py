"""A web page to try the model: record or upload a voice, type, listen, and see the speech."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Iterator  # noqa: TC003 (gradio resolves `speak`'s annotations)
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import gradio as gr
from fastapi import FastAPI, HTTPException
from fastapi.responses import Response, StreamingResponse
from starlette.middleware.trustedhost import TrustedHostMiddleware

import muspeaker
from muspeaker.options import OPTIONS, STYLES
from muspeaker.serve.demo.edit_tab import EditDesk
from muspeaker.serve.demo.live_speech import LiveSpeeches
from muspeaker.serve.demo.parts import CONSENT, plain, player, prompt_label, recording_fields
from muspeaker.serve.demo.picture import speech_picture
from muspeaker.serve.demo.uploads import UploadedFilesOnly
from muspeaker.serve.loopback import LOOPBACK_HOSTS
from muspeaker.sound.audio import Audio
from muspeaker.sound.prompt import troubles
from muspeaker.sound.recording import read_prompt
from muspeaker.voice import SUFFIX

if TYPE_CHECKING:
    from muspeaker.serve.voice_folder import VoiceFolder
    from muspeaker.tts import Synthesizer
    from muspeaker.voice import Voice

HOST_NAMES = [*LOOPBACK_HOSTS, "[::1]"]  # as a request spells them
CLONE = "A recording…"
EXAMPLE = "Hello there. This is a synthetic voice, spoken by a small model on this very machine."
MAX_UPLOAD_BYTES = 20_000_000
KEEP_FILES_SECONDS = 3600
CACHED_CLONES = 16
PROGRESS_SECONDS = 0.2  # between reports: with one a chunk a browser falls behind, and Stop is late

SAMPLE = "Hello, this is how I sound when I read a sentence aloud."
CACHED_SAMPLES = 16

_CSS = """
.gradio-container { max-width: 1240px !important; margin: 0 auto !important; width: 100% !important; }
.dark audio { color-scheme: dark; }
#top { align-items: center; }
#top p { margin: 0; }
.player audio, .sample audio { width: 100%; }
.sample audio { height: 36px; }
.sample p { margin: 0 0 4px; opacity: 0.7; }
.recording { border: 0 !important; }
.picture { overflow-x: auto; }
.picture svg { display: block; }
"""
_TOGGLE_DARK = "() => { document.body.classList.toggle('dark') }"
# the engine is far ahead of the player: what it has spoken already must not be heard to its end
_PAUSE = "() => { document.querySelectorAll('#player audio').forEach(a => a.pause()); return [] }"


class Demo:
    """The actions of the page; `build_page` lays it out.

    Args:
        tts: Model that speaks.
        voices: Voices that can be chosen without a recording.
    """

    def __init__(self, tts: Synthesizer, voices: VoiceFolder) -> None:
        self.tts = tts
        self.voices = voices
        self.speeches = LiveSpeeches()
        self._folder = tempfile.TemporaryDirectory(prefix="muspeaker-demo-")
        # the page's server names an upload by its content, so a path is the recording
        self._clone = lru_cache(maxsize=CACHED_CLONES)(self._cloned)
        self.edits = EditDesk(tts, self.speeches, self._folder.name)
        self.sample = lru_cache(maxsize=CACHED_SAMPLES)(self._sample)
        self._stops: dict[str | None, threading.Event] = {}  # by page, while it speaks

    def speak(  # noqa: PLR0913, PLR0917 (one argument a field of the page)
        self,
        choice: str,
        recording: str | None,
        consent: bool,
        text: str,
        style: str,
        speed: float,
        pitch: float,
        expression: float,
        variation: float,
        seed: float,
        request: gr.Request,
    ) -> Iterator[tuple[Any, ...]]:
        """Speak for one click: the player at once, progress meanwhile, picture and files at the end.

        `stop` from the same page ends it after the current chunk, and the page pauses the player.

        Yields:
            Values for the player, the status, the picture and the three download buttons.

        Raises:
            gr.Error: If consent was not given, or the library refuses the input.
        """
        stop = self._stops[request.session_hash] = threading.Event()
        try:
            yield from self._speak(
                self._voice(choice, recording, consent),
                None if choice == CLONE else choice,
                text,
                stop,
                style=style or None,
                speed=speed,
                pitch=pitch,
                expression=expression,
                variation=variation,
                seed=int(seed or 0),
            )
        except (ValueError, TypeError, OSError) as error:
            raise gr.Error(str(error), print_exception=False) from error
        finally:
            if self._stops.get(request.session_hash) is stop:  # else a later click owns it
                del self._stops[request.session_hash]

    def stop(self, request: gr.Request) -> None:
        """Stop the speech of a page, if there is any."""
        stop = self._stops.get(request.session_hash)
        if stop is not None:
            stop.set()

    def _sample(self, name: str) -> bytes:
        """A sentence in one of the voices, as a WAV file; raises what `VoiceFolder.get` raises."""
        return self.tts.synthesize(SAMPLE, self.voices.get(name)).encode()

    def _voice(self, choice: str, recording: str | None, consent: bool) -> Voice:
        if choice != CLONE:
            return self.voices.get(choice)
        if recording is None:
            raise ValueError("record or upload a voice first, or choose one from the list")
        if consent is not True:
            raise ValueError("no clone without consent: tick the box under the recording first")
        return self._clone(recording)

    def _cloned(self, recording: str) -> Voice:
        today = datetime.now(tz=UTC).date().isoformat()
        note = f"{today}, ticked in the demo: {CONSENT}"
        for trouble in troubles(*read_prompt(recording)):
            gr.Warning(f"The recording {trouble}.")
        return self.tts.clone(recording, name=Path(recording).stem[:60], consent=note)

    def _speak(
        self,
        voice: Voice,
        known_as: str | None,
        text: str,
        stop: threading.Event,
        **options: Any,
    ) -> Iterator[tuple[Any, ...]]:
        name_shown = plain(known_as or voice.name)
        keep = gr.skip()
        stream = self.tts.stream(text, voice, **options)
        name, live = self.speeches.begin(self.tts.sample_rate)
        chunks: list[Audio] = []
        seconds = told = 0.0
        try:
            yield player(f"speech/{name}.wav"), "Speaking…", "", *_no_files()
            for chunk in stream:
                chunks.append(chunk)
                live.add(chunk)
                seconds += chunk.duration
                if time.monotonic() - told >= PROGRESS_SECONDS:
                    yield keep, f"Speaking… {seconds:.1f} s so far", keep, *_no_files()
                    told = time.monotonic()
                if stop.is_set():
                    break
        finally:
            live.finish()
        audio = Audio.join(chunks)
        count = f"{len(audio.words)} word{'s' * (len(audio.words) != 1)}"
        status = ("Stopped. " if stop.is_set() else "") + (
            f"Synthetic speech in the voice of *{name_shown}*: {count} in {audio.duration:.2f} s."
        )
        yield keep, status, speech_picture(audio), *self._files(audio, voice, name_shown)

    def _files(self, audio: Audio, voice: Voice, name: str) -> tuple[Any, ...]:
        folder = Path(tempfile.mkdtemp(dir=self._folder.name))
        speech, subtitles = folder / "speech.wav", folder / "speech.srt"
        kept = folder / f"{name or 'voice'}{SUFFIX}"
        audio.save(speech)
        subtitles.write_text(audio.to_srt(), encoding="utf-8")
        voice.save(kept)
        return tuple(
            gr.update(value=str(path), interactive=True) for path in (speech, subtitles, kept)
        )


def _no_files() -> tuple[Any, ...]:
    return tuple(gr.update(value=None, interactive=False) for _ in range(3))


def _sample_player(choice: str) -> str:
    """A player for a voice that can be chosen; nothing is spoken before it is played."""
    source = f"sample.wav?{urlencode({'voice': choice})}"
    return f"<p>Hear this voice</p>{player(source, autoplay=False)}"


def _voice_fields(demo: Demo) -> list[Any]:
    names = list(demo.voices.voices())
    choice = gr.Radio([*names, CLONE], value=names[0], label="Voice", elem_id="choice")
    sample = gr.HTML(_sample_player(names[0]), elem_classes="sample", elem_id="sample")
    with gr.Group(visible=False, elem_id="clone") as clone:
        recording, consent = recording_fields(prompt_label(), CONSENT)

    def shown(chosen: str) -> tuple[Any, Any]:
        is_clone = chosen == CLONE
        return (
            gr.update(visible=is_clone),
            gr.update(visible=not is_clone, value="" if is_clone else _sample_player(chosen)),
        )

    choice.change(shown, choice, [clone, sample], api_visibility="private")
    return [choice, recording, consent]


def _slider(name: str, label: str, step: float) -> gr.Slider:
    about = OPTIONS[name]
    return gr.Slider(
        about.low, about.high, value=about.default, step=step, label=label, min_width=150
    )


def _manner_fields() -> list[Any]:
    styles = [("Usual", ""), *((name.capitalize(), name) for name in STYLES)]
    with gr.Accordion("More", open=False, elem_id="more"):
        style = gr.Radio(styles, value="", label="Style", elem_id="style")
        with gr.Row():
            speed = _slider("speed", "Speed", 0.05)
            pitch = _slider("pitch", "Pitch", 0.5)
            expression = _slider("expression", "Expression", 0.05)
            variation = _slider("variation", "Variation", 0.05)
            take = gr.Number(0, label="Take: 0, 1, 2 …", precision=0, minimum=0, min_width=150)
    return [style, speed, pitch, expression, variation, take]


def _lay_out_speech(demo: Demo) -> None:
    """The fields for speaking: text first, then the voice, then all that may stay as it is."""
    with gr.Row():
        with gr.Column(scale=3, min_width=320):
            text = gr.Textbox(EXAMPLE, label="Text", lines=8, max_lines=14, elem_id="text")
        with gr.Column(scale=2, min_width=320):
            voice_fields = _voice_fields(demo)
    manner_fields = _manner_fields()
    with gr.Row():
        speak = gr.Button("Speak", variant="primary", scale=4, elem_id="speak")
        stop = gr.Button("Stop", scale=1, min_width=80, elem_id="stop")
    sound = gr.HTML("", elem_classes="player", elem_id="player")
    status = gr.Markdown("", elem_id="status")
    with gr.Row():
        files = [
            gr.DownloadButton(label, size="sm", interactive=False, min_width=100)
            for label in ("Speech .wav", "Subtitles .srt", f"Voice {SUFFIX}")
        ]
    picture = gr.HTML("", elem_classes="picture", elem_id="picture")
    speak.click(
        demo.speak,
        [*voice_fields, text, *manner_fields],
        [sound, status, picture, *files],
        show_progress="hidden",
        trigger_mode="once",
        api_visibility="private",
    )
    stop.click(demo.stop, js=_PAUSE, show_progress="hidden", queue=False, api_visibility="private")


def build_page(demo: Demo) -> gr.Blocks:
    """Lay the page out."""
    page = gr.Blocks(
        title="muspeaker",
        analytics_enabled=False,
        delete_cache=(KEEP_FILES_SECONDS, KEEP_FILES_SECONDS),
    )
    with page:
        with gr.Row(elem_id="top"):
            with gr.Column(scale=6, min_width=240):
                gr.Markdown(
                    "# muspeaker\nText to speech in any voice. Nothing leaves this machine."
                )
            dark = gr.Button("Dark or light", size="sm", scale=0, min_width=110, elem_id="dark")
        dark.click(None, js=_TOGGLE_DARK, api_visibility="private")
        with gr.Tabs():
            with gr.Tab("Speak"):
                _lay_out_speech(demo)
            with gr.Tab("Edit a recording", elem_id="edit-tab"):
                demo.edits.lay_out()
    page.queue(api_open=False, max_size=32, default_concurrency_limit=4)
    return page


def create_app(tts: Synthesizer, voices: VoiceFolder, *, host: str = "127.0.0.1") -> FastAPI:
    """The page and its growing sound files as one web application.

    No font, script or picture comes from elsewhere, and nothing is reported to anyone.

    Args:
        tts: Model that speaks.
        voices: Voices that can be chosen without a recording.
        host: Address to listen on. On a loopback address, requests for another host name are refused,
            so that no web page elsewhere can reach this one by DNS rebinding.
    """
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    demo = Demo(tts, voices)
    app = FastAPI(title="muspeaker", version=muspeaker.__version__, openapi_url=None)
    if host in LOOPBACK_HOSTS:
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=HOST_NAMES)

    @app.get("/speech/{name}.wav")
    def speech(name: str) -> StreamingResponse:
        live = demo.speeches.find(name)
        if live is None:
            raise HTTPException(404, "no such speech")
        size = live.finished_size()
        headers = {"Cache-Control": "no-store"}
        if size is not None:
            headers["Content-Length"] = str(size)
        return StreamingResponse(live.read(), media_type="audio/wav", headers=headers)

    @app.get("/sample.wav")
    def sample(voice: str) -> Response:
        try:
            return Response(demo.sample(voice), media_type="audio/wav")
        except (FileNotFoundError, ValueError) as error:
            raise HTTPException(404, "no such voice") from error

    page = build_page(demo)
    page.has_launched = True  # else gradio checks no path (see UploadedFilesOnly)
    app.add_middleware(UploadedFilesOnly, folder=Path(gr.utils.get_upload_folder()))
    page_app: FastAPI = gr.mount_gradio_app(
        app,
        page,
        path="/",
        server_name=host,
        footer_links=[],
        run_history=False,
        max_file_size=MAX_UPLOAD_BYTES,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        theme=gr.themes.Default(
            primary_hue="violet",
            font=("system-ui", "sans-serif"),
            font_mono=("ui-monospace", "monospace"),
        ),
        css=_CSS,
    )
    return page_app
