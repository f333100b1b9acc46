"""The voices: list, clone from an upload, delete."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import anyio
from fastapi import APIRouter, Depends, Request
from starlette.datastructures import UploadFile

from muspeaker.serve.openai.errors import ApiError, refusals
from muspeaker.serve.openai.presence import while_present
from muspeaker.serve.openai.service import Service, service_of
from muspeaker.serve.openai.store import (
    MAX_NAME_CHARACTERS,
    NameTakenError,
    StoredVoice,
    StoreFullError,
    checked_name,
    folded,
)
from muspeaker.serve.openai.uploads import read_recording
from muspeaker.sound.prompt import troubles
from muspeaker.sound.recording import PROMPT_ADVICE, read_prompt
from muspeaker.voice import MAX_NOTE_CHARACTERS, Voice

if TYPE_CHECKING:
    from starlette.datastructures import FormData

MAX_FIELDS = 10
MAX_FIELD_BYTES = 16 * 1024
REFUSALS = frozenset({"", "0", "false", "no", "none", "null", "off"})

FORM = {
    "schema": {
        "type": "object",
        "required": ["audio_sample", "name", "consent"],
        "properties": {
            "audio_sample": {"type": "string", "format": "binary", "description": PROMPT_ADVICE},
            "name": {"type": "string", "minLength": 1, "maxLength": MAX_NAME_CHARACTERS},
            "consent": {"type": "string", "minLength": 1, "maxLength": MAX_NOTE_CHARACTERS},
        },
    }
}

router = APIRouter()
SharedService = Annotated[Service, Depends(service_of)]


@router.get("")
async def list_voices(service: SharedService) -> dict[str, Any]:
    """Every voice, the built-in ones first. `voices` holds only names and identifiers."""
    listed = await service.in_thread(_described_all, service)
    names = [{"id": voice["id"], "name": voice["name"]} for voice in listed if voice["usable"]]
    return {"object": "list", "data": listed, "has_more": False, "voices": names}


@router.get("/{voice_id}", responses=refusals(404, 422))
async def get_voice(voice_id: str, service: SharedService) -> dict[str, Any]:
    """One voice with its consent."""
    row = await service.in_thread(service.store.find, voice_id)
    if row is not None and row.id == voice_id:
        return _described(service, row) | {"consent": row.consent}
    if voice_id in Voice.builtin_names():
        return _described_builtin(service, voice_id)
    raise _unknown(voice_id)


@router.post(
    "",
    responses=refusals(400, 408, 409, 413, 422, 429, 500, 503, 507),
    openapi_extra={"requestBody": {"required": True, "content": {"multipart/form-data": FORM}}},
)
async def create_voice(request: Request, service: SharedService) -> dict[str, Any]:
    """Clone a voice from `audio_sample`, under `name`, with the speaker's `consent` (multipart)."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise ApiError(422, "expected multipart/form-data with audio_sample, name and consent")
    async with request.form(
        max_files=1, max_fields=MAX_FIELDS, max_part_size=MAX_FIELD_BYTES
    ) as form:
        consent = _consent(form)
        name = _name(form)
        sample = form.get("audio_sample")
        if not isinstance(sample, UploadFile):
            raise _invalid("audio_sample", f"expected a recording of one speaker, {PROMPT_ADVICE}")
        row, found = await while_present(request, lambda: _added(service, sample, name, consent))
    return _described(service, row) | {"warnings": found}


@router.delete("/{voice_id}", responses=refusals(403, 404, 422, 503))
async def delete_voice(voice_id: str, service: SharedService) -> dict[str, Any]:
    """Delete a voice."""
    if voice_id in Voice.builtin_names():
        raise ApiError(403, f"voice {voice_id!r} is built in: it stays", code="voice_built_in")
    if not await service.in_thread(service.store.delete, voice_id):
        raise _unknown(voice_id)
    return {"id": voice_id, "deleted": True, "object": "audio.voice.deleted"}


async def _added(
    service: Service, sample: UploadFile, name: str, consent: str
) -> tuple[StoredVoice, list[str]]:
    """Read the recording, clone and store; a client that left meanwhile gets no voice.

    Returns:
        The voice, and what is wrong with the recording.
    """
    async with service.gate.turn():
        try:
            with anyio.CancelScope(shield=True):  # the file is closed once this request ends
                recording = await service.in_thread(read_recording, sample.file)
            clone = partial(service.tts.clone, recording, name=name, consent=consent)
            voice = await service.in_thread(clone)
            found = await service.in_thread(lambda: troubles(*read_prompt(recording)))
        except ValueError as error:
            raise _invalid("audio_sample", str(error)) from error
        row = await service.in_thread(_stored, service, voice, name, consent)
        return row, [f"the recording {trouble}" for trouble in found]


def _stored(service: Service, voice: Voice, name: str, consent: str) -> StoredVoice:
    try:
        return service.store.add(voice, name, consent)
    except NameTakenError as error:
        raise ApiError(409, str(error), param="name", code="name_taken") from error
    except StoreFullError as error:
        raise ApiError(409, f"{error}: delete one first", code="too_many_voices") from error


def _consent(form: FormData) -> str:
    consent = form.get("consent")
    if not isinstance(consent, str) or consent.strip().lower() in REFUSALS:
        raise ApiError(
            422,
            "consent is missing: clone only a voice whose speaker agreed to it, and state here who "
            "agreed, and how",
            param="consent",
            code="consent_required",
        )
    if len(consent) > MAX_NOTE_CHARACTERS:
        raise _invalid("consent", f"expected at most {MAX_NOTE_CHARACTERS} characters")
    return consent.strip()


def _name(form: FormData) -> str:
    name = form.get("name")
    if not isinstance(name, str):
        raise _invalid("name", "expected the name of the voice")
    try:
        name = checked_name(name)
    except ValueError as error:
        raise _invalid("name", str(error)) from error
    if folded(name) in Voice.builtin_names():
        raise ApiError(409, f"{name!r} is a built-in voice", param="name", code="name_taken")
    return name


def _described_all(service: Service) -> list[dict[str, Any]]:
    builtin = [_described_builtin(service, name) for name in Voice.builtin_names()]
    return builtin + [_described(service, row) for row in service.store.all()]


def _described(service: Service, row: StoredVoice) -> dict[str, Any]:
    reason = service.unusable(row)
    voice = _description(row.id, row.name, row.created_at)
    return voice | {"built_in": False, "usable": reason is None, "reason": reason}


def _described_builtin(service: Service, name: str) -> dict[str, Any]:
    reason = service.foreign(Voice.builtin(name).fingerprint)
    voice = _description(name, name, 0)
    return voice | {"built_in": True, "usable": reason is None, "reason": reason}


def _description(voice_id: str, name: str, created_at: int) -> dict[str, Any]:
    kind = {"object": "audio.voice", "type": "audio_sample"}
    return {"id": voice_id, "name": name, "created_at": created_at, **kind}


def _invalid(param: str, message: str) -> ApiError:
    return ApiError(422, f"{param}: {message}", param=param, code="invalid_value")


def _unknown(voice_id: str) -> ApiError:
    return ApiError(404, f"no voice {voice_id[:100]!r}", param="voice_id", code="voice_not_found")
