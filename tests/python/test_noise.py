"""fill_normal through the binding; its statistics are tested in tests/cpp/random_test.cpp."""

from __future__ import annotations

import numpy as np
import pytest

from muspeaker._core import probe


def test_chunks_equal_whole():
    whole = probe.fill_normal(1, 2, 0, 1000)
    parts = [probe.fill_normal(1, 2, first, min(77, 1000 - first)) for first in range(0, 1000, 77)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_values_are_fixed():
    """Equal seeds give equal speech on every machine and in every release."""
    first = [0.8350437, -0.3652689, -1.2126008, -1.1552222]
    np.testing.assert_allclose(probe.fill_normal(2026, 1, 0, 4), first, rtol=0, atol=1e-6)


def test_seed_and_stream_matter():
    values = {
        probe.fill_normal(seed, stream, 0, 8).tobytes() for seed in (0, 1) for stream in (0, 1)
    }
    assert len(values) == 4
    assert abs(float(probe.fill_normal(0, 0, 0, 100_000).std()) - 1.0) < 0.01


def test_bad_counts():
    assert probe.fill_normal(0, 0, 0, 0).shape == (0,)
    with pytest.raises(ValueError, match="count must not be negative, got -1"):
        probe.fill_normal(0, 0, 0, -1)


@pytest.mark.parametrize("num_samples", [1, 2, 4, 64, 1024, 4096])
def test_real_fft_equals_numpy(num_samples):
    samples = probe.fill_normal(5, 0, 0, num_samples)
    real, imag = probe.real_fft(samples)
    expected = np.fft.rfft(samples.astype(np.float64))
    np.testing.assert_allclose(real + 1j * imag, expected, rtol=0, atol=2e-6 * num_samples**0.5)
