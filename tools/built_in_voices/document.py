"""Verb `document`: the parts of the documents that list the voices that ship; with --samples their samples too.

Each part stands between two comments of a Markdown file, and is replaced as a whole.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import muspeaker
from muspeaker.sound.files import write_whole
from muspeaker.voice import DEFAULT_NAME
from tools.built_in_voices.table import ACCENTS, shipped

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tools.built_in_voices.table import BuiltIn

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "docs" / "samples"
BEGIN = "<!-- built-in voices, written by `python -m tools.built_in_voices document` -->\n"
END = "<!-- end of built-in voices -->\n"
SEED = 0


def table(voices: Sequence[BuiltIn]) -> str:
    """Name, gender, accent and origin, a line each."""
    lines = ["| Voice | Gender | Accent | Made from |", "|---|---|---|---|"]
    for voice in voices:
        name = f"`{voice.name}`{' (default)' if voice.name == DEFAULT_NAME else ''}"
        lines.append(f"| {name} | {voice.gender} | {ACCENTS[voice.accent]} | {voice.origin} |")
    return "\n".join(lines) + "\n"


def samples(voices: Sequence[BuiltIn]) -> str:
    """What each voice says, with the command that made it."""
    return "\n".join(
        f"""```bash
muspeaker say "{voice.heard}" --voice {voice.name} --seed {SEED} -o {voice.name}.ogg
```

<audio controls src="samples/{voice.name}.ogg"></audio>
"""
        for voice in voices
    )


PARTS: dict[str, Callable[[Sequence[BuiltIn]], str]] = {
    "README.md": table,
    "docs/clone.md": table,
    "docs/model_card.md": table,
    "docs/samples.md": samples,
}


def documented(text: str, part: str) -> str:
    """A document with its part replaced.

    Raises:
        ValueError: If it does not have one such part.
    """
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise ValueError(f"expected one part between {BEGIN.strip()} and {END.strip()}")
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n{part}\n{END}{rest.split(END)[1]}"


def write_parts(voices: Sequence[BuiltIn], root: Path = ROOT) -> list[Path]:
    """Replace the parts of all documents; returns those that have changed.

    Raises:
        ValueError: If a document has no place for its part.
    """
    changed = []
    for name, part in PARTS.items():
        path = root / name
        text = path.read_text(encoding="utf-8")
        try:
            new = documented(text, part(voices))
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error
        if new != text:
            write_whole(path, new.encode())
            changed.append(path)
    return changed


def write_samples(
    tts: muspeaker.Synthesizer, voices: Sequence[BuiltIn], folder: Path = SAMPLES
) -> list[Path]:
    """Speak the sample of each voice; returns the files."""
    written = []
    for voice in voices:
        written.append(folder / f"{voice.name}.ogg")
        tts.synthesize(voice.heard, voice.name, seed=SEED).save(written[-1])
    return written


def main(arguments: list[str] | None = None) -> None:
    """Command line of the verb."""
    parser = argparse.ArgumentParser(prog="python -m tools.built_in_voices document",
                                     description=__doc__)  # fmt: skip
    parser.add_argument("--samples", action="store_true",
                        help="make the samples of the page too, with the model that ships")  # fmt: skip
    options = parser.parse_args(arguments)
    voices = shipped()
    for path in write_parts(voices):
        print(path)
    if options.samples:
        for path in write_samples(muspeaker.load(), voices):
            print(path)
