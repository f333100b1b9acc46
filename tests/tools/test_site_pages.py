"""The changelog and the licence as pages of the site."""

from __future__ import annotations

import re
from pathlib import Path

from tools.site_pages import ROOT, pages


def test_links_of_the_changelog_are_those_of_the_site() -> None:
    prose = re.sub(r"`[^`]*`", "", pages()["changelog.md"])
    found = re.findall(r"\]\((?!https?:)([^)#]+)", prose)
    assert "troubleshooting.md" in found
    for link in found:
        assert (ROOT / "docs" / link).is_file(), link


def test_the_licence_is_whole() -> None:
    page = pages()["licence.md"]
    for name in ("LICENSE", "NOTICE"):
        assert Path(ROOT / name).read_text().strip() in page


def test_the_site_has_both() -> None:
    settings = (ROOT / "mkdocs.yml").read_text()
    assert "tools/site_pages.py" in settings
    for name in pages():
        assert name in settings
