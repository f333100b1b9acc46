"""The house rules that a machine can check; each check is shown to fire on a small broken tree."""

from __future__ import annotations

import ast
import dataclasses
import re
import typing
from pathlib import Path

import pytest

from muspeaker import _core, config
from tests.source_tree import sources

ROOT = Path(__file__).parents[2]
MAX_FILE_LINES = 400
MAX_TEST_LINES = 500
MAX_FUNCTION_LINES = 60


def long_files(root: Path) -> list[str]:
    """Sources over the limit of lines."""
    counts = {
        path: len(path.read_text().splitlines())
        for path in sources(root, ".py", ".pyi", ".h", ".cpp", ".inc")
    }
    return [
        f"{path.relative_to(root)} has {count} lines"
        for path, count in counts.items()
        if count > (MAX_TEST_LINES if path.is_relative_to(root / "tests") else MAX_FILE_LINES)
    ]


def python_functions(path: Path) -> list[tuple[str, int]]:
    """Name and lines of each function, decorators not counted."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [
        (node.name, (node.end_lineno or 0) - node.lineno + 1)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, functions)
    ]


def cpp_functions(path: Path) -> list[tuple[str, int]]:
    """First line and lines of each block at the margin that is a function, as clang-format leaves it."""
    blocks = []
    start = None
    for number, line in enumerate(path.read_text().splitlines()):
        if line.startswith("}"):
            if start is not None:
                blocks.append((start[1].strip(), number - start[0] + 1))
            start = None
        elif re.match(r"[A-Za-z_].*\(", line) and start is None:
            start = (number, line)
        elif re.match(r"(namespace|class|struct|enum|union|using)\b|\S.*;$", line):
            start = None
    return blocks


def long_functions(root: Path) -> list[str]:
    """Functions over the limit of lines."""
    faults = []
    for path in sources(root, ".py", ".h", ".cpp", ".inc"):
        measure = python_functions if path.suffix == ".py" else cpp_functions
        faults += [
            f"{path.relative_to(root)}: {name} has {count} lines"
            for name, count in measure(path)
            if count > MAX_FUNCTION_LINES
        ]
    return faults


def pybind11_faults(root: Path) -> list[str]:
    """C++ outside the bindings that knows pybind11."""
    return [
        f"{path.relative_to(root)} names pybind11"
        for path in sources(root, ".h", ".cpp", ".inc")
        if "bindings" not in path.parts and "pybind11" in path.read_text()
    ]


def cpp_structs(header: str) -> dict[str, list[tuple[str, str]]]:
    """Struct name to (type, field) in order."""
    structs = {}
    for name, body in re.findall(r"struct (\w+) \{(.*?)\n\};", header, re.DOTALL):
        structs[name] = re.findall(r"^  ([\w:<>]+) (\w+)(?: = \w+)?;", body, re.MULTILINE)
    return structs


def python_structs() -> dict[str, list[tuple[str, str]]]:
    """The same of config.py, with the types that C++ gives them."""
    plain = {
        int: "int64_t",
        float: "float",
        str: "std::string",
        tuple[int, ...]: "std::vector<int64_t>",
        tuple[str, ...]: "std::vector<std::string>",
    }

    def type_name(hint: typing.Any) -> str:
        if type(None) in typing.get_args(hint):
            return f"std::optional<{type_name(typing.get_args(hint)[0])}>"
        return plain.get(hint, getattr(hint, "__name__", "?"))

    structs = {}
    for name, value in vars(config).items():
        if dataclasses.is_dataclass(value) and isinstance(value, type):
            hints = typing.get_type_hints(value)
            structs[name] = [
                (type_name(hints[field.name]), field.name) for field in dataclasses.fields(value)
            ]
    return structs


def config_faults(header: str, reader: str) -> list[str]:
    """Fields of config.py that config.h has otherwise or config.cpp does not read."""
    faults = []
    found = cpp_structs(header)
    for name, fields in python_structs().items():
        expected = list(fields)
        if name == "ModelConfig":
            expected += [("std::string", "weight_type"), ("std::string", "fingerprint")]
        if found.get(name) != expected:
            faults.append(f"{name}: config.h has {found.get(name)}, config.py {expected}")
        body = re.search(rf"^{name} read_\w+\(.*?\n}}", reader, re.DOTALL | re.MULTILINE)
        faults += [
            f"config.cpp does not read {name}.{field}"
            for _, field in expected
            if body is None or f"config.{field} = " not in body.group()
        ]
    return faults


def public_names(names: typing.Iterable[str]) -> set[str]:
    return {name for name in names if not name.startswith("_")}


def stub_faults(stub: str, module: object) -> list[str]:
    """Public names that only one of the stub and the built module has; submodules are for tests."""
    faults = []
    tree = ast.parse(stub)
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    modules = {name for name, value in vars(module).items() if isinstance(value, type(ast))}
    if difference := (public_names(vars(module)) - modules) ^ (set(classes) | functions):
        faults.append(f"module: {sorted(difference)}")
    for name, node in classes.items():
        stated = {item.name for item in node.body if isinstance(item, ast.FunctionDef)}
        built = public_names(vars(getattr(module, name, object)))
        if difference := built ^ public_names(stated):
            faults.append(f"{name}: {sorted(difference)}")
    return faults


CHECKS = [long_files, long_functions, pybind11_faults]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_house_rule(check: typing.Callable[[Path], list[str]]) -> None:
    assert check(ROOT) == []


def test_config_fields_are_the_same_in_both_languages() -> None:
    core = ROOT / "csrc" / "core"
    assert config_faults((core / "config.h").read_text(), (core / "config.cpp").read_text()) == []


def test_stub_names_what_the_module_has() -> None:
    assert stub_faults((ROOT / "python/muspeaker/_core.pyi").read_text(), _core) == []


BROKEN: list[tuple[str, str, str]] = [
    ("long_files", "tools/long.py", "x = 1\n" * (MAX_FILE_LINES + 1)),
    ("long_files", "tests/test_long.py", "x = 1\n" * (MAX_TEST_LINES + 1)),
    ("pybind11_faults", "csrc/nn/linear.h", "#include <pybind11/pybind11.h>\n"),
]
BODY = "  x += 1;\n" * MAX_FUNCTION_LINES


@pytest.mark.parametrize(("name", "file", "text"), BROKEN)
def test_house_rule_fires(name: str, file: str, text: str, tmp_path: Path) -> None:
    (tmp_path / file).parent.mkdir(parents=True)
    (tmp_path / file).write_text(text)
    check = {check.__name__: check for check in CHECKS}[name]
    assert any(Path(file).name in fault for fault in check(tmp_path))


@pytest.mark.parametrize(
    ("file", "text", "faulty"),
    [
        ("tests/a.py", "def f():\n" + "    x = 1\n" * (MAX_FUNCTION_LINES - 1), False),
        ("tests/a.py", "def f():\n" + "    x = 1\n" * MAX_FUNCTION_LINES, True),
        ("csrc/nn/a.cpp", "void f(int x) {\n" + BODY[10:] + "}\n", True),
        ("csrc/nn/a.cpp", "void f(int x) {\n" + BODY[20:] + "}\n", False),
        ("csrc/nn/a.cpp", "namespace a {\n" + BODY + "}\nvoid f(int x);\n" + BODY, False),
    ],
)
def test_long_functions_fires(file: str, text: str, faulty: bool, tmp_path: Path) -> None:
    (tmp_path / file).parent.mkdir(parents=True)
    (tmp_path / file).write_text(text)
    assert bool(long_functions(tmp_path)) == faulty


def test_config_faults_fires() -> None:
    core = ROOT / "csrc" / "core"
    header = (core / "config.h").read_text()
    reader = (core / "config.cpp").read_text()
    assert config_faults(header.replace("int64_t latent", "int64_t latents"), reader)
    assert config_faults(header.replace("float noise_std", "int64_t noise_std"), reader)
    assert config_faults(header, reader.replace("config.latent = ", "other.latent = "))


def test_stub_faults_fires() -> None:
    stub = (ROOT / "python/muspeaker/_core.pyi").read_text()
    assert stub_faults(stub + "\ndef extra() -> None: ...\n", _core)
    assert stub_faults(stub.replace("class ModelFileError", "class Other"), _core)
