"""The Wyoming server says on the local network that it is there."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from zeroconf import ServiceInfo, Zeroconf

from muspeaker.serve.voice_folder import VoiceFolder
from muspeaker.serve.wyoming.server import serve
from muspeaker.serve.wyoming.service import WyomingService
from tests.wyoming_client import free_port

if TYPE_CHECKING:
    from pathlib import Path

    from muspeaker.tts import Synthesizer
    from muspeaker.voice import Voice


def _found(zeroconf: Zeroconf, name: str, milliseconds: int = 5000) -> Any:
    kind = "_wyoming._tcp.local."
    return zeroconf.get_service_info(kind, f"{name}.{kind}", timeout=milliseconds)


def test_home_assistant_can_find_it(tts: Synthesizer, voice: Voice, tmp_path: Path) -> None:
    voice.save(tmp_path / "anna.voice")
    port = free_port()

    async def run() -> Any:
        service = WyomingService(tts, VoiceFolder(tts.fingerprint, tmp_path))
        serving = asyncio.create_task(
            serve(
                service,
                f"tcp://127.0.0.1:{port}",
                asyncio.Event(),
                zeroconf_name=f"muspeaker-{port}",
            )
        )
        with Zeroconf(interfaces=["127.0.0.1"]) as zeroconf:
            found = await asyncio.to_thread(_found, zeroconf, f"muspeaker-{port}", 30_000)
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving
        return found

    control = ServiceInfo(
        "_wyoming._tcp.local.",
        f"control-{port}._wyoming._tcp.local.",
        port,
        addresses=[b"\x7f\0\0\1"],
    )
    with Zeroconf(interfaces=["127.0.0.1"]) as announcer:
        announcer.register_service(control)
        with Zeroconf(interfaces=["127.0.0.1"]) as zeroconf:
            if _found(zeroconf, f"control-{port}") is None:
                pytest.skip("no multicast on this machine")
    found = asyncio.run(run())
    assert (found.parsed_addresses(), found.port) == (["127.0.0.1"], port)


def test_only_a_tcp_server_can_be_announced(tts: Synthesizer, voice: Voice, tmp_path: Path) -> None:
    voice.save(tmp_path / "anna.voice")
    service = WyomingService(tts, VoiceFolder(tts.fingerprint, tmp_path))
    with pytest.raises(ValueError, match="only a tcp:// server"):
        asyncio.run(
            serve(service, f"unix://{tmp_path}/socket", asyncio.Event(), zeroconf_name="muspeaker")
        )
