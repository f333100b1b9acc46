"""The samples of the site: each is there, sounds, and is found from a plain folder and under any path."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest
import soundfile

pytest.importorskip("mkdocs", reason="needs muspeaker[docs]")

from mkdocs.commands.build import build
from mkdocs.config import load_config

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "samples.md"
_SETTING = re.compile(r"^use_directory_urls: \w+", re.MULTILINE)
_SOURCE = re.compile(r'<audio[^>]* src="([^"]+)"')
_OUTPUT = re.compile(r"-o (\w+\.ogg)\n```\n\n<audio controls src=\"[./]*samples/(\w+\.ogg)\">")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page as the project's settings build it, without its theme."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(PAGE.parent / "samples", folder / "docs" / "samples")
    shutil.copy(PAGE, folder / "docs")
    (folder / "docs" / "index.md").write_text("# Home\n")
    setting = _SETTING.search((ROOT / "mkdocs.yml").read_text("utf-8"))
    (folder / "mkdocs.yml").write_text(f"site_name: x\n{setting[0] if setting else ''}\n")
    build(load_config(str(folder / "mkdocs.yml")))
    return folder / "site"


def test_every_player_finds_its_file_beside_the_page(site: Path) -> None:
    (page,) = (path for path in site.rglob("*.html") if "<audio" in path.read_text("utf-8"))
    sources = _SOURCE.findall(page.read_text("utf-8"))
    assert len(sources) > 10
    found = set()
    for source in sources:
        assert not urlsplit(source).scheme
        assert not source.startswith("/")
        target = (page.parent / unquote(source)).resolve()
        assert target.is_relative_to(site.resolve()), source
        samples, rate_hz = soundfile.read(target)
        assert len(samples) > rate_hz
        assert np.abs(samples).max() > 0.05
        found.add(target.name)
    assert found == {path.name for path in (PAGE.parent / "samples").iterdir()}


def test_each_player_stands_below_the_command_that_wrote_it() -> None:
    text = PAGE.read_text("utf-8")
    pairs = _OUTPUT.findall(re.sub(r" \|\s*\\\n|\\\n\s*", " ", text))
    assert len(pairs) == len(_SOURCE.findall(text))
    assert all(written == played for written, played in pairs)
