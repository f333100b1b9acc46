"""MUSPEAKER_CPU_ISA: what is the same on every instruction set of this machine, and what it refuses."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import metadata
from types import SimpleNamespace

import pytest

import muspeaker

SPECTRA = """
import hashlib, numpy as np
from dataclasses import asdict
from muspeaker import _core
from muspeaker.config import AudioConfig
rng = np.random.default_rng(0)
audio = AudioConfig(sample_rate=24000, hop_samples=300, window_samples=1200, fft_samples=1200, mel_high_hz=8000)
frames, bins = 20, audio.fft_samples // 2 + 1
f0 = np.repeat([0, 120, 310, 95], 5).astype(np.float32)
phase, pulses = _core.probe.pulse_train(f0, asdict(audio))
mel = rng.standard_normal((frames, audio.num_mels), np.float32) - 5
planes = rng.standard_normal((frames, 5, bins), np.float32)
noise = rng.standard_normal(phase.size, np.float32)
samples = _core.probe.spectral_synthesis(planes, mel, f0, phase, noise, asdict(audio))
real, imag = _core.probe.real_fft(noise)
assert np.abs(samples).max() > 0.001
print(hashlib.sha256(b"".join(x.tobytes() for x in (pulses, samples, real, imag))).hexdigest())
"""
LOAD = "import muspeaker; muspeaker.load()"


def run(code: str, isa: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"MUSPEAKER_CPU_ISA": isa}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def supported() -> list[str]:
    error = run(LOAD, "abacus").stderr.splitlines()[-1]
    assert "MUSPEAKER_CPU_ISA is 'abacus', expected one that this machine supports: " in error
    return error.split(": ")[-1].split(", ")


def test_spectra_have_the_same_bits_on_every_set(supported: list[str]) -> None:
    results = {isa: run(SPECTRA, isa) for isa in supported}
    assert {isa: result.stderr for isa, result in results.items()} == dict.fromkeys(supported, "")
    assert len({result.stdout for result in results.values()}) == 1, results


def test_every_machine_has_vectors(supported: list[str]) -> None:
    assert supported[0] == "scalar"
    assert supported[1] in {"sse2", "neon"}


@pytest.mark.parametrize(
    ("is_new", "numpy", "refused"),
    [
        (False, "2.4.6", True),
        (False, "2.10.0", True),
        (False, "2.3.9", False),
        (True, "2.4.6", False),
    ],
)
def test_a_numpy_that_would_die_is_refused_in_a_line(
    is_new: bool, numpy: str, refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here by a processor that the test makes up; `.ci/x86` has a real import under qemu."""
    engine = SimpleNamespace(has_x86_64_v2=lambda: is_new)
    monkeypatch.setitem(sys.modules, "muspeaker._core", engine)
    monkeypatch.setattr(metadata, "version", lambda _: numpy)
    muspeaker._require_processor()  # NumPy is there already, so it runs
    monkeypatch.delitem(sys.modules, "numpy")
    if not refused:
        muspeaker._require_processor()
        return
    expected = f"^this processor has no SSE4.2, which NumPy {numpy} needs: pip install 'numpy<2.4'$"
    with pytest.raises(ImportError, match=expected):
        muspeaker._require_processor()
