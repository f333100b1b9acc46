"""The application: endpoints, and the middleware before them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.middleware.cors import CORSMiddleware

import muspeaker
from muspeaker.serve.openai import errors, speech, voices
from muspeaker.serve.openai.auth import BearerAuth, KnownHost, SameSite
from muspeaker.serve.openai.errors import ApiError
from muspeaker.serve.openai.limits import BodyLimit
from muspeaker.serve.openai.metrics import CountRequests
from muspeaker.serve.openai.presence import CLIENT_GONE, ClientGoneError
from muspeaker.serve.openai.service import Service, service_of

if TYPE_CHECKING:
    from muspeaker.serve.openai.settings import Settings
    from muspeaker.tts import Synthesizer

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
    )
    service = Service.of(tts, settings)
    app.state.service = service
    errors.install(app)
    app.add_exception_handler(ClientGoneError, _client_gone)
    app.include_router(router)
    app.include_router(speech.router, prefix="/v1")
    app.include_router(voices.router, prefix="/v1/audio/voices")
    app.include_router(voices.router, prefix="/v1/voices", include_in_schema=False)
    _guard(app, settings)
    app.add_middleware(CountRequests, metrics=service.metrics)
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
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["Authorization", "Content-Type"],
        )
    if settings.token is None or settings.hosts is not None:
        app.add_middleware(KnownHost, hosts=settings.hosts or ())


@router.get("/health")
async def health(service: SharedService) -> dict[str, Any]:
    """Whether the server answers, and with which model. Needs no token."""
    return {"status": "ok", "model": _model_name(service), "version": muspeaker.__version__}


@router.get("/metrics", response_class=Response)
async def metrics(service: SharedService) -> Response:
    """Counters for Prometheus."""
    return Response(service.metrics.text(), media_type=PROMETHEUS_TYPE)


@router.get("/v1/models")
async def list_models(service: SharedService) -> dict[str, Any]:
    """The model that is loaded."""
    return {"object": "list", "data": [_model(service)]}


@router.get("/v1/models/{model_id}")
async def get_model(model_id: str, service: SharedService) -> dict[str, Any]:
    """The model that is loaded, by its name."""
    if model_id != _model_name(service):
        message = f"no model {model_id[:100]!r}: this server has {_model_name(service)!r}"
        raise ApiError(404, message, param="model", code="model_not_found")
    return _model(service)


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
