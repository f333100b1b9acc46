"""Small random models, in PyTorch and as files of the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from muspeaker.model.muspeaker import MuSpeaker
    from tests.tiny_training import Runs


@pytest.fixture
def model_file(tmp_path: Path) -> Callable[..., Path]:
    """A function that writes a model as a file of a weight type, and gives its path."""
    # Here, so that without torch the tests are skipped and not broken.
    from tests.tiny_model import checkpoint_of  # noqa: PLC0415
    from tools.convert_weights import convert  # noqa: PLC0415

    def write(model: MuSpeaker, weight_type: str = "f32") -> Path:
        path = tmp_path / f"{weight_type}.bin"
        convert(checkpoint_of(model), path, weight_type)
        return path

    return write


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """Every trained stage in miniature, made once."""
    from tests.tiny_training import train_everything  # noqa: PLC0415  (likewise)

    return train_everything(tmp_path_factory.mktemp("runs"))
