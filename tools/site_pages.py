"""Pages of the site that stand elsewhere in the repository: the changelog and the licence (a hook of mkdocs)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mkdocs.structure.files import Files

ROOT = Path(__file__).parents[1]


def pages() -> dict[str, str]:
    """Content in Markdown by the name of the page."""
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8").replace("](docs/", "](")
    texts = "\n\n".join(
        f"```text\n{(ROOT / name).read_text('utf-8').rstrip()}\n```"
        for name in ("NOTICE", "LICENSE")
    )
    return {"changelog.md": changelog, "licence.md": f"# Licence\n\n{texts}\n"}


def on_files(files: Files, config: Any) -> Files:
    """Add the pages to those of `docs`."""
    from mkdocs.structure.files import File  # noqa: PLC0415 (an extra)

    for name, content in pages().items():
        files.append(File.generated(config, name, content=content))
    return files
