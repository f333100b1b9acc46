"""scikit-build-core, asked only where it can succeed: what lacks is said in a line, not in CMake's words."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import sysconfig
from pathlib import Path
from typing import Any

from scikit_build_core import build as _scikit_build
from scikit_build_core.build import *  # the hooks that compile nothing

Settings = dict[str, Any] | None


def missing_tools() -> list[str]:
    """What this machine lacks to compile a Python module, as Debian's packages."""
    compiler = shlex.split(os.environ.get("CXX", ""))[:1]
    headers = Path(sysconfig.get_path("include"), "Python.h")
    found = {
        "g++": any(shutil.which(name) for name in compiler or ("c++", "g++", "clang++")),
        "python3-dev": headers.exists(),
    }
    return [package for package, is_there in found.items() if not is_there]


def _require_tools(settings: Settings) -> None:
    """End the process with one line where a build cannot succeed."""
    given = f"{settings} {os.environ.get('CMAKE_ARGS')} {os.environ.get('CMAKE_TOOLCHAIN_FILE')}"
    elsewhere = os.name == "nt" or any(
        word in given for word in ("CMAKE_CXX_COMPILER", "toolchain", "TOOLCHAIN")
    )
    compiles = str((settings or {}).get("wheel.cmake", "true")).lower() not in {"false", "0"}
    missing = [] if elsewhere or not compiles else missing_tools()
    if missing:
        names = " ".join(missing)
        sys.exit(f"muspeaker compiles its engine: install {names} (sudo apt-get install {names})")


def get_requires_for_build_wheel(config_settings: Settings = None) -> list[str]:
    """As PEP 517 says; ends the process where no compiler is found."""
    _require_tools(config_settings)
    return list(_scikit_build.get_requires_for_build_wheel(config_settings))


def get_requires_for_build_editable(config_settings: Settings = None) -> list[str]:
    """As PEP 660 says; ends the process where no compiler is found."""
    _require_tools(config_settings)
    return list(_scikit_build.get_requires_for_build_editable(config_settings))


def build_wheel(
    wheel_directory: str, config_settings: Settings = None, metadata_directory: str | None = None
) -> str:
    """As PEP 517 says; ends the process where no compiler is found."""
    _require_tools(config_settings)
    return str(_scikit_build.build_wheel(wheel_directory, config_settings, metadata_directory))


def build_editable(
    wheel_directory: str, config_settings: Settings = None, metadata_directory: str | None = None
) -> str:
    """As PEP 660 says; ends the process where no compiler is found."""
    _require_tools(config_settings)
    return str(_scikit_build.build_editable(wheel_directory, config_settings, metadata_directory))
