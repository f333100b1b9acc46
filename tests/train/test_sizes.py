"""How large and how costly base and lite are, counted on the modules themselves; -s shows the tables."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

torch = pytest.importorskip("torch")

from muspeaker import _core
from muspeaker.config import AlignerConfig, ModelConfig, base, lite
from muspeaker.loading import DEFAULT_MODEL
from muspeaker.train.convert_weights.fold import fold_batch_norm, fold_weight_norm
from muspeaker.twin.model.muspeaker import MuSpeaker
from tools.roofline.counter import ONCE_A_VOICE, PROMPT_SECONDS, count_work

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.torch

NOT_WHILE_SPEAKING = ("mel_encoder", "timbre_encoder")  # of the count that the paper gives


def show(title: str, counts: Counter[str], unit: float) -> None:
    rows = [f"{part:>20} {count / unit:9.4f}" for part, count in counts.items()]
    print(f"\n{title}", *rows, sep="\n")  # noqa: T201


def fields_of(values: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Names and values as the header of a file has them."""
    for name, value in values.items():
        if isinstance(value, dict):
            yield from fields_of(value, f"{prefix}{name}.")
        elif value is not None:
            yield f"{prefix}{name}", list(value) if isinstance(value, tuple) else value


def num_parameters(config: ModelConfig) -> Counter[str]:
    """Weights of each part in a model file: weight norm folded, statistics of norms not counted."""
    with torch.device("meta"):
        state = fold_weight_norm(MuSpeaker(config).state_dict())
    counts: Counter[str] = Counter()
    for name, tensor in state.items():
        if not name.endswith(("running_mean", "running_var", "num_batches_tracked")):
            counts[name.partition(".")[0]] += tensor.numel()
    show(f"{config.name}: parameters, M", counts, 1e6)
    return counts


def test_base_has_the_size_of_the_paper():
    counts = num_parameters(base())
    speaking = sum(count for part, count in counts.items() if part not in NOT_WHILE_SPEAKING)
    assert speaking == pytest.approx(22.5e6, rel=0.02)


def test_base_takes_the_public_timbre_encoder():
    assert num_parameters(base())["timbre_encoder"] == pytest.approx(17.86e6, rel=0.001)


def test_lite_is_what_ships_and_has_at_most_13_million():
    counts = num_parameters(lite())
    assert counts.total() <= 13e6
    engine = _core.Synthesizer(str(DEFAULT_MODEL), 1)
    with torch.device("meta"):
        state = fold_batch_norm(fold_weight_norm(MuSpeaker(lite()).state_dict()))
    weights = [x for name, x in state.items() if not name.endswith("num_batches_tracked")]
    assert engine.num_parameters == sum(x.numel() for x in weights)
    shipped = engine.config
    for field, value in fields_of(asdict(lite())):
        assert shipped.get(field, value) == (
            pytest.approx(value) if isinstance(value, float) else value
        ), field


def test_documents_give_the_count_of_lite():
    millions = f"{num_parameters(lite()).total() / 1e6:.2f} M"
    root = Path(__file__).parents[2]
    assert f"| parameters | {millions}" in (root / "docs/model_card.md").read_text()
    assert f"**lite** has {millions}" in (root / "README.md").read_text()


def test_an_aligner_is_small():
    counts = num_parameters(replace(lite(), phone_classifier=None, aligner=AlignerConfig()))
    assert counts["aligner"] < 0.1e6


def products_per_second(config: ModelConfig) -> Counter[str]:
    """Multiply-accumulates per second of speech; per second of prompt for what runs once a voice."""
    counts = count_work(config).products
    show(f"{config.name}: multiply-accumulates per second of speech or prompt, G", counts, 1e9)
    return counts


def test_base_costs_what_hifi_gan_v1_does():
    counts = products_per_second(base())
    assert counts["vocoder"] == pytest.approx(26.4e9, rel=0.1)
    assert counts["mel_decoder"] < 0.5e9
    # Published: 12.69 G for 3 s.
    assert counts["timbre_encoder"] * PROMPT_SECONDS == pytest.approx(12.69e9, rel=0.02)


def test_the_first_sizes_cost_what_hifi_gan_v2_does():
    assert products_per_second(ModelConfig())["vocoder"] == pytest.approx(1.66e9, rel=0.1)


def test_lite_costs_a_quarter_of_that():
    counts = products_per_second(lite())
    vocoder = lite().vocoder
    frames = lite().audio.sample_rate / lite().audio.hop_samples
    block = vocoder.channels * (vocoder.kernel + 2 * vocoder.hidden)
    ends = vocoder.channels * ((lite().audio.num_mels + 2) * vocoder.kernel + 5 * 601)
    assert counts["vocoder"] == pytest.approx(frames * (vocoder.num_blocks * block + ends))
    speaking = sum(count for part, count in counts.items() if part not in ONCE_A_VOICE)
    assert speaking < 0.7e9


def test_work_counts_bytes_of_activations_and_weights():
    work = count_work(lite(), seconds=2.0)
    frames = round(2.0 * 24000 / 300)
    channels, num_mels = lite().mel_decoder.channels, lite().audio.num_mels
    mel_decoder = MuSpeaker(lite()).mel_decoder
    convs = [m for m in mel_decoder.modules() if isinstance(m, torch.nn.Conv1d | torch.nn.Linear)]
    assert work.weights["mel_decoder"] == sum(conv.weight.numel() for conv in convs)
    # The last convolution alone reads and writes this much; the whole takes more, but less than all
    # layers at full width.
    last = 4 * frames * (channels + num_mels) / 2.0
    assert last < work.activation_bytes["mel_decoder"] < len(convs) * 4 * frames * channels * 2
