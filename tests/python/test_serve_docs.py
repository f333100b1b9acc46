"""The examples of docs/serve.md against a real server."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import av
import pytest

import muspeaker
from muspeaker.serve.openai.settings import Settings
from tests.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).parents[2] / "docs" / "serve.md"
ADDRESS = "http://127.0.0.1:8000"


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server, and a recording in the folder where the examples run."""
    tts = muspeaker.load(num_threads=1)
    monkeypatch.chdir(tmp_path)
    tts.synthesize("A few seconds of a voice.", muspeaker.Voice.builtin()).save("reference.wav")
    with serving(tts, Settings(data_folder=tmp_path / "data")) as client:
        yield str(client.base_url).removesuffix("/v1/")


def blocks(language: str, address: str) -> list[str]:
    found = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    return [
        block.replace(ADDRESS, address) for block in found if ADDRESS in block or "client." in block
    ]


def seconds(path: str) -> float:
    with av.open(path) as container:
        rate_hz = container.streams.audio[0].rate
        return sum(frame.samples for frame in container.decode(audio=0)) / rate_hz


def test_python(address: str) -> None:
    code = "\n".join(blocks("python", address))
    assert code.count("client.audio.") == 4
    names: dict[str, object] = {}
    exec(compile(code, str(PAGE), "exec"), names)  # noqa: S102 (our own page)
    names["client"].close()  # type: ignore[attr-defined]
    assert seconds("speech.wav") > 1
    assert seconds("hello.mp3") > 0.2


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
def test_curl(address: str) -> None:
    lines = [
        line.removeprefix("$ ")
        for block in blocks("console", address)
        for line in block.splitlines()
        if line.startswith("$ curl")
    ]
    assert len(lines) == 3
    said = [
        subprocess.run(
            line, shell=True, capture_output=True, text=True, check=True, timeout=120
        ).stdout
        for line in lines
    ]
    assert seconds("hello.mp3") > 0.2
    assert '"name":"Anna"' in said[1]
    assert said[1].removesuffix("}")[:40] in said[2]
