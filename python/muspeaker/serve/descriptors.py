"""How many connections a server may hold, so that it does not run out of descriptors."""

from __future__ import annotations

# Of the descriptors that the process may open; files and sockets of its own need the rest.
DESCRIPTOR_SHARE = 0.5


def connection_limit(max_connections: int) -> int:
    """A number of connections, but at most half as many as the process may have descriptors."""
    return int(max(1, min(max_connections, DESCRIPTOR_SHARE * _max_descriptors())))


def _max_descriptors() -> float:
    try:
        import resource  # noqa: PLC0415 (Windows has no such module; at the top, servers would not start there)
    except ImportError:
        return float("inf")
    limit: int = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return float("inf") if limit == resource.RLIM_INFINITY else limit
