"""Where code lives, and who may know whom; each check is shown to fire on a small broken tree."""

from __future__ import annotations

import ast
import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.source_tree import imported_modules, included_files, package_files, sources

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
PACKAGE, TWIN = "muspeaker", "muspeaker.twin"

# csrc/<folder>: the folders of ours that its files may include, itself aside.
MAY_INCLUDE: dict[str, set[str]] = {
    "core": set(),
    "kernels": set(),
    "dsp": {"core"},
    "text": {"core"},
    "nn": {"core", "kernels"},
    "model": {"core", "dsp", "nn"},
    "engine": {"core", "dsp", "model"},
    "bindings": {"core", "dsp", "model", "engine", "text"},
}
# The folders that have a twin in Python and a folder of parity tests.
TWIN_FOLDERS = ("dsp", "nn", "model", "engine")


def include_faults(root: Path) -> list[str]:
    """Includes of ours that point the wrong way."""
    faults = []
    for path in sources(root, ".h", ".cpp", ".inc"):
        if path.relative_to(root).parts[0] != "csrc":
            continue
        folder = path.relative_to(root).parts[1]
        for included in included_files(path):
            other = included.partition("/")[0]
            if other != folder and other not in MAY_INCLUDE[folder]:
                faults.append(f"{path.relative_to(root)} includes {included}")
    return faults


def twin_faults(root: Path) -> list[str]:
    """Twins that lack the header of their name, a class in it or a parity test; and the reverse."""
    faults = []
    for folder in TWIN_FOLDERS:
        twins = {p.stem: p for p in (root / "python/muspeaker/twin" / folder).glob("[!_]*.py")}
        headers = {p.stem: p.read_text() for p in (root / "csrc" / folder).glob("*.h")}
        tests = {p.stem[5:] for p in (root / "tests/parity" / folder).glob("test_*.py")}
        for stem, path in twins.items():
            faults += [
                f"csrc/{folder}/{stem}.h has no class {name}"
                for name in public_classes(path)
                if not re.search(rf"^(class|struct) {name}\b", headers.get(stem, ""), re.MULTILINE)
            ]
        faults += [f"csrc/{folder}/{stem}.h is missing" for stem in twins.keys() - headers.keys()]
        faults += [
            f"tests/parity/{folder}/test_{stem}.py is missing" for stem in twins.keys() - tests
        ]
        faults += [f"tests/parity/{folder}/test_{stem}.py has no {folder}/{stem}.h"
                   for stem in tests - headers.keys()]  # fmt: skip
        faults += [
            f"twin/{folder}/{stem}.py is missing"
            for stem, header in headers.items()
            if folder == "model" and "forward(" in header and stem not in twins
        ]
    return sorted(faults)


def public_classes(path: Path) -> list[str]:
    """Classes at the top of a Python file."""
    body = ast.parse(path.read_text()).body
    return [n.name for n in body if isinstance(n, ast.ClassDef) and not n.name.startswith("_")]


def untested_headers(root: Path) -> list[str]:
    """C++ that no test reaches.

    A test reaches what it includes: those in C++ by themselves, parity tests the header of their twin.
    From there on every header reaches what it and its source include. Kernels' tables have no header
    and are entered at run time.
    """
    csrc = root / "csrc"
    headers = {str(p.relative_to(csrc)): p for p in csrc.rglob("*.h") if "bindings" not in p.parts}
    left = [name for path in (root / "tests/cpp").glob("*") for name in included_files(path)]
    left += [f"{p.parent.name}/{p.stem[5:]}.h" for p in (root / "tests/parity").rglob("test_*.py")]
    for table in (csrc / "kernels").glob("*_*.cpp"):
        left += included_files(table) if table.stem.startswith(("table_", "fine_")) else []
    reached: set[str] = set()
    while left:
        name = left.pop()
        if name in headers and name not in reached:
            reached.add(name)
            for path in (headers[name], *headers[name].parent.glob(f"{headers[name].stem}.cpp")):
                left += included_files(path)
    return [f"no test reaches csrc/{name}" for name in sorted(headers.keys() - reached)]


def import_circles(root: Path) -> list[str]:
    """Modules of the package that import each other as they are imported."""
    files = package_files(root)
    graph = {
        name: {other for other in imported_modules(path, running_only=True) if other in files}
        - {name}
        for name, path in files.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [" imports ".join(reversed(error.args[1]))]
    return []


def twin_imports(root: Path) -> list[str]:
    """Twins that import a level which the same folder of csrc may not include, or the training side."""
    faults = []
    for name, path in package_files(root).items():
        folder = name.removeprefix(f"{TWIN}.").partition(".")[0]
        if not name.startswith(f"{TWIN}.") or folder == name:
            continue
        levels = MAY_INCLUDE[folder] | {folder}
        for other in sorted(imported_modules(path)):
            first, _, rest = other.partition(".")
            inside = rest.removeprefix("twin.").partition(".")[0] in levels
            allowed = rest.startswith("config") or (rest.startswith("twin.") and inside)
            if first == PACKAGE and rest not in {"", "twin"} and not allowed:
                faults.append(f"{path.relative_to(root)} imports {other}")
    return faults


def training_faults(root: Path) -> list[str]:
    """Files of the runtime that import PyTorch or the training side; twins are checked above."""
    banned = ("torch", TWIN, "muspeaker.train")
    return [
        f"{path.relative_to(root)} imports {other}"
        for name, path in package_files(root).items()
        if not name.startswith((TWIN, "muspeaker.train"))
        for other in sorted(imported_modules(path))
        if any(other == ban or other.startswith(f"{ban}.") for ban in banned)
    ]


def stage_faults(root: Path) -> list[str]:
    """Stages of training that import a stage, and anything but the command that imports one."""
    stages = "muspeaker.train.stages"
    return [
        f"{path.relative_to(root)} imports {other}"
        for name, path in package_files(root).items()
        if name != "muspeaker.train.command"
        for other in sorted(imported_modules(path))
        if other.startswith(f"{stages}.") and other != name
    ]


CHECKS: list[Callable[[Path], list[str]]] = [
    include_faults,
    twin_faults,
    untested_headers,
    import_circles,
    twin_imports,
    training_faults,
    stage_faults,
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_rule(check: Callable[[Path], list[str]]) -> None:
    assert check(ROOT) == []


FLOW = {
    "csrc/model/vp_flow.h": "class VPFlow {\n  int forward();\n};\n",
    "python/muspeaker/twin/model/vp_flow.py": "class VPFlow: ...\n",
    "tests/parity/model/test_vp_flow.py": "",
}
# Check, what the tree has besides a twin as it should be (None: not at all), and what is said of it.
BROKEN: list[tuple[Callable[[Path], list[str]], dict[str, str | None], str]] = [
    (include_faults, {"csrc/nn/linear.h": '#include "model/vp_flow.h"\n'}, "nn/linear.h includes"),
    (twin_faults, {"csrc/model/vp_flow.h": "class Flow {\n};\n"}, "vp_flow.h has no class VPFlow"),
    (twin_faults, {"csrc/model/vp_flow.h": None}, "csrc/model/vp_flow.h is missing"),
    (twin_faults, {"tests/parity/model/test_vp_flow.py": None}, "test_vp_flow.py is missing"),
    (
        twin_faults,
        {"python/muspeaker/twin/model/vp_flow.py": None},
        "twin/model/vp_flow.py is miss",
    ),
    (twin_faults, {"tests/parity/dsp/test_flow.py": ""}, "test_flow.py has no dsp/flow.h"),
    (untested_headers, {"csrc/nn/linear.h": ""}, "no test reaches csrc/nn/linear.h"),
    (untested_headers, {"tests/parity/model/test_vp_flow.py": None}, "csrc/model/vp_flow.h"),
    (
        import_circles,
        {
            "python/muspeaker/tts.py": "import muspeaker.stream\n",
            "python/muspeaker/stream.py": "from muspeaker.tts import load\n",
        },
        "muspeaker.tts imports muspeaker.stream",
    ),
    (
        twin_imports,
        {"python/muspeaker/twin/model/b.py": "from muspeaker.twin.engine.voice import Voice\n"},
        "model/b.py imports muspeaker.twin.engine.voice",
    ),
    (
        twin_imports,
        {"python/muspeaker/twin/dsp/b.py": "def f():\n    from muspeaker.train import loop\n"},
        "dsp/b.py imports muspeaker.train.loop",
    ),
    (training_faults, {"python/muspeaker/tts.py": "def f():\n    import torch.nn\n"}, "torch.nn"),
    (
        training_faults,
        {"python/muspeaker/serve/a.py": "from muspeaker.twin.dsp import mel\n"},
        "serve/a.py imports muspeaker.twin.dsp",
    ),
    (
        stage_faults,
        {
            "python/muspeaker/train/stages/student.py": "from muspeaker.train.stages import teacher\n"
        },
        "student.py imports muspeaker.train.stages.teacher",
    ),
    (
        stage_faults,
        {"python/muspeaker/train/corpus/a.py": "from muspeaker.train.stages.timbre import AUDIO\n"},
        "corpus/a.py imports muspeaker.train.stages.timbre",
    ),
]


def plant(root: Path, files: dict[str, str | None]) -> None:
    """Write a small tree."""
    for file, text in files.items():
        if text is not None:
            (root / file).parent.mkdir(parents=True, exist_ok=True)
            (root / file).write_text(text)


@pytest.mark.parametrize(
    ("check", "changes", "message"), BROKEN, ids=[f"{b[0].__name__}-{b[2]}" for b in BROKEN]
)
def test_rule_fires(
    check: Callable[[Path], list[str]], changes: dict[str, str | None], message: str, tmp_path: Path
) -> None:
    plant(tmp_path / "good", dict(FLOW))
    assert check(tmp_path / "good") == []
    plant(tmp_path / "bad", FLOW | changes)
    assert any(message in fault for fault in check(tmp_path / "bad"))


def test_what_only_type_checkers_or_functions_import_makes_no_circle(tmp_path: Path) -> None:
    late = "if TYPE_CHECKING:\n    import muspeaker.a\ndef f():\n    import muspeaker.a\n"
    files: dict[str, str | None] = {
        "python/muspeaker/a.py": "import muspeaker.b\n",
        "python/muspeaker/b.py": late,
    }
    plant(tmp_path, files)
    assert import_circles(tmp_path) == []
    (tmp_path / "python/muspeaker/b.py").write_text("try:\n    import muspeaker.a\nfinally: ...\n")
    assert import_circles(tmp_path) != []
