"""The aligner on speech whose word boundaries are known, in miniature; the full check is the tool's."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("numba")
pytest.importorskip("parselmouth")

from tools import check_aligner

pytestmark = [
    pytest.mark.torch,
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]


def test_words_begin_where_sound_begins():
    said = check_aligner.Espeak().say("Yellow garden, silver horses.", "en-us", 150)
    starts = np.array([at for _, at in said.words])
    assert [position for position, _ in said.words] == [0, 7, 15, 22]
    assert starts[0] == 0
    assert (np.diff(starts) > 2000).all()
    assert starts[-1] < len(said.samples)
    # The comma's pause lies before the third word.
    loud = np.abs(said.samples[: starts[-1]]).astype(float)
    assert loud[starts[2] - 1500 : starts[2]].mean() < 0.1 * loud.mean()


def test_a_voice_that_is_not_there():
    with pytest.raises(ValueError, match="no voice en-none"):
        check_aligner.Espeak().say("Hello.", "en-none", 150)


def test_most_words_begin_where_espeak_says(tmp_path):
    first, second = check_aligner.check(tmp_path, 30, 120, 120, seed=1)
    assert len(first) == len(second) > 150
    assert check_aligner.near_share(first) > 0.75
    assert check_aligner.near_share(second) > 0.8
