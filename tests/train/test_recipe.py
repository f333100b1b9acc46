"""The recipe of docs/fine-tuning.md: the commands of the page, in their order, on a voice and a model in miniature."""

from __future__ import annotations

import re
import shlex
import shutil
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import soundfile

torch = pytest.importorskip("torch")
pytest.importorskip("numba")
pytest.importorskip("parselmouth")

from typer.testing import CliRunner

from muspeaker.cli import app
from muspeaker.train.loop.checkpoint import load_checkpoint
from muspeaker.train.stages import snapshot
from tests import tiny_corpus
from tests.tiny_training import CONFIG, STEPS, Runs

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).parents[2] / "docs" / "fine-tuning.md"
SHIPPED = ("realign", "student", "timbre", "vocoder")
SMALL = {  # the same work in seconds; `realign` ends at the step of its snapshot, as on the page
    "prepare": {"--workers": "1"},
    "align": {"--minutes": "", "--steps": "4", "--batch": "2"},
    "realign": {"--steps": str(STEPS), "--batch": "2"},
    "student": {"--minutes": "", "--steps": "3", "--frames": "300"},
}

pytestmark = [
    pytest.mark.torch,
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]


def commands() -> Iterator[list[str]]:
    """The page's commands but that which installs."""
    for block in re.findall(r"```bash\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            if not line.startswith("pip "):
                yield shlex.split(line, comments=True)


def in_miniature(command: list[str]) -> list[str]:
    """A stage's words with other values of some options; without those whose value is empty."""
    stage, *words = command
    for option, value in SMALL.get(stage, {}).items():
        if option in words:
            place = words.index(option)
            words = words[:place] + words[place + 2 :]
        words = [*words, option, value] if value else words
    return words


def record(folder: Path) -> None:
    """What step 1 asks for: recordings, their table, and a table of the sentences that are kept apart."""
    table = PAGE.read_text(encoding="utf-8").split("```text\n")[1].split("\n")[0]
    assert table.split("\t") == ["id", "speaker", "language", "path", "text"]
    (folder / "wavs").mkdir()
    rows = [table]
    for number in range(1, 9):
        text = tiny_corpus.TEXTS[number % 3]
        samples = tiny_corpus.utterance(150.0, number)
        soundfile.write(folder / f"wavs/{number:03}.wav", samples, tiny_corpus.RATE_HZ)
        rows.append(f"{number:03}\tme\ten-us\twavs/{number:03}.wav\t{text}")
    (folder / "mine.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    kept = f"id\ttext\n009\t{tiny_corpus.TEXTS[3]}\n"
    (folder / "kept_apart.tsv").write_text(kept, encoding="utf-8")


def test_the_recipe(runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for stage in SHIPPED:
        shutil.copytree(runs.root / stage, tmp_path / "shipped" / stage)
    snapshot.save(tmp_path / "shipped", tmp_path / "checkpoints")
    record(tmp_path)
    monkeypatch.chdir(tmp_path)
    said = []
    for program, *words in commands():
        if program == "muspeaker-train":
            stage = words[0]
            sizes = [] if stage in {"snapshot", "convert"} else [CONFIG]
            import_module(f"muspeaker.train.stages.{stage}").main(in_miniature(words), *sizes)
        else:
            result = CliRunner().invoke(app, words)
            assert result.exit_code == 0, result.output
        said.append(words[0])
    assert said == ["snapshot", "prepare", "align", "realign", "student", "export", "convert", "clone", "say"]  # fmt: skip
    assert load_checkpoint(Path("runs/mine-student/student.pt"))["step"] == 3
    assert load_checkpoint(Path("runs/realign/realign.pt"))["step"] == STEPS
    assert soundfile.info("me.wav").duration > 0.3
