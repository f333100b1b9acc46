"""`python -m tools.built_in_voices prompts|clone|document`; each has `--help`."""

from __future__ import annotations

import sys
from importlib import import_module

VERBS = ("prompts", "clone", "document")


def main() -> int:
    """Run one verb; 0 when done, 1 with a reason when not, 2 for bad usage."""
    if len(sys.argv) < 2 or sys.argv[1] not in VERBS:
        asked = " ".join(sys.argv[1:]) in {"-h", "--help"}
        stream = sys.stdout if asked else sys.stderr
        print(f"usage: python -m tools.built_in_voices {'|'.join(VERBS)} ...", file=stream)
        return 0 if asked else 2
    try:
        import_module(f"tools.built_in_voices.{sys.argv[1]}").main(sys.argv[2:])
    except ImportError as error:
        print(f"error: {error}; try pip install '.[teacher]'", file=sys.stderr)
        return 1
    except (OSError, ValueError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
