"""What pyproject.toml says twice, or must keep out."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement

from tests.espeak import needs_espeak

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
EXTRAS: dict[str, list[str]] = PROJECT["project"]["optional-dependencies"]
HEAVY = {"torch", "gradio", "playwright", "mkdocs", "librosa", "numba", "scipy", "onnx"}


def packages(extra: str) -> dict[str, str]:
    """Every package of an extra with its version, extras within it included."""
    found: dict[str, str] = {}
    for requirement in EXTRAS[extra]:
        if inner := re.fullmatch(r"muspeaker\[(\w+)\]", requirement):
            found |= packages(inner[1])
        else:
            name, version = re.fullmatch(r"([\w-]+)(?:\[\w+\])?(.*)", requirement).groups()
            found[name] = version
    return found


def hook_versions(text: str) -> dict[str, str]:
    """Tool to version, of the hooks that pre-commit fetches."""
    found = re.findall(r"repo: https://\S+/(\S+)\n\s+rev: v(\S+)", text)
    return {re.sub(r"-pre-commit|mirrors-", "", name): version for name, version in found}


def test_tools_are_those_of_pre_commit() -> None:
    versions = hook_versions((ROOT / ".pre-commit-config.yaml").read_text())
    assert {"ruff", "clang-format", "codespell"} <= versions.keys()
    dev = packages("dev")
    for name in ("ruff", "clang-format", "codespell"):
        assert dev[name] == f"=={versions[name]}"


def test_dev_is_light_and_test_has_it_all() -> None:
    assert not HEAVY & packages("dev").keys()
    assert HEAVY - {"onnx"} <= packages("test").keys()
    assert packages("dev").keys() <= packages("test").keys()
    assert packages("serve").keys() | packages("wyoming").keys() <= packages("dev").keys()


def test_what_builds_it_is_in_dev() -> None:
    build = {
        re.split(r"[><=]", requirement)[0] for requirement in PROJECT["build-system"]["requires"]
    }
    assert build <= packages("dev").keys()


def with_what_they_need(requirements: list[str]) -> set[str]:
    """Packages of some requirements and of theirs, without extras that nobody asks for."""
    found: set[str] = set()
    waiting = [(requirement, "") for requirement in requirements]
    while waiting:
        text, extra = waiting.pop()
        requirement = Requirement(text)
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        if requirement.name not in found:
            found.add(requirement.name)
            inner = metadata.requires(requirement.name) or []
            waiting += [(text, extra) for text in inner for extra in ("", *requirement.extras)]
    return found


def is_under_the_gpl(package: str) -> bool:
    about = metadata.metadata(package)
    said = [about.get("License-Expression") or (about.get("License") or "").split("\n")[0]]
    said += [line for line in about.get_all("Classifier", []) if line.startswith("License")]
    return any(re.search(r"(?<!L)GPL|(?<!LESSER )GENERAL PUBLIC", s.upper()) for s in said)


def test_nothing_of_a_plain_installation_is_under_the_gpl() -> None:
    """The LGPL, soxr's, lets an app of any licence use it."""
    found = with_what_they_need(PROJECT["project"]["dependencies"])
    assert {"numpy", "soxr", "pycparser", "markdown-it-py"} <= found
    assert not [package for package in found if is_under_the_gpl(package)]


@needs_espeak
def test_the_gpl_is_seen_where_it_is() -> None:
    assert is_under_the_gpl("phonemizer-fork")


@pytest.fixture
def backend() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "build_backend", ROOT / "packaging/build_backend.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "hook", ["get_requires_for_build_wheel", "get_requires_for_build_editable"]
)
def test_a_build_without_a_compiler_says_what_to_install(
    hook: str, backend: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CXX", "CMAKE_ARGS", "CMAKE_TOOLCHAIN_FILE"):
        monkeypatch.delenv(name, raising=False)
    getattr(backend, hook)()  # this machine has what it takes
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(tmp_path))
    with pytest.raises(SystemExit, match=r"^muspeaker compiles its engine: install python3-dev"):
        getattr(backend, hook)()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit, match="install g\\+\\+ python3-dev"):
        getattr(backend, hook)()
    monkeypatch.setenv("CXX", "/usr/bin/env no-compiler")
    with pytest.raises(SystemExit, match="install python3-dev"):
        getattr(backend, hook)()
    getattr(backend, hook)({"wheel.cmake": "false"})
    monkeypatch.setenv("CMAKE_ARGS", "-DCMAKE_CXX_COMPILER=/opt/bin/g++")
    getattr(backend, hook)()


def test_the_sdist_is_whole_and_has_no_checkpoints(backend: ModuleType, tmp_path: Path) -> None:
    archive = tmp_path / backend.build_sdist(str(tmp_path))
    with tarfile.open(archive) as files:
        names = {name.partition("/")[2] for name in files.getnames()}
    assert {"CMakeLists.txt", "packaging/build_backend.py", "tools/compile_lexicon.py"} <= names
    assert {f"python/muspeaker/{name}" for name in ("models/lite-q8.bin", "tts.py")} <= names
    assert {path.name for path in (ROOT / "cmake").iterdir()} <= {Path(name).name for name in names}
    assert {path.relative_to(ROOT).as_posix() for path in ROOT.glob("csrc/*/*.*")} <= names
    assert not any(name.endswith((".snapshot", ".so", ".whl")) for name in names)
    assert archive.stat().st_size < 20e6


def test_pyinstaller_finds_its_hook() -> None:
    module, _, function = PROJECT["project"]["entry-points"]["pyinstaller40"][
        "hook-dirs"
    ].partition(":")
    (folder,) = getattr(importlib.import_module(module), function)()
    hook = Path(folder, "hook-muspeaker.py")
    assert {"datas =", "hiddenimports ="} <= set(
        re.findall(r"^\w+ =", hook.read_text(), re.MULTILINE)
    )


OLDER, THIS = "0.0.1", PROJECT["project"]["version"]
HERE, ELSEWHERE = "py3-none-any", "cp311-cp311-win32"


def put_wheel(folder: Path, version: str, tag: str) -> None:
    """A wheel of nothing but its metadata."""
    about = f"muspeaker-{version}.dist-info"
    with zipfile.ZipFile(folder / f"muspeaker-{version}-{tag}.whl", "w") as wheel:
        wheel.writestr(
            f"{about}/METADATA", f"Metadata-Version: 2.1\nName: muspeaker\nVersion: {version}\n"
        )
        wheel.writestr(f"{about}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n")
        wheel.writestr(f"{about}/RECORD", "")


@pytest.mark.parametrize(
    ("wheels", "compiles"),
    [
        ([(THIS, HERE), (THIS, ELSEWHERE)], False),
        ([(OLDER, HERE), (THIS, ELSEWHERE)], True),
        ([], True),
    ],
)
def test_a_wheel_is_installed_if_one_fits_and_else_it_is_compiled(
    wheels: list[tuple[str, str]], compiles: bool, tmp_path: Path
) -> None:
    """The README's first command, with a Python that chooses as pip does and installs nothing."""
    for version, tag in wheels:
        put_wheel(tmp_path, version, tag)
    python = tmp_path / "python"
    python.write_text(
        f'#!/bin/sh\ncase "$*" in *" download "*) exec {shlex.quote(sys.executable)} "$@";; esac\n'
        'for last; do :; done; echo "installs $last"\n'
    )
    python.chmod(0o755)
    done = subprocess.run(
        [ROOT / "packaging/install", "serve,play"],
        env=os.environ | {"PYTHON": str(python), "MUSPEAKER_WHEELS": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    installed = done.stdout.splitlines()[-1]
    if compiles:
        assert installed == "installs .[serve,play]"
    else:
        assert installed.startswith("installs muspeaker[serve,play] @ file:///")
        assert installed.endswith(f"/muspeaker-{THIS}-{HERE}.whl")


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for Python is a shell script")
def test_the_pip_that_downloads_knows_nothing_of_the_one_that_builds(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nenv > "{tmp_path}/environment"\n')
    python.chmod(0o755)
    script = tmp_path / "download.cmake"
    script.write_text(
        f'set(CMAKE_BINARY_DIR "{tmp_path}")\nset(Python_EXECUTABLE "{python}")\n'
        f'include("{ROOT}/cmake/Download.cmake")\n'
        "muspeaker_archive(found PACKAGE some VERSION 1 SHA256 0 FILE some.whl FOLDER some OFFLINE x)\n"
    )
    hooks = (
        "PEP517_BACKEND_PATH", "_PYPROJECT_HOOKS_BACKEND_PATH", "_PYPROJECT_HOOKS_BUILD_BACKEND",
        "_PYPROJECT_HOOKS_BACKEND_PATH_JSON", "_PYTHON_HOST_PLATFORM", "SETUPTOOLS_EXT_SUFFIX",
    )  # fmt: skip
    cmake = shutil.which("cmake")
    if cmake is None:
        pytest.skip("needs CMake, which an installation of a wheel does not")
    kept = {"PYPROJECT": "kept", "PIP_INDEX_URL": "https://kept.example"}
    environment = os.environ | dict.fromkeys(hooks, "spoilt") | kept
    subprocess.run([cmake, "-P", script], env=environment, capture_output=True, check=False)
    seen = (tmp_path / "environment").read_text()
    assert "spoilt" not in seen
    assert all(f"{name}={value}\n" in seen for name, value in kept.items())
