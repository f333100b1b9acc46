"""What pyproject.toml says twice, or must keep out."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

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
