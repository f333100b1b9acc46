"""Errors as the OpenAI API shapes them, so that its clients raise their own exceptions."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI, Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger("muspeaker.serve")


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


async def _refused(_: Request, error: Exception) -> JSONResponse:
    if isinstance(error, ApiError):
        return error.response()
    assert isinstance(error, HTTPException)
    return error_response(error.status_code, str(error.detail), headers=error.headers)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first: dict[str, Any] = error.errors()[0]
    place = [str(part) for part in first.get("loc", ()) if part != "body"]
    if first.get("type") == "json_invalid":
        return error_response(
            422, f"the body is no JSON: {first['ctx']['error']}", code="json_invalid"
        )
    param = ".".join(place) or None
    message = f"{param}: {first['msg']}" if param else str(first["msg"])
    return error_response(422, message, param, str(first.get("type")))


class AnswerFailures:
    """Answers 500 to an unexpected exception, and logs it.

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
        except Exception:
            if scope["type"] != "http" or has_begun:
                raise
            log.exception("%s %s failed", scope["method"], scope["path"])
            message = "the server failed to answer; its log says why"
            response = error_response(500, message, code="internal_error")
            await response(scope, receive, send)
