"""Metrics for Prometheus: counts and times, never texts or voices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from muspeaker.serve.openai.limits import Gate

FACTOR_BUCKETS = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 5.0)
SECONDS_BUCKETS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0, 10.0, 30.0)


class Metrics:
    """The counters of one server, in a registry of their own."""

    def __init__(self, gate: Gate) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "muspeaker_requests_total",
            "Requests answered.",
            ("method", "endpoint", "status"),
            registry=self._registry,
        )
        self.audio_seconds = Counter(
            "muspeaker_audio_seconds_total",
            "Seconds of speech sent.",
            ("format",),
            registry=self._registry,
        )
        self.real_time_factor = Histogram(
            "muspeaker_real_time_factor",
            "Seconds of work, waiting for other requests included, per second of speech.",
            buckets=FACTOR_BUCKETS,
            registry=self._registry,
        )
        self.first_chunk_seconds = Histogram(
            "muspeaker_first_chunk_seconds",
            "Seconds from a request to its first audio, queue included.",
            buckets=SECONDS_BUCKETS,
            registry=self._registry,
        )
        self.disconnects = Counter(
            "muspeaker_disconnects_total",
            "Clients gone before their speech was over.",
            registry=self._registry,
        )
        self._gauge("muspeaker_queue_length", "Requests that wait.").set_function(
            lambda: gate.waiting
        )
        self._gauge("muspeaker_running_requests", "Requests being spoken.").set_function(
            lambda: gate.running
        )

    def text(self) -> bytes:
        """All of them in Prometheus' text format."""
        return generate_latest(self._registry)

    def _gauge(self, name: str, help_text: str) -> Gauge:
        return Gauge(name, help_text, registry=self._registry)


class CountRequests:
    """Counts requests by the function that answered, so that odd paths make no new series."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and count."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = "500"

        async def counting_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, counting_send)
        finally:
            endpoint = getattr(scope.get("endpoint"), "__name__", "none")
            method = scope["method"] if scope["method"] in {"GET", "POST", "DELETE"} else "other"
            self._metrics.requests.labels(method, endpoint, status).inc()
