"""Connections that only wait: cut off, and no more than the process can hold."""

from __future__ import annotations

import asyncio
import logging
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from muspeaker.serve.descriptors import connection_limit

if TYPE_CHECKING:
    from collections.abc import Awaitable

MAX_EVENT_BYTES = 1_000_000
_LOGGER = logging.getLogger(__name__)
_T = TypeVar("_T")


class Connections:
    """The open connections of a server.

    A client may be silent between events for as long as it likes, as Home Assistant may be. It may not stop in the
    middle of one, nor leave unread what waits for it, even after its connection was closed.

    Attributes:
        event_seconds: Time for an event, from its first byte to its last.
        stall_seconds: Time in which a client must read something.
        max_connections: Number of connections. The next is closed at once.
        tick_seconds: Time between two looks at a connection.
    """

    event_seconds = 30.0
    stall_seconds = 30.0
    max_connections = 512
    tick_seconds = 1.0

    def __init__(self) -> None:
        self._most = connection_limit(self.max_connections)
        self._watches: set[asyncio.Task[None]] = set()
        self._is_full = False

    def take(self, writer: asyncio.StreamWriter) -> bool:
        """Take a connection, or close it if there are too many, with one warning until one is taken again."""
        if len(self._watches) >= self._most:
            if not self._is_full:
                _LOGGER.warning("%d connections: others are refused", self._most)
            self._is_full = True
            writer.transport.abort()
            return False
        self._is_full = False
        with suppress(OSError):  # it may have left already
            # a client whose machine was switched off is noticed, if hours later
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        watch = asyncio.create_task(self._watch(writer))
        self._watches.add(watch)
        watch.add_done_callback(self._watches.discard)
        return True

    async def _watch(self, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        closed = asyncio.create_task(writer.wait_closed())
        unread_bytes, since = 0, loop.time()
        while not closed.done():
            before, unread_bytes = unread_bytes, writer.transport.get_write_buffer_size()
            if not unread_bytes or unread_bytes != before:
                since = loop.time()
            elif loop.time() - since >= self.stall_seconds:
                writer.transport.abort()
            await asyncio.wait([closed], timeout=self.tick_seconds)
        with suppress(OSError):
            await closed


class EventReader:
    """A reader that refuses an event over the size limit before waiting for its bytes, and waits for no half of one.

    Args:
        reader: Where the bytes come from.
        seconds: Time for an event, from its first byte to its last.
    """

    def __init__(self, reader: asyncio.StreamReader, seconds: float) -> None:
        self._reader = reader
        self._seconds = seconds
        self._ends = 0.0
        self.feed_eof = reader.feed_eof

    async def readline(self) -> bytes:
        """The line that an event begins with; its first byte may come at any time."""
        first = await self._reader.read(1)
        self._ends = asyncio.get_running_loop().time() + self._seconds
        if first in {b"", b"\n"}:
            return first
        return first + await self._in_time(self._reader.readline())

    async def readexactly(self, num_bytes: int) -> bytes:
        """Further bytes of the event.

        Raises:
            TypeError: If they are too many.
            ConnectionError: If they do not come in time.
        """
        if num_bytes > MAX_EVENT_BYTES:
            raise TypeError(
                f"expected an event of at most {MAX_EVENT_BYTES} bytes, got {num_bytes}"
            )
        return await self._in_time(self._reader.readexactly(num_bytes))

    async def _in_time(self, reading: Awaitable[_T]) -> _T:
        try:
            async with asyncio.timeout_at(self._ends):
                return await reading
        except TimeoutError:
            raise ConnectionAbortedError("the client stopped in the middle of an event") from None
