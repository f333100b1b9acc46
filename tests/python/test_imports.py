"""How the package's modules import each other; shown to fire on a small package with faults."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "python" / "muspeaker"


def runtime_imports(path: Path) -> set[str]:
    """Dotted names that a module imports when it is loaded: not in functions, not for type checking."""
    names: set[str] = set()
    nodes: list[ast.AST] = [*ast.parse(path.read_text()).body]
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            nodes += node.orelse
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            nodes += ast.iter_child_nodes(node)
    return names


def import_graph(package: Path) -> dict[str, set[str]]:
    """Each module of a package with those of its modules that it imports. A package is its __init__."""
    paths = {
        ".".join(path.relative_to(package.parent).with_suffix("").parts).removesuffix(
            ".__init__"
        ): path
        for path in package.rglob("*.py")
    }
    return {name: (runtime_imports(path) & paths.keys()) - {name} for name, path in paths.items()}


def circles(graph: dict[str, set[str]]) -> list[str]:
    """One way through each circle of imports."""
    found: list[str] = []
    done: set[str] = set()

    def visit(name: str, trail: list[str]) -> None:
        if name in trail:
            found.append(" -> ".join([*trail[trail.index(name) :], name]))
        elif name not in done:
            for imported in sorted(graph[name]):
                visit(imported, [*trail, name])
            done.add(name)

    for name in sorted(graph):
        visit(name, [])
    return found


def protocol_faults(graph: dict[str, set[str]]) -> list[str]:
    """Imports between the protocols of `serve`, which may share only the modules that stand in `serve` itself."""
    serve = "muspeaker.serve."
    protocols = {name.removeprefix(serve).split(".")[0] for name in graph if name.count(".") > 2}
    return [
        f"{name} imports {imported}"
        for name, targets in sorted(graph.items())
        for imported in sorted(targets)
        if name.startswith(serve) and imported.startswith(serve)
        and (home := imported.split(".")[2]) in protocols and home != name.split(".")[2]
    ]  # fmt: skip


def test_no_circle() -> None:
    assert circles(import_graph(PACKAGE)) == []


def test_protocols_of_serve_stand_apart() -> None:
    assert protocol_faults(import_graph(PACKAGE)) == []


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    package = tmp_path / "muspeaker"
    sources = {
        "a.py": "from muspeaker import b",
        "b.py": "import muspeaker.c",
        "c.py": "from muspeaker.a import f",
        "typed.py": "if TYPE_CHECKING:\n    from muspeaker import typed_too",
        "typed_too.py": "from muspeaker import typed",
        "late.py": "def f():\n    from muspeaker import later",
        "later.py": "class A:\n    from muspeaker import late",
        "serve/folder.py": "",
        "serve/web/page.py": "from muspeaker.serve import folder\nfrom muspeaker.serve.home import port",
        "serve/home/port.py": "from muspeaker.serve.folder import x",
        "serve/home/__init__.py": "",
    }
    for name, source in sources.items():
        path = package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    return package


def test_faults_are_found(broken: Path) -> None:
    graph = import_graph(broken)
    assert circles(graph) == ["muspeaker.a -> muspeaker.b -> muspeaker.c -> muspeaker.a"]
    assert protocol_faults(graph) == [
        "muspeaker.serve.web.page imports muspeaker.serve.home",
        "muspeaker.serve.web.page imports muspeaker.serve.home.port",
    ]
