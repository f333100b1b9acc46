"""The list of parts names all that the project names, with the hashes that its build demands."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def parts(tmp_path: Path) -> dict[str, dict]:
    texts = []
    for name in ("a", "b"):
        command = [sys.executable, "-I", ROOT / "tools" / "sbom.py", "--out", tmp_path / name]
        subprocess.run(command, check=True, cwd=tmp_path)
        texts.append((tmp_path / name).read_text())
    assert texts[0] == texts[1]
    bill = json.loads(texts[0])
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    references = [part["bom-ref"] for part in bill["components"]]
    assert len(references) == len(set(references))
    assert set(bill["dependencies"][0]["dependsOn"]) <= set(references)
    return {part["name"]: part for part in bill["components"]}


def test_what_is_compiled_in_has_the_hash_that_the_build_demands(parts: dict[str, dict]) -> None:
    for name, path in (("ggml-python", "cmake/Ggml.cmake"), ("misaki", "cmake/Lexicon.cmake")):
        (content,) = re.findall(r'SHA256 "(\w{64})"', (ROOT / path).read_text())
        assert parts[name]["hashes"] == [{"alg": "SHA-256", "content": content}]
        assert parts[name]["version"] in (ROOT / path).read_text()


def test_every_requirement_is_named(parts: dict[str, dict]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    for requirement in project["project"]["dependencies"]:
        assert parts[re.split(r"[><=\[ ]", requirement)[0]]["scope"] == "required"
    for extra in project["project"]["optional-dependencies"].values():
        names = {re.split(r"[><=\[ ]", requirement)[0].lower() for requirement in extra}
        assert names - {"muspeaker"} <= parts.keys()
    for requirement in project["build-system"]["requires"]:
        assert parts[re.split(r"[><=]", requirement)[0]]["version"]


def test_all_that_builds_it_has_hashes(parts: dict[str, dict]) -> None:
    text = (ROOT / "packaging/build-requirements.txt").read_text()
    pinned = re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE)
    assert {"scikit-build-core", "pybind11", "cmake", "ninja"} <= dict(pinned).keys()
    for name, version in pinned:
        assert (parts[name]["scope"], parts[name]["version"]) == ("excluded", version)
        assert parts[name].get("hashes") or parts[name]["properties"]
