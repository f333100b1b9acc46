"""A Wyoming server on a socket, announced on the local network if wanted."""

from __future__ import annotations

import asyncio
import logging
import socket
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from wyoming.server import AsyncServer, AsyncTcpServer, AsyncUnixServer
from zeroconf import ServiceInfo
from zeroconf.asyncio import AsyncZeroconf

from muspeaker.serve.wyoming.protocol import WyomingHandler

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from muspeaker.serve.wyoming.service import WyomingService

_LOGGER = logging.getLogger(__name__)
_SERVICE_KIND = "_wyoming._tcp.local."
_MULTICAST_ADDRESS = "224.0.0.251"


async def serve(
    service: WyomingService, uri: str, told: asyncio.Event, *, zeroconf_name: str | None = None
) -> None:
    """Answer clients until told to stop.

    Signals are the caller's: those of `AsyncServer.run` are heard only after its port is open, and SIGTERM alone.

    Args:
        service: Model and voices to answer with.
        uri: `tcp://HOST:PORT` or `unix://PATH`.
        told: Set to stop.
        zeroconf_name: Announce a TCP server under this name on the local network; None does not.

    Raises:
        ValueError: If the URI is of another kind, or lacks its port.
        OSError: If the address is taken.
    """
    server = AsyncServer.from_uri(uri)
    if not isinstance(server, AsyncTcpServer | AsyncUnixServer):
        raise ValueError(f"expected tcp://HOST:PORT or unix://PATH, got {uri!r}")  # noqa: TRY004 (bad text, not a type)
    async with AsyncExitStack() as stack:
        if zeroconf_name is not None:
            if not isinstance(server, AsyncTcpServer):
                raise ValueError(f"only a tcp:// server can be announced, got {uri!r}")
            await stack.enter_async_context(_announced(zeroconf_name, server.host, server.port))
        _LOGGER.info("Wyoming server on %s", uri)
        await server.start(partial(WyomingHandler, service))
        stack.push_async_callback(server.stop)
        await told.wait()


@asynccontextmanager
async def _announced(name: str, host: str, port: int) -> AsyncGenerator[None]:
    """Announce a server by multicast DNS, and withdraw the announcement at the end."""
    if host in {"0.0.0.0", "::", ""}:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect((_MULTICAST_ADDRESS, 1))  # sends nothing, but picks the interface
            address = probe.getsockname()[0]
    else:
        address = await asyncio.to_thread(socket.gethostbyname, host)
    info = ServiceInfo(
        _SERVICE_KIND, f"{name}.{_SERVICE_KIND}", port, addresses=[socket.inet_aton(address)]
    )
    async with AsyncZeroconf() as zeroconf:
        await zeroconf.async_register_service(info)
        try:
            yield
        finally:
            await zeroconf.async_unregister_service(info)
