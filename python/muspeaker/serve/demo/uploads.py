"""A guard before gradio: a request may name only files that were uploaded to this page.

gradio copies every file that a request names into its cache and serves it from there. Its own check of the
path runs only in a page that was started by `launch()`, which a mounted page never is (gradio 6.31), so
that `{"path": "/etc/passwd"}` in a request was answered with the file. The guard does not depend on gradio:
it reads the request's JSON before gradio does.

gradio also fetches addresses for whoever asks (`/gradio_api/file=https://...`). This page never needs that, and
is no way into other networks.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_JSON_BYTES = 1_000_000
UPLOAD_TYPE = b"multipart/form-data"
UPLOAD_ROUTE = "/gradio_api/upload"
FETCH_ROUTES = ("/gradio_api/file=", "/gradio_api/file/", "/gradio_api/proxy=")


class UploadedFilesOnly:
    """Refuse requests that name a file outside the folder of uploads, or an address that is to be fetched.

    Bodies other than uploads are read whole, at most `MAX_JSON_BYTES`, and must be JSON.

    Args:
        app: What answers the other requests.
        folder: The folder that uploads go to.
    """

    def __init__(self, app: ASGIApp, folder: Path) -> None:
        self._app = app
        self._folder = folder.resolve()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request: 400 for a body that is no JSON, 403 for what is foreign, 413 if too long."""
        if scope["type"] == "http" and _is_fetch(scope["path"]):
            await _refuse(403, "nothing is fetched from elsewhere", scope, receive, send)
            return
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD", "OPTIONS"}:
            await self._app(scope, receive, send)
            return
        if self._is_upload(scope):
            await self._app(scope, receive, send)
            return
        body = await _whole_body(receive)
        if body is None:
            await _refuse(413, "the request is too long", scope, receive, send)
            return
        try:
            payload = json.loads(body) if body.strip() else None
        except (ValueError, RecursionError):
            await _refuse(400, "expected a body of JSON", scope, receive, send)
            return
        if not all(self._is_uploaded(path) for path in _paths(payload)):
            await _refuse(403, "the file was not uploaded here", scope, receive, send)
            return
        await self._app(scope, _replay(body, receive), send)

    @staticmethod
    def _is_upload(scope: Scope) -> bool:
        kind: bytes = dict(scope["headers"]).get(b"content-type", b"")
        path: str = scope["path"].rstrip("/")
        return path.endswith(UPLOAD_ROUTE) and kind.strip().lower().startswith(UPLOAD_TYPE)

    def _is_uploaded(self, path: object) -> bool:
        """Whether a value that stands for a path is a file below the folder, links followed."""
        if path is None:
            return True
        if not isinstance(path, str):
            return False
        try:
            resolved = Path(path).resolve(strict=True)
        except (OSError, RuntimeError, ValueError):  # missing, a circle of links, a null character
            return False
        return resolved.is_relative_to(self._folder)


def _is_fetch(path: str) -> bool:
    """Whether a route is to fetch an address; a drive of Windows is no scheme."""
    for route in FETCH_ROUTES:
        _, found, wanted = path.partition(route)
        if found:
            try:
                scheme = urlsplit(
                    wanted
                ).scheme  # as gradio reads it: without blanks and control characters
            except ValueError:
                return True
            return "proxy" in route or len(scheme) > 1
    return False


def _paths(payload: Any) -> Iterator[object]:
    """Every value under the key `path`, at any depth."""
    waiting = [payload]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if "path" in value:
                yield value["path"]
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


async def _whole_body(receive: Receive) -> bytes | None:
    """The body, or None if it is longer than `MAX_JSON_BYTES`."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":  # the client left
            return bytes(body)
        body += message.get("body", b"")
        if len(body) > MAX_JSON_BYTES:
            return None
        if not message.get("more_body", False):
            return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body again, then what the client sends next."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return waiting.pop() if waiting else await receive()

    return replayed


async def _refuse(status: int, detail: str, scope: Scope, receive: Receive, send: Send) -> None:
    await JSONResponse({"detail": detail}, status)(scope, receive, send)
