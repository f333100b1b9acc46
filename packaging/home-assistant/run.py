"""Start the Wyoming server of the add-on: tell Home Assistant where it is, then become `muspeaker wyoming`.

Options come from the file that the supervisor writes, voices and a lexicon from the folder /share/muspeaker if it is
there.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import sys
import urllib.request
from pathlib import Path
from typing import Any

PORT = 10200
NAMES = (
    "voice",
    "style",
    "speed",
    "pitch",
    "expression",
    "seed",
    "variation",
    "pause",
    "volume",
    "threads",
)
OPTIONS = Path("/data/options.json")
VOICES = Path("/share/muspeaker")
SUPERVISOR = "http://supervisor"
TIMEOUT_SECONDS = 10
_LOGGER = logging.getLogger("muspeaker")


def arguments(options: dict[str, Any], voices: Path) -> list[str]:
    """The command line for an add-on's options; those left empty are left out."""
    command = ["muspeaker", "wyoming", "--uri", f"tcp://0.0.0.0:{PORT}"]
    for name in NAMES:
        value = options.get(name)
        if value not in (None, "") and (name, value) != ("threads", 0):
            command += [f"--{name}", str(value)]
    if voices.is_dir():
        command += ["--data", str(voices)]
    if (lexicon := voices / "lexicon.tsv").is_file():
        command += ["--lexicon", str(lexicon)]
    if options.get("verbose"):
        command.append("--verbose")
    return command


def announce(supervisor: str, token: str) -> None:
    """Tell Home Assistant's discovery where the server listens; a failure is logged, for one can add it by hand."""
    service = {"service": "wyoming", "config": {"uri": f"tcp://{socket.gethostname()}:{PORT}"}}
    request = urllib.request.Request(
        f"{supervisor}/discovery",
        data=json.dumps(service).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
            answer.read()
    except OSError as error:
        _LOGGER.warning("Home Assistant was not told: %s", error)


def main() -> None:
    """Announce the server and replace this process by it."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    options = json.loads(OPTIONS.read_text())
    if token := os.environ.get("SUPERVISOR_TOKEN"):
        announce(SUPERVISOR, token)
    command = arguments(options, VOICES)
    sys.stdout.flush()
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
