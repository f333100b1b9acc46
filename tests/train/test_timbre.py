"""The timbre stage's arithmetic: error rate, losses, augmentation, who is held out."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")

from muspeaker.train.corpus.augment_fbanks import augment
from muspeaker.train.corpus.cache import Clip
from muspeaker.train.corpus.timbre_crops import held_out_speakers, read_speakers
from muspeaker.train.losses.timbre import AngularMargin, distance_to_teacher
from muspeaker.train.stages.timbre import equal_error_rate

pytestmark = pytest.mark.torch


def unit(*degrees: float) -> torch.Tensor:
    """(vectors, 2) on the circle."""
    angles = torch.tensor(degrees) * math.pi / 180
    return torch.stack([angles.cos(), angles.sin()], dim=1)


def test_equal_error_rate_of_known_cases():
    names = ["a", "a", "b", "b"]
    assert equal_error_rate(5 * unit(0, 1, 90, 91), names) == 0
    assert equal_error_rate(unit(0, 180, 90, 270), names) == 1
    # From the least alike: different, same, different, same, same, different.
    mixed = equal_error_rate(unit(0, 2, 60, 61), ["a", "a", "a", "b"])
    assert mixed == pytest.approx(1 / 3)


def test_equal_error_rate_needs_both_kinds_of_pairs():
    assert math.isnan(equal_error_rate(unit(0, 1), ["a", "a"]))
    assert math.isnan(equal_error_rate(unit(0, 1), ["a", "b"]))


def test_margin_makes_the_right_answer_harder():
    torch.manual_seed(0)
    margin = AngularMargin(8, 5).requires_grad_(requires_grad=False)
    vectors, speakers = torch.randn(20, 8), torch.arange(20) % 5
    assert float(margin(vectors, speakers, 0.2)) > float(margin(vectors, speakers, 0.0))
    assert float(margin(margin.weight, torch.arange(5), 0.0)) < 1


def test_augment_keeps_shape_and_repeats_under_a_seed():
    fbank = torch.randn(16, 50, 80)
    first, second = (augment(fbank, torch.Generator().manual_seed(3)) for _ in range(2))
    assert first.shape == fbank.shape
    assert torch.equal(first, second)
    assert torch.isfinite(first).all()
    unchanged = [torch.equal(a, b) for a, b in zip(first, fbank, strict=True)]
    assert 0 < sum(unchanged) < 12


def clips_of(source: str, count: int, *, certain: bool = False) -> list[Clip]:
    return [
        Clip(
            f"{source}{n}{s}",
            source,
            f"{source}{n:02}{s}",
            "",
            "",
            8000.0,
            speed,
            0,
            10,
            certain=certain,
        )
        for n in range(count)
        for s, speed in (("", 1.0), ("@0.9", 0.9))
    ]


def test_held_out_speakers_come_from_the_certain_sources():
    clips = clips_of("small", 50, certain=True) + clips_of("large", 200, certain=True)
    clips += clips_of("doubtful", 90) + clips_of("one", 1, certain=True)
    held = held_out_speakers(clips, 24)
    assert len([n for n in held if n.startswith("small")]) == 5
    assert len([n for n in held if n.startswith("large")]) == 12
    assert not [n for n in held if "@" in n or n.startswith(("doubtful", "one"))]


def test_a_corpus_of_other_sources_holds_out_a_tenth():
    assert len(held_out_speakers(clips_of("mine", 11), 24)) == 2
    assert held_out_speakers(clips_of("mine", 3), 24) == {"mine00"}


def test_distance_to_the_teacher_ignores_length():
    target = unit(0, 90)
    assert float(distance_to_teacher(3 * target, target)) == pytest.approx(0, abs=1e-6)
    assert float(distance_to_teacher(unit(90, 90), target)) == pytest.approx(0.5)


def test_a_table_names_the_held_out(tmp_path):
    table = tmp_path / "held_out.tsv"
    table.write_text('id\tspeaker\n1\t"ann\n2\tben\n3\tben\n', encoding="utf-8")
    assert read_speakers(table) == {'"ann', "ben"}
    table.write_text("id\tname\n1\tann\n", encoding="utf-8")
    with pytest.raises(ValueError, match="expected a column `speaker`"):
        read_speakers(table)
