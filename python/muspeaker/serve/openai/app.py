"""The application: endpoints, and the middleware before them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import anyio
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse

import muspeaker
from muspeaker.serve.openai import captions, errors, speech, voices
from muspeaker.serve.openai.auth import BearerAuth, KnownHost, SameSite
from muspeaker.serve.openai.errors import METHODS, refusals
from muspeaker.serve.openai.limits import BodyLimit
from muspeaker.serve.openai.metrics import CountRequests
from muspeaker.serve.openai.presence import CLIENT_GONE, ClientGoneError
from muspeaker.serve.openai.service import Service, service_of

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from muspeaker.serve.openai.settings import Settings
    from muspeaker.tts import Synthesizer

HEALTH_SECONDS = 10.0
PROMETHEUS_TYPE = "text/plain; version=0.0.4; charset=utf-8"

router = APIRouter()
SharedService = Annotated[Service, Depends(service_of)]


def create_app(tts: Synthesizer, settings: Settings) -> FastAPI:
    """The server's application, for uvicorn or another ASGI server, in one process.

    Args:
        tts: Model that speaks.
        settings: Limits, token and data folder.
    """
    app = FastAPI(
        title="muspeaker",
        version=muspeaker.__version__,
        description="Text to speech, as the OpenAI API offers it.",
        docs_url=None,  # its page loads scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        responses=refusals(401, 403, 421, 422),
    )
    service = Service.of(tts, settings)
    app.state.service = service
    errors.install(app)
    app.add_exception_handler(ClientGoneError, _client_gone)
    app.include_router(router)
    app.include_router(captions.router)
    app.include_router(speech.router, prefix="/v1")
    app.include_router(voices.router, prefix="/v1/audio/voices")
    app.include_router(voices.router, prefix="/v1/voices", include_in_schema=False)
    _guard(app, settings)
    app.add_middleware(CountRequests, metrics=service.metrics)
    app.add_middleware(HeadAsGet)
    return app


def _guard(app: FastAPI, settings: Settings) -> None:
    """What a request passes before it is answered; the last that is added comes first."""
    app.add_middleware(
        BodyLimit, max_bytes=settings.max_upload_bytes, seconds=settings.body_seconds
    )
    app.add_middleware(SameSite, origins=settings.origins)
    if settings.token is not None:
        app.add_middleware(BearerAuth, token=settings.token)
    if settings.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.origins,
            allow_methods=METHODS,
            allow_headers=["Authorization", "Content-Type"],
        )
    if settings.token is None or settings.hosts is not None:
        app.add_middleware(KnownHost, hosts=settings.hosts or ())


@router.get("/health", responses=refusals(503))
async def health(service: SharedService) -> JSONResponse:
    """Whether the engine speaks, and with which model. Needs no token."""
    try:
        with anyio.fail_after(HEALTH_SECONDS):
            speaks = await service.in_thread(service.health.check)
    except TimeoutError:
        speaks = False
    body = {"model": _model_name(service), "version": muspeaker.__version__}
    if speaks:
        return JSONResponse({"status": "ok"} | body)
    return JSONResponse({"status": "failing"} | body, status_code=503)


@router.get("/metrics", response_class=Response)
async def metrics(service: SharedService) -> Response:
    """Counters for Prometheus."""
    return Response(service.metrics.text(), media_type=PROMETHEUS_TYPE)


@router.get("/v1/models")
async def list_models(service: SharedService) -> dict[str, Any]:
    """The model that is loaded."""
    return {"object": "list", "data": [_model(service)]}


@router.get("/v1/audio/models")
async def list_audio_models(service: SharedService) -> dict[str, Any]:
    """The model that is loaded, as Open WebUI asks for it."""
    name = _model_name(service)
    return {"models": [{"id": name, "name": name}]}


@router.get("/v1/models/{model_id:path}")
async def get_model(model_id: str, service: SharedService) -> dict[str, Any]:
    """The model that is loaded, by any name: requests may name any, too."""
    return _model(service) | {"id": model_id}


class HeadAsGet:
    """Answers HEAD as GET; the HTTP server leaves the body out."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on."""
        if scope["type"] == "http" and scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}
        await self._app(scope, receive, send)


async def _client_gone(request: Request, _: Exception) -> Response:
    service_of(request).metrics.disconnects.inc()
    return Response(status_code=CLIENT_GONE)


def _model(service: Service) -> dict[str, Any]:
    name = _model_name(service)
    fingerprint = service.tts.fingerprint
    return {"id": name, "object": "model", "created": 0, "owned_by": "muspeaker"} | {
        "fingerprint": fingerprint,
        "languages": list(service.tts.languages),
        "sample_rate": service.tts.sample_rate,
    }


def _model_name(service: Service) -> str:
    return f"muspeaker-{service.tts.config.get('name', 'model')}"
