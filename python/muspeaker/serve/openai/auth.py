"""Access to the server: the bearer token, names of the server, and pages of other sites."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import socket
from typing import TYPE_CHECKING

from starlette.datastructures import Headers

from muspeaker.serve.openai.errors import error_response

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp, Receive, Scope, Send

OPEN_PATHS = frozenset({"/health"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FOREIGN_SITES = frozenset({"cross-site", "same-site"})
LOCAL_NAME = "localhost"


class BearerAuth:
    """Lets only requests with the token through; /health stays open.

    Args:
        app: Application that is protected.
        token: The secret. Digests of equal length are compared in constant time.
    """

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._digest = _digest(token.encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 401, or pass on."""
        if scope["type"] != "http" or scope["path"] in OPEN_PATHS or self._knows(scope):
            await self._app(scope, receive, send)
            return
        response = error_response(
            401,
            "missing or wrong token: expected the header 'Authorization: Bearer TOKEN'",
            code="invalid_api_key",
            headers={"WWW-Authenticate": "Bearer"},
        )
        await response(scope, receive, send)

    def _knows(self, scope: Scope) -> bool:
        scheme, _, token = Headers(scope=scope).get("authorization", "").partition(" ")
        given = _digest(token.strip().encode("latin-1"))  # as the header was decoded
        return hmac.compare_digest(given, self._digest) and scheme.lower() == "bearer"


class KnownHost:
    """Answers only requests that name this server.

    A page may let its own name point at this machine, and then ask and read as if it came from here (DNS rebinding).
    Its requests carry that name. No name can be made to look like an address, so addresses are always answered.

    Args:
        app: Application that is protected.
        hosts: Names besides `localhost` and the name of this machine.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str]) -> None:
        self._app = app
        own = socket.gethostname()
        self._names = {name.casefold() for name in (LOCAL_NAME, own, f"{own}.local", *hosts)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 421, or pass on."""
        if scope["type"] != "http" or self._knows(Headers(scope=scope).get("host")):
            await self._app(scope, receive, send)
            return
        message = "the request names another host: a server can be told its names by --allow-host"
        await error_response(421, message, code="unknown_host")(scope, receive, send)

    def _knows(self, host: str | None) -> bool:
        if host is None:  # of HTTP/1.0, which no browser speaks
            return True
        name = _name_of(host)
        return name in self._names or _is_address(name)


class SameSite:
    """Refuses requests that a browser sends for a page of another site (cross-site request forgery).

    A page may post a form to any address, this machine's included. Browsers mark such a request with
    `Sec-Fetch-Site` and `Origin`; other clients send no such headers and are served.

    Args:
        app: Application that is protected.
        origins: Sites whose pages are served all the same, such as `https://page.example`.
    """

    def __init__(self, app: ASGIApp, origins: Iterable[str] = ()) -> None:
        self._app = app
        self._origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 403, or pass on."""
        is_change = scope["type"] == "http" and scope["method"] not in SAFE_METHODS
        if is_change and self._is_foreign(Headers(scope=scope)):
            message = "a page of another site may not use this server"
            await error_response(403, message, code="cross_site")(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_foreign(self, headers: Headers) -> bool:
        origin = headers.get("origin")
        if origin in self._origins:
            return False
        if headers.get("sec-fetch-site") in FOREIGN_SITES:
            return True
        return origin is not None and origin.partition("://")[2] != headers.get("host")


def _name_of(host: str) -> str:
    """The name in a Host header, without port and brackets."""
    name = host[: host.find("]") + 1] if host.startswith("[") else host.partition(":")[0]
    rest = host[len(name) :]
    if rest and not (rest[0] == ":" and rest[1:].isdecimal()):
        return ""
    return name.strip("[]").removesuffix(".").casefold()


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _digest(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()
