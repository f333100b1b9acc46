"""The demo reads no file of this machine but what was uploaded to it."""

from __future__ import annotations

import asyncio
import gc
import io
import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

pytest.importorskip("gradio")

import gradio as gr
from fastapi import HTTPException
from starlette.testclient import TestClient

from muspeaker.serve.demo.page import create_app
from muspeaker.serve.demo.uploads import MAX_JSON_BYTES, UploadedFilesOnly
from muspeaker.serve.loopback import LOOPBACK_HOSTS, url_of
from muspeaker.serve.voice_folder import VoiceFolder
from muspeaker.tts import Synthesizer
from muspeaker.voice import Voice
from tests.python.conftest import FakeEngine

if TYPE_CHECKING:
    from collections.abc import Iterator

# gradio leaves event loops and sockets open, and calls what pandas deprecates
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
SECRET = "this stays where it is"
ROUTES = ("/gradio_api/queue/join", "/gradio_api/run/predict", "/gradio_api/api/predict",
          "/gradio_api/run/speak", "/gradio_api/call/speak", "/gradio_api/call/v2/speak")  # fmt: skip


@pytest.fixture(scope="module")
def quiet() -> Iterator[None]:
    """Closes the event loops that gradio leaves open, so that no later test is blamed for them."""
    before = {id(loop) for loop in open_loops()}
    yield
    for loop in open_loops():
        if id(loop) not in before:
            loop.close()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def open_loops() -> list[asyncio.AbstractEventLoop]:
    # by type: isinstance would read __class__ of every object, and torch has some that warn when read
    loops = [item for item in gc.get_objects() if issubclass(type(item), asyncio.AbstractEventLoop)]
    return [loop for loop in loops if not loop.is_running() and not loop.is_closed()]


@pytest.fixture(scope="module")
def client(quiet: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:  # noqa: ARG001
    tts = Synthesizer(FakeEngine())
    folder = tmp_path_factory.mktemp("voices")
    style = np.zeros((40, 128), np.float32)
    voice = Voice(np.ones(192, np.float32), style, name="anna", fingerprint=tts.fingerprint)
    voice.save(folder / "anna.voice")
    app = create_app(tts, VoiceFolder(tts.fingerprint, folder))
    with TestClient(app, base_url="http://127.0.0.1") as client:
        yield client


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret.txt"
    path.write_text(SECRET)
    return path


def file_data(path: object, **more: object) -> dict[str, object]:
    return {"path": path, "meta": {"_type": "gradio.FileData"}, **more}


def file_fields(client: TestClient) -> list[tuple[int, int, int]]:
    """(function, place of the file among its inputs, number of inputs) of everything that takes one."""
    config = client.get("/config").json()
    kinds = {part["id"]: part["type"] for part in config["components"]}
    found = []
    for function in config["dependencies"]:
        for place, part in enumerate(function["inputs"]):
            if kinds[part] in {"audio", "file", "image", "video", "uploadbutton", "downloadbutton"}:
                found.append((function["id"], place, len(function["inputs"])))
    return found


def cached_secrets() -> list[Path]:
    folder = Path(gr.utils.get_upload_folder())
    return [path for path in folder.rglob("secret*") if path.is_file()]


@pytest.mark.parametrize("route", ROUTES)
def test_no_file_of_this_machine_is_served(client: TestClient, secret: Path, route: str) -> None:
    fields = file_fields(client)
    assert fields, "the page has a recording"
    for function, place, count in fields:
        data: list[Any] = [None] * count
        data[place] = file_data(str(secret))
        body = {"data": data, "fn_index": function, "session_hash": "abc"}
        assert client.post(route, json=body).status_code == 403
    assert not cached_secrets()


@pytest.mark.parametrize(
    "hidden",
    [
        lambda path: [file_data(path, url="http://127.0.0.1/x")],
        lambda path: [file_data(path, is_stream=True)],
        lambda path: [[{"nested": file_data(path)}]],
        lambda path: [{"path": path}],
        lambda _: [file_data("http://127.0.0.1:1/x.wav")],
        lambda _: [file_data(["/etc/passwd"])],
        lambda _: [file_data("/etc/passwd\0.wav")],
        lambda path: [file_data(f"{gr.utils.get_upload_folder()}/../../../../../..{path}")],
    ],
)
def test_every_form_is_refused(client: TestClient, secret: Path, hidden: Any) -> None:
    body = {"data": hidden(str(secret)), "fn_index": 0, "session_hash": "abc"}
    assert client.post(ROUTES[0], json=body).status_code == 403


def test_a_link_among_the_uploads_does_not_help(client: TestClient, secret: Path) -> None:
    folder = Path(gr.utils.get_upload_folder())
    folder.mkdir(parents=True, exist_ok=True)
    link = folder / f"link-{secret.parent.name}"
    link.symlink_to(secret)
    try:
        body = {"data": [file_data(str(link))], "fn_index": 0, "session_hash": "abc"}
        assert client.post(ROUTES[0], json=body).status_code == 403
    finally:
        link.unlink()


@pytest.mark.parametrize("kind", ["text/plain", "application/json", "", "multipart/form-data"])
def test_the_content_type_changes_nothing(client: TestClient, secret: Path, kind: str) -> None:
    body = {"data": [file_data(str(secret))], "fn_index": 0, "session_hash": "abc"}
    answer = client.post(ROUTES[0], content=json.dumps(body), headers={"Content-Type": kind})
    assert answer.status_code == 403


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "route",
    ["file=http://127.0.0.1:9/a", "file=HTTPS://elsewhere.example/a", "file=%20http://elsewhere.example",
     "file=ht%09tp://elsewhere.example", "file/http://elsewhere.example/a", "file=http://[/",
     "proxy=https://gradio-hello-world.hf.space/a"],
)  # fmt: skip
def test_no_address_is_fetched(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, method: str, route: str
) -> None:
    """Whoever reaches the page could reach through it what this machine reaches."""
    fetched: list[str] = []

    async def fetch(url: str, *_: Any) -> Any:
        fetched.append(url)
        raise HTTPException(502)

    monkeypatch.setattr("gradio.routes.secure_url_stream_response", fetch)
    assert client.request(method, f"/gradio_api/{route}").status_code == 403
    assert not fetched


def test_what_was_uploaded_is_served(client: TestClient) -> None:
    (path,) = client.post("/gradio_api/upload", files={"files": ("a.wav", b"RIFF")}).json()
    assert client.get(f"/gradio_api/file={path}").content == b"RIFF"


def test_gradios_own_check_is_on(client: TestClient, secret: Path) -> None:
    (pages,) = {id(r.app.blocks): r.app.blocks for r in client.app.routes if hasattr(getattr(r, "app", None), "blocks")}.values()  # fmt: skip
    assert pages.has_launched
    assert client.get(f"/gradio_api/file={secret}").status_code in {403, 404}


@pytest.mark.filterwarnings("ignore")  # gradio's own, of pandas
def test_what_was_uploaded_may_be_named(client: TestClient, tone_file: bytes) -> None:
    files = {"files": ("a.wav", tone_file, "audio/wav")}
    (path,) = client.post("/gradio_api/upload", files=files).json()
    body = {"data": [file_data(path)], "fn_index": 0, "session_hash": "abc"}
    assert client.post(ROUTES[0], json=body).status_code != 403


@pytest.fixture
def tone_file(tone: Any) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, tone, 24000, format="WAV")
    return buffer.getvalue()


def test_bodies_that_are_no_json_or_too_long(client: TestClient) -> None:
    assert client.post(ROUTES[0], content=b"{").status_code == 400
    assert client.post(ROUTES[0], content=b"[" * 200_000).status_code == 400
    long = b'"' + b"x" * MAX_JSON_BYTES + b'"'
    assert client.post(ROUTES[0], content=long).status_code == 413


def test_the_guard_knows_only_its_folder(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    (inside / "a").touch()
    outside.touch()
    guard = UploadedFilesOnly(lambda *_: None, inside)  # type: ignore[arg-type]
    assert guard._is_uploaded(str(inside / "a"))
    assert not guard._is_uploaded(str(outside))
    assert not guard._is_uploaded(str(inside / "missing"))


@pytest.mark.parametrize("host", LOOPBACK_HOSTS)
def test_every_loopback_host_is_guarded(quiet: None, tmp_path: Path, host: str) -> None:  # noqa: ARG001
    """On each of them the page answers its own name, and not one that some other site points here."""
    tts = Synthesizer(FakeEngine())
    voice = Voice(
        np.ones(192, np.float32),
        np.zeros((40, 128), np.float32),
        name="anna",
        fingerprint=tts.fingerprint,
    )
    voice.save(tmp_path / "anna.voice")
    app = create_app(tts, VoiceFolder(tts.fingerprint, tmp_path), host=host)
    client = TestClient(app, base_url=url_of(host, 7860))
    assert client.get("/speech/none.wav").status_code == 404
    foreign = {"Host": "elsewhere.example"}
    assert client.get("/speech/none.wav", headers=foreign).status_code == 400
