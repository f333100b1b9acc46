"""Access to the server: the bearer token, and pages of other sites."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

from starlette.datastructures import Headers

from muspeaker.serve.openai.errors import error_response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

OPEN_PATHS = frozenset({"/health"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FOREIGN_SITES = frozenset({"cross-site", "same-site"})


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


class SameSite:
    """Refuses requests that a browser sends for a page of another site (cross-site request forgery).

    A page may post a form to any address, this machine's included. Browsers mark such a request with
    `Sec-Fetch-Site`; other clients send no such header and are served.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 403, or pass on."""
        is_change = scope["type"] == "http" and scope["method"] not in SAFE_METHODS
        if is_change and Headers(scope=scope).get("sec-fetch-site") in FOREIGN_SITES:
            message = "a page of another site may not use this server"
            await error_response(403, message, code="cross_site")(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _digest(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()
