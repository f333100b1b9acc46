"""Training's own house rules: which module may import which, and where the audio sizes come from."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from muspeaker.train.command import HELP, STAGES

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "python" / "muspeaker" / "train"
PREFIX = "muspeaker.train."
# What each part may import of the others, besides itself.
MAY_IMPORT = {
    "loop": set(),
    "corpus": {"loop"},
    "losses": {"loop", "corpus"},
    "acoustic_pass": {"loop", "corpus", "losses"},
    "acoustic_trainer": {"loop", "corpus", "losses", "acoustic_pass"},
    "convert_weights": set(),
    "stages": {"loop", "corpus", "losses", "acoustic_pass", "acoustic_trainer", "convert_weights"},
    "command": set(),
}


def imports_of(text: str) -> set[str]:
    """Modules of training that a source imports, by their names below `muspeaker.train`."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module:
            base = node.module
            found |= {f"{base}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {name.removeprefix(PREFIX) for name in found if name.startswith(PREFIX)}


def wrong_imports(part: str, text: str) -> set[str]:
    """Imports of a module of a part that the part may not have."""
    allowed = MAY_IMPORT[part] | ({part} if part != "stages" else set())
    return {name for name in imports_of(text) if name.partition(".")[0] not in allowed}


def modules() -> list[Path]:
    return [p for p in sorted(PACKAGE.rglob("*.py")) if not p.name.startswith("__")]


@pytest.mark.parametrize("path", modules(), ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_imports_point_one_way(path):
    part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    assert not wrong_imports(part, path.read_text(encoding="utf-8"))


def test_a_wrong_import_is_seen():
    line = "from muspeaker.train.stages.align import main"
    for part in MAY_IMPORT:
        assert wrong_imports(part, line) == {"stages.align.main"}
    inside = "def f():\n    import muspeaker.train.losses.vocoder"
    assert wrong_imports("corpus", inside) == {"losses.vocoder"}
    assert not wrong_imports("stages", inside)


def test_every_stage_is_a_file_of_its_name():
    files = {path.stem for path in (PACKAGE / "stages").glob("*.py")} - {"__init__"}
    assert files == set(STAGES)


def test_help_lists_the_stages_in_order():
    shown = [line.split()[0] for line in HELP.splitlines() if line.startswith("  ")]
    assert shown == list(STAGES)
    assert max(map(len, HELP.splitlines())) <= 100


def sizes_made_in_code(text: str) -> list[int]:
    """Lines that make audio sizes of their own without a single number."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "AudioConfig"
        and not node.args
        and not node.keywords
    ]


def test_audio_sizes_come_from_the_config():
    assert sizes_made_in_code("x = 1\nAUDIO = AudioConfig()") == [2]
    found = {
        path.relative_to(ROOT).as_posix(): len(lines)
        for path in [*modules(), *sorted((ROOT / "tools").rglob("*.py"))]
        if (lines := sizes_made_in_code(path.read_text(encoding="utf-8")))
    }
    # The one place: corpora that were prepared before their sizes were kept with them.
    assert found == {"python/muspeaker/train/corpus/cache.py": 1}
