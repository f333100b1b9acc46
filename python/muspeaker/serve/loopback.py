"""Addresses that only this machine can reach."""

from __future__ import annotations

LOOPBACK_HOSTS = ("127.0.0.1", "::1", "localhost")


def url_of(host: str, port: int) -> str:
    """URL of a server on this host and port; an IPv6 address stands in brackets (RFC 3986, 3.2.2)."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
