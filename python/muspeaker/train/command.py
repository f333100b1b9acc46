"""The command `muspeaker-train`: one word for each stage."""

from __future__ import annotations

import sys
from importlib import import_module

STAGES = (
    "prepare",
    "align",
    "realign",
    "timbre",
    "vocoder",
    "teacher",
    "pairs",
    "student",
    "predict",
    "resynthesize",
    "export",
    "snapshot",
)
EXTRAS = {"torch": "train", "ray": "ray"}


def main(arguments: list[str] | None = None) -> int:
    """Run one stage; 0 when done, 1 with a reason when not, 2 for bad usage."""
    words = sys.argv[1:] if arguments is None else arguments
    if not words or words[0] not in STAGES:
        asked = words[:1] in (["-h"], ["--help"])
        stream = sys.stdout if asked else sys.stderr
        if words and not asked:
            stream.write(f"muspeaker-train: no stage {words[0]!r}\n")
        stream.write(f"usage: muspeaker-train {{{','.join(STAGES)}}} ... (--help for each)\n")
        return 0 if asked else 2
    try:
        import_module(f"muspeaker.train.stages.{words[0]}").main(words[1:])
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        extra = EXTRAS.get(missing, "train")
        sys.stderr.write(f"error: {missing} is not installed: pip install 'muspeaker[{extra}]'\n")
        return 1
    except (OSError, ValueError, RuntimeError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0
