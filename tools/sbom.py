"""The parts of a wheel as CycloneDX JSON: what is compiled in, what builds it, and what it needs to run.

    python tools/sbom.py --out muspeaker.cdx.json

CMake runs this when the package is built and puts the file into the wheel (PEP 770). It needs nothing but the standard
library, and the same sources give the same bytes.
"""

from __future__ import annotations

import argparse
import json
import re
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
SPEC_VERSION = "1.6"
_REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?\s*([^;]*)")
_PINNED = re.compile(
    r"^([a-z0-9.-]+)==(\S+) \\\n((?:    --hash=sha256:\w+(?: \\)?\n)+)", re.MULTILINE
)


def archives() -> list[dict[str, Any]]:
    """What the wheel contains of others, each with the hash that its build demands."""
    ggml = _settings("cmake/Ggml.cmake")
    lexicon = _settings("cmake/Lexicon.cmake")
    return [
        _component(
            "ggml-python",
            ggml["MUSPEAKER_GGML_PACKAGE_VERSION"],
            hashes=[ggml["MUSPEAKER_GGML_SHA256"]],
            license_id="MIT",
            description="Sources of ggml v0.15.3, linked into the engine.",
        ),
        _component(
            "misaki",
            lexicon["MUSPEAKER_LEXICON_VERSION"],
            hashes=[lexicon["MUSPEAKER_LEXICON_SHA256"]],
            license_id="Apache-2.0",
            description="English lexicons; data alone, none of its code.",
        ),
    ]


def build_tools() -> list[dict[str, Any]]:
    """What builds it, at the versions and with the hashes of packaging/build-requirements.txt."""
    text = (ROOT / "packaging/build-requirements.txt").read_text()
    return [
        _component(name, version, hashes=re.findall(r"sha256:(\w+)", hashes), scope="excluded")
        for name, version, hashes in _PINNED.findall(text)
    ]


def requirements(project: dict[str, Any]) -> list[dict[str, Any]]:
    """What it needs to run, and what its extras need; the range is the project's, the version the user's."""
    optional = {
        requirement: "optional"
        for extra in project["optional-dependencies"].values()
        for requirement in extra
    }
    wanted = dict.fromkeys(project["dependencies"], "required")
    found: dict[str, dict[str, Any]] = {}
    for requirement, scope in (*wanted.items(), *optional.items()):
        match = _REQUIREMENT.match(requirement)
        assert match is not None
        name, versions = match[1].lower(), match[2].strip()
        if name != project["name"] and name not in found:
            found[name] = _component(name, None, versions=versions, scope=scope)
    return list(found.values())


def bill() -> dict[str, Any]:
    """The whole document."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    itself = _component(project["name"], project["version"], license_id=project["license"])
    parts = [*archives(), *requirements(project), *build_tools()]
    direct = [part["bom-ref"] for part in parts if part.get("scope") != "excluded"]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": SPEC_VERSION,
        "version": 1,
        "metadata": {"component": itself},
        "components": parts,
        "dependencies": [{"ref": itself["bom-ref"], "dependsOn": sorted(set(direct))}],
    }


def _component(
    name: str,
    version: str | None,
    *,
    hashes: list[str] | None = None,
    license_id: str | None = None,
    description: str | None = None,
    versions: str | None = None,
    scope: str | None = None,
) -> dict[str, Any]:
    purl = f"pkg:pypi/{name}" + (f"@{version}" if version else "")
    component: dict[str, Any] = {"type": "library", "bom-ref": purl, "name": name, "purl": purl}
    if version:
        component["version"] = version
    if scope:
        component["scope"] = scope
    if description:
        component["description"] = description
    if license_id:
        component["licenses"] = [{"license": {"id": license_id}}]
    if hashes and len(hashes) == 1:
        component["hashes"] = [{"alg": "SHA-256", "content": hashes[0]}]
    elif hashes:  # one for each platform's file
        component["properties"] = [{"name": "pip:sha256", "value": content} for content in hashes]
    if versions:
        component["properties"] = [{"name": "pip:requires", "value": versions}]
    return component


def _settings(path: str) -> dict[str, str]:
    """Names and values of the set() lines of a file of CMake."""
    return dict(re.findall(r'^set\((\w+) "([^"]+)"\)', (ROOT / path).read_text(), re.MULTILINE))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    options.out.write_text(json.dumps(bill(), indent=2) + "\n")


if __name__ == "__main__":
    main()
