"""Audio, small models and trained stages that several tests share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.espeak import HAS_ESPEAK

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from muspeaker.twin.model.muspeaker import MuSpeaker
    from tests.tiny_training import Runs

CORPUS = Path(__file__).parents[2] / "shared" / "corpus"


def speech_like(rate_hz: int, seconds: float, seed: int = 0) -> np.ndarray:
    """Harmonics of a gliding pitch, noise, near-silence and silence by turns; (samples,) float32."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(rate_hz * seconds)) / rate_hz
    f0_hz = 150 + 50 * np.sin(2 * np.pi * 0.7 * time + seed)
    phase = 2 * np.pi * np.cumsum(f0_hz) / rate_hz
    voiced = sum(np.sin(k * phase) / k for k in range(1, 12)) * 0.15
    noise = rng.standard_normal(time.size)
    turn = (time * 5).astype(int) % 4  # 200 ms each
    samples = np.choose(turn, [voiced + 0.003 * noise, 0.05 * noise, 0.001 * noise, 0.0 * noise])
    return samples.astype(np.float32)


@pytest.fixture
def generated_audio() -> Callable[..., np.ndarray]:
    return speech_like


@pytest.fixture(params=["generated", "recorded"])
def speech(request: pytest.FixtureRequest) -> Callable[[int], np.ndarray]:
    """A function of a rate in Hz that gives about 3 s of speech, (samples,) float32."""
    if request.param == "generated":
        return lambda rate_hz: speech_like(rate_hz, 3.0)
    clips = sorted(CORPUS.glob("kathleen/*.opus"))
    if not clips:
        pytest.skip("the corpus is not here")
    soundfile = pytest.importorskip("soundfile")
    soxr = pytest.importorskip("soxr")
    samples, file_rate_hz = soundfile.read(clips[0], dtype="float32", frames=150_000)
    return lambda rate_hz: soxr.resample(samples, file_rate_hz, rate_hz).astype(np.float32)


@pytest.fixture
def model_file(tmp_path: Path) -> Callable[..., Path]:
    """A function that writes a model as a file of a weight type, and gives its path."""
    # Here, so that without torch the tests are skipped and not broken.
    from muspeaker.train.convert_weights import convert  # noqa: PLC0415
    from tests.tiny_model import checkpoint_of  # noqa: PLC0415

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


def _skipping_without_espeak() -> Generator[None]:
    """Skip what asks for espeak-ng where that is not installed."""
    try:
        yield
    except RuntimeError as error:
        if HAS_ESPEAK or "muspeaker[espeak]" not in str(error):
            raise
        pytest.skip("needs muspeaker[espeak]")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup() -> Generator[None]:
    """Skip a test whose fixtures need espeak-ng."""
    yield from _skipping_without_espeak()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None]:
    """Skip a test that needs espeak-ng."""
    yield from _skipping_without_espeak()
