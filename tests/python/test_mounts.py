"""Speech where little can be written: a temporary folder without execution, a root that is read-only."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

import pytest

import muspeaker

PYTHON = Path(muspeaker.__file__).parents[1]  # the tree, or where it is installed
SPEAK = (
    "import muspeaker, sys; audio = muspeaker.load(num_threads=1).synthesize('Hello there, zxqvy.');"
    "sys.stdout.write(f'{audio.duration:.1f} s ' + ' '.join(word.text for word in audio.words))"
)
SAID = " s Hello there zxqvy"


def inside(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a script of sh in a mount namespace of its own."""
    command = ["unshare", "--mount", "--propagation", "private"]
    if os.geteuid() != 0:
        command.append("--map-root-user")
    environment = {**os.environ, "PYTHONPATH": str(PYTHON), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [*command, "sh", "-euc", script, "sh", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env=environment,
    )


@lru_cache(maxsize=1)
def namespaces_are_allowed() -> bool:
    if not sys.platform.startswith("linux") or shutil.which("unshare") is None:
        return False
    return inside("mount -t tmpfs tmpfs /mnt").returncode == 0


needs_namespaces = pytest.mark.skipif(
    not namespaces_are_allowed(), reason="mount namespaces are not allowed here"
)


@needs_namespaces
def test_a_temporary_folder_without_execution(tmp_path: Path) -> None:
    done = inside(
        'mount -t tmpfs -o noexec tmpfs "$1"; export TMPDIR="$1";'
        ' printf "#!/bin/sh\\n" > "$1/a"; chmod +x "$1/a"; if "$1/a" 2>/dev/null; then exit 9; fi;'
        ' "$2" -c "$3"; printf " %s" "$(ls "$1")"',
        str(tmp_path),
        sys.executable,
        SPEAK,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(f"{SAID} a")  # and nothing was left there


@needs_namespaces
def test_a_root_that_is_read_only() -> None:
    """Every file system that can be is mounted read-only; what cannot is not written to."""
    done = inside(
        "cut -d' ' -f2 /proc/self/mounts | sort -r | while read -r folder; do"
        ' mount -o remount,bind,ro "$folder" 2>/dev/null || true; done;'
        ' if touch "$1/written" 2>/dev/null; then exit 9; fi; unset TMPDIR; "$2" -c "$3"',
        str(PYTHON),
        sys.executable,
        SPEAK,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(SAID)
