"""Connections that only wait: cut off, and no more than the process can hold."""

from __future__ import annotations

import asyncio  # noqa: TC003 (uvicorn's signatures)

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from muspeaker.serve.descriptors import connection_limit


class BoundedConnection(H11Protocol):
    """An HTTP connection that a client cannot hold without asking or reading.

    uvicorn waits for ever for the headers of a request, and for a client to read the end of an answer. Once the
    application has the request, its own limits count.

    Attributes:
        headers_seconds: Time for the headers of a request, from the opening or from the answer before.
        stall_seconds: Time in which a client must read something of an answer.
        max_connections: Number of connections. The next is closed at once.
        tick_seconds: Time between two looks at a connection.
    """

    headers_seconds = 5.0
    stall_seconds = 30.0
    max_connections = 512
    tick_seconds = 1.0

    _tick: asyncio.TimerHandle | None = None
    _since = 0.0  # when this connection last did what it is there for
    _unread_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, or close it if there are too many."""
        super().connection_made(transport)
        if len(self.connections) > self.max_connections:
            self.logger.warning("%d connections: another is refused", self.max_connections)
            transport.abort()
            return
        self._since = self.loop.time()
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """Look no more."""
        super().connection_lost(exc)
        if self._tick is not None:
            self._tick.cancel()

    def _look(self) -> None:
        now = self.loop.time()
        before, self._unread_bytes = self._unread_bytes, self.transport.get_write_buffer_size()
        cycle: RequestResponseCycle | None = self.cycle
        is_answering = cycle is not None and not cycle.response_complete
        if is_answering or self._unread_bytes < before:
            self._since = now
        patience = self.stall_seconds if self._unread_bytes else self.headers_seconds
        if now - self._since >= patience:
            self.transport.abort()
            return
        self._tick = self.loop.call_later(self.tick_seconds, self._look)


def connection_class(max_connections: int, stall_seconds: float) -> type[BoundedConnection]:
    """Connections with these limits, and at most half as many as the process may have descriptors."""
    limits = {
        "max_connections": connection_limit(max_connections),
        "stall_seconds": stall_seconds,
    }
    return type("Connection", (BoundedConnection,), limits)
