"""Files of every released format are still read, and still say what PyTorch said they should."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from muspeaker import _core

FOLDER = Path(__file__).parent
# Normalised squared error; in q8 files int8 weights meet int8 activations.
CEILINGS = {"f16": 1e-6, "q8": 5e-4}


def normalized_error(actual: np.ndarray, expected: np.ndarray) -> float:
    return float(np.square(actual - expected).sum() / np.square(expected).sum())


@pytest.mark.parametrize("num_threads", [1, 2])
@pytest.mark.parametrize("weight_type", sorted(CEILINGS))
@pytest.mark.parametrize("version", [1, 2])
def test_golden(version, weight_type, num_threads):
    engine = _core.Synthesizer(str(FOLDER / f"v{version}-{weight_type}.bin"), num_threads)
    with np.load(FOLDER / f"v{version}.npz") as arrays:
        golden = dict(arrays)
    assert engine.config["name"] == "tiny"
    assert engine.config["weight_type"] == weight_type
    prompts = (golden[name].astype(np.float32) / 32768 for name in ("samples", "samples_16k"))
    vector, style = engine.clone(*prompts)
    speed, pitch, energy, temperature = (float(x) for x in golden["options"])
    samples, durations = engine.synthesize(
        tokens_of(golden, ""),
        vector,
        style,
        speed=speed,
        pitch=pitch,
        energy=energy,
        temperature=temperature,
        seed=int(golden["seed"]),
    )
    np.testing.assert_array_equal(durations, golden[f"{weight_type}_durations"])
    actual = {"timbre": vector, "style": style, "output": samples}
    for name, array in actual.items():
        expected = golden[f"{weight_type}_{name}"].astype(np.float32)
        assert array.shape == expected.shape, name
        assert normalized_error(array, expected) < CEILINGS[weight_type], name


def tokens_of(golden, prefix):
    rows = [golden[prefix + name] for name in ("phones", "stresses", "boundaries")]
    return np.stack(rows).astype(np.int32)


@pytest.mark.parametrize("weight_type", sorted(CEILINGS))
@pytest.mark.parametrize("version", [2])
def test_golden_conversion(version, weight_type):
    engine = _core.Synthesizer(str(FOLDER / f"v{version}-{weight_type}.bin"), 1)
    with np.load(FOLDER / f"v{version}.npz") as arrays:
        golden = dict(arrays)
    prompts = [golden[name].astype(np.float32) / 32768 for name in ("samples", "samples_16k")]
    samples, durations = engine.convert(
        prompts[0][: golden["source_samples"]],
        tokens_of(golden, "source_"),
        *engine.clone(*prompts),
        pitch=float(golden["options"][1]),
        energy=float(golden["options"][2]),
        seed=int(golden["seed"]),
    )
    np.testing.assert_array_equal(durations, golden[f"{weight_type}_converted_durations"])
    expected = golden[f"{weight_type}_converted"].astype(np.float32)
    assert samples.shape == expected.shape
    assert normalized_error(samples, expected) < CEILINGS[weight_type]


def test_golden_files_are_small():
    for path in FOLDER.glob("v*"):
        assert path.stat().st_size < 200_000, path.name
