"""Limits that protect a server: the size of bodies, and the queue."""

from __future__ import annotations

import math
import time
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import anyio
from starlette.datastructures import Headers

from muspeaker.serve.openai.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_JSON_BYTES = 256 * 1024
DRAIN_BYTES = 64 * 1024 * 1024
MAX_RETRY_SECONDS = 60


class BodyLimit:
    """Answers 413 to a body over the limit, whether it declares its size or not.

    A client that is still sending when its connection is closed may never read the answer. So up to 64 MiB
    of the remaining body are read and dropped first, unless the client waits for `100 Continue`.

    Args:
        app: Application that is protected.
        max_bytes: Largest multipart body. Other bodies may have 256 KiB.
        seconds: Time in which a whole body must arrive. A slower one is answered 408.
    """

    def __init__(self, app: ASGIApp, max_bytes: int, seconds: float) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 413, or pass on with a body that is watched."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        is_form = headers.get("content-type", "").startswith("multipart/form-data")
        body = _Body(receive, self._max_bytes if is_form else MAX_JSON_BYTES, self._seconds)
        declared = headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > body.max_bytes:
            with suppress(ApiError):  # the client was too slow; the answer is the same
                if headers.get("expect", "").lower() != "100-continue":
                    await body.drain()
            await body.too_large().response()(scope, receive, send)
            return
        await self._app(scope, body.receive, send)


class _Body:
    """The body of one request as it arrives."""

    def __init__(self, receive: Receive, max_bytes: int, seconds: float) -> None:
        self._receive = receive
        self._deadline = time.monotonic() + seconds
        self._num_bytes = 0
        self._complete = False
        self.max_bytes = max_bytes

    async def receive(self) -> Message:
        """The next message; raises ApiError where it goes over a limit."""
        if self._complete:
            return await self._receive()
        message = await self._timed()
        if message["type"] != "http.request":
            return message
        self._complete = not message.get("more_body", False)
        self._num_bytes += len(message.get("body", b""))
        if self._num_bytes > self.max_bytes:
            await self.drain()
            raise self.too_large()
        return message

    async def drain(self) -> None:
        """Read and drop what still comes, within bounds."""
        num_bytes = 0
        while not self._complete and num_bytes < DRAIN_BYTES:
            message = await self._timed()
            if message["type"] != "http.request":
                return
            num_bytes += len(message.get("body", b""))
            self._complete = not message.get("more_body", False)

    def too_large(self) -> ApiError:
        """The answer to a body over the limit."""
        message = f"the body is too large: expected at most {self.max_bytes} bytes"
        return ApiError(413, message, code="request_too_large", headers={"Connection": "close"})

    async def _timed(self) -> Message:
        try:
            with anyio.fail_after(max(0.0, self._deadline - time.monotonic())):
                return await self._receive()
        except TimeoutError:
            message = "the body took too long to arrive"
            raise ApiError(408, message, headers={"Connection": "close"}) from None


class Gate:
    """Lets a number of requests run at the same time and a number wait, first come first served.

    Attributes:
        running: Requests inside.
        waiting: Requests in the queue.
    """

    def __init__(self, max_running: int, max_waiting: int) -> None:
        self._slots = anyio.Semaphore(max_running)
        self._max_running = max_running
        self._max_waiting = max_waiting
        self._typical_seconds = 1.0
        self.running = 0
        self.waiting = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a place and hold it.

        Raises:
            ApiError: With status 429 and Retry-After, if the queue is full.
        """
        if self._slots.value == 0 and self.waiting >= self._max_waiting:
            seconds = self.retry_seconds()
            raise ApiError(
                429,
                f"the queue is full ({self.waiting} waiting): try again in {seconds} s",
                code="queue_full",
                headers={"Retry-After": str(seconds)},
            )
        self.waiting += 1
        try:
            await self._slots.acquire()
        finally:
            self.waiting -= 1
        self.running += 1
        start = time.monotonic()
        try:
            yield
        finally:
            self.running -= 1
            self._slots.release()
            self._typical_seconds += 0.1 * (time.monotonic() - start - self._typical_seconds)

    def retry_seconds(self) -> int:
        """When a place may be free: the length of the queue at the pace of the last requests."""
        seconds = self._typical_seconds * (self.waiting + 1) / self._max_running
        return min(MAX_RETRY_SECONDS, max(1, math.ceil(seconds)))
