"""Errors as the OpenAI API shapes them, so that its clients raise their own exceptions."""

from __future__ import annotations

import errno
import logging
import sqlite3
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.routing import Match

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI, Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
UNUSABLE = frozenset(
    {errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.EMFILE, errno.ENFILE}
)
WHERE = "the API is below /v1, as in POST /v1/audio/speech, and /openapi.json lists it"
NO_OBJECT = "expected a JSON object as the body, with Content-Type: application/json"
METHODS = ("GET", "POST", "DELETE")  # that any route takes
MAX_SHOWN = 100  # characters of what the client sent

log = logging.getLogger("muspeaker.serve")


class Reason(BaseModel):
    """Why a request is refused."""

    message: str
    type: str
    param: str | None
    code: str | None


class Refusal(BaseModel):
    """The body of every answer that is no success."""

    error: Reason


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Answers of these statuses for the description of an endpoint."""
    return {status: {"model": Refusal} for status in statuses}


class ApiError(HTTPException):
    """A request that is refused, with the reason.

    Args:
        status: HTTP status.
        message: Reason for people to read.
        param: Field at fault.
        code: Reason for programs to compare.
        headers: Headers of the response.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, message, headers)
        self.param = param
        self.code = code

    def response(self) -> JSONResponse:
        """The HTTP response."""
        return error_response(self.status_code, self.detail, self.param, self.code, self.headers)


def error_response(
    status: int,
    message: str,
    param: str | None = None,
    code: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """`{"error": {"message", "type", "param", "code"}}` with a status."""
    kind = "invalid_request_error" if status < 500 else "server_error"
    if status == 429:
        kind = "rate_limit_error"
    message = message.encode("utf-8", "backslashreplace").decode()
    body = {"error": {"message": message, "type": kind, "param": param, "code": code}}
    return JSONResponse(
        body, status_code=status, headers=None if headers is None else dict(headers)
    )


def install(app: FastAPI) -> None:
    """Answer every failure of the app in this shape."""
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_middleware(AnswerFailures)


async def _refused(request: Request, error: Exception) -> JSONResponse:
    if isinstance(error, ApiError):
        return error.response()
    assert isinstance(error, HTTPException)
    message, path = str(error.detail), request.url.path[:MAX_SHOWN]
    if error.status_code == 404:
        message = f"there is no {path!r}: {WHERE}"
    elif error.status_code == 405:
        allowed = _allowed(request)
        message = f"{path!r} takes {allowed}, got {request.method}: {WHERE}"
        return error_response(405, message, headers={"Allow": allowed})
    return error_response(error.status_code, message, headers=error.headers)


def _allowed(request: Request) -> str:
    """Methods of all routes of a path; the error names those of the first alone."""
    scopes = {method: {**request.scope, "method": method} for method in METHODS}
    return ", ".join(
        method
        for method, scope in scopes.items()
        if any(route.matches(scope)[0] == Match.FULL for route in request.app.routes)
    )


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first: dict[str, Any] = error.errors()[0]
    place = [str(part) for part in first.get("loc", ()) if part != "body"]
    if first.get("type") == "json_invalid":
        return error_response(
            422, f"the body is no JSON: {first['ctx']['error']}", code="json_invalid"
        )
    if not place and first.get("type") == "model_attributes_type":
        got = request.headers.get("Content-Type", "none")[:MAX_SHOWN]
        return error_response(422, f"{NO_OBJECT}, got {got}", code="json_invalid")
    param = ".".join(place) or None
    message = f"{param}: {first['msg']}" if param else str(first["msg"])
    return error_response(422, message, param, str(first.get("type")))


class AnswerFailures:
    """Answers an unexpected exception with 500, or what fits a failing disk, and logs it.

    A response that has begun is cut off instead, so that no client takes half of it for the whole.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and catch."""
        has_begun = False

        async def watching_send(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, watching_send)
        except Exception as error:
            if scope["type"] != "http" or has_begun:
                raise
            log.exception("%s %s failed", scope["method"], scope["path"])
            await _failed(error)(scope, receive, send)


def _failed(error: Exception) -> JSONResponse:
    """507 where the disk is full, 503 where files cannot be used, else 500."""
    is_database = isinstance(error, sqlite3.OperationalError)
    number = error.errno if isinstance(error, OSError) else None
    if number in FULL or (is_database and "full" in str(error)):
        message = "the server's disk is full: nothing was stored"
        return error_response(507, message, code="storage_full")
    if number in UNUSABLE or is_database:
        message = "the server cannot use its files now; its log says why"
        return error_response(503, message, code="storage_unusable")
    message = "the server failed to answer; its log says why"
    return error_response(500, message, code="internal_error")
