"""Synthesizer against PyTorch, noise given: texts and recordings to samples, threads, bad input."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("gguf")
pytest.importorskip("numba")

from muspeaker import _core
from muspeaker._core import probe
from muspeaker.twin.engine.listener import Listener
from muspeaker.twin.engine.noise import Noise, vocoder_noise
from muspeaker.twin.engine.synthesizer import Synthesizer
from muspeaker.twin.model.variation_adapter import VariationOptions
from tests.closeness import CEILING, squared_error
from tests.engine_calls import (
    PLAIN,
    TOKENS,
    Arrays,
    tokens_of,
    twin_ids,
    twin_voice,
    voice_of,
)
from tests.model_reader import load, without_header_sum
from tests.padding import normal
from tests.tiny_model import tiny_config, tiny_model

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.torch


@pytest.fixture
def synthesizer(model_file: Callable[..., Path]) -> Callable[..., _core.Synthesizer]:
    """A function of a weight type and a number of threads."""
    return lambda weight_type="f32", threads=1: _core.Synthesizer(
        str(model_file(tiny_model(), weight_type)), threads
    )


def given(noise: np.ndarray) -> Callable[[int], torch.Tensor]:
    """The first values of an array, as the twin asks for them."""
    return lambda count: torch.from_numpy(noise[:count]).unsqueeze(0)


@pytest.mark.parametrize(
    "options", [{}, {"speed": 1.7, "pitch": -3.0, "energy": 2.0}], ids=["plain", "changed"]
)
@pytest.mark.parametrize("weight_type", ["f32", "f16", "q8"])
@pytest.mark.parametrize("classifier", [False, True], ids=["moments", "map"])
def test_samples(model_file, weight_type, options, classifier):
    path = model_file(tiny_model(0, tiny_config(classifier=classifier)), weight_type)
    model = load(path)
    ids, voice = tokens_of(model), voice_of(model)
    rng = np.random.default_rng(1)
    latent = rng.standard_normal((TOKENS, model.config.mel_encoder.latent), np.float32)
    noise = rng.standard_normal(400_000, np.float32)
    expected = Synthesizer(model).synthesize(
        twin_ids(ids),
        twin_voice(voice),
        Noise(torch.from_numpy(latent).unsqueeze(0), given(noise)),
        VariationOptions(*options.values()),
    )
    engine = _core.Synthesizer(str(path), 1)
    actual = probe.synthesize_stages(engine, ids, *voice, latent, noise, **options)
    assert set(actual) == set(expected._fields)
    # Through the vocoder's int8 arithmetic, or on f32 through the phase of a whole utterance.
    limit = 1e-5 if weight_type != "q8" else 10 * CEILING["q8"]
    assert squared_error(actual["samples"], expected.samples[0].numpy()) < limit


def test_the_twin_repeats_itself():
    model = tiny_model()
    tokens, voice = twin_ids(tokens_of(model, 7)), twin_voice(voice_of(model))
    latent = normal(1, 7, model.config.mel_encoder.latent, seed=3)

    def say(seed: int) -> Any:
        return Synthesizer(model).synthesize(tokens, voice, Noise(latent, vocoder_noise(seed)))

    first, again, other = say(4), say(4), say(5)
    for a, b in zip(first, again, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0)
    hop = model.config.audio.hop_samples
    assert first.samples.shape == (1, hop * int(first.durations.sum()))
    assert bool(torch.isfinite(first.samples).all())
    assert first.samples.std() > 1e-3
    assert not torch.equal(other.samples, first.samples)
    assert torch.equal(other.mel, first.mel)  # the seed of this call is the vocoder's alone


@pytest.mark.parametrize("weight_type", ["f32", "q8"])
def test_threads_give_the_same_bits(synthesizer, weight_type, generated_audio):
    model = tiny_model()
    prompt = generated_audio(22050, 1.1), generated_audio(16000, 1.1)
    results = []
    for threads in (1, 2, 3):
        engine = synthesizer(weight_type, threads)
        voice = engine.clone(*prompt)
        results.append((*voice, *engine.synthesize(tokens_of(model), *voice, **PLAIN)))
    for other in results[1:]:
        for ours, theirs in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_options_do_something(synthesizer):
    model = tiny_model()
    engine = synthesizer()

    def say(**options: float) -> Arrays:
        return engine.synthesize(tokens_of(model), *voice_of(model), **PLAIN | options)

    samples, durations = say()
    assert samples.dtype == np.float32
    assert durations.dtype == np.int32
    assert len(samples) == durations.sum() * model.config.audio.hop_samples
    np.testing.assert_array_equal(say()[0], samples)
    assert say(speed=2.0)[1].sum() == pytest.approx(durations.sum() / 2, abs=1)
    for option in ({"pitch": 3.0}, {"energy": 2.0}, {"seed": 6}, {"temperature": 0.0}):
        other = say(**option)[0]
        assert len(other) != len(samples) or not np.array_equal(other, samples)


def test_calls_from_several_threads_take_turns(synthesizer):
    model = tiny_model()
    engine = synthesizer(threads=2)
    tokens = [tokens_of(model, count) for count in (TOKENS, 9)]
    expected = [engine.synthesize(ids, *voice_of(model), **PLAIN)[0] for ids in tokens]
    said: list[list[np.ndarray]] = [[], []]

    def run(index: int) -> None:
        for _ in range(4):
            said[index].append(engine.synthesize(tokens[index], *voice_of(model), **PLAIN)[0])

    threads = [threading.Thread(target=run, args=(index,)) for index in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for index in (0, 1):
        assert len(said[index]) == 4
        for samples in said[index]:
            np.testing.assert_array_equal(samples, expected[index])


def test_other_threads_run_meanwhile(synthesizer):
    model = tiny_model()
    engine = synthesizer()
    ticks: list[float] = []
    done = threading.Event()

    def tick() -> None:
        while not done.wait(0.001):
            ticks.append(time.perf_counter())

    ticker = threading.Thread(target=tick)
    ticker.start()
    shares = []  # of a call's time, the longest that the other thread stood still
    for _ in range(3):
        begin = time.perf_counter()
        engine.synthesize(tokens_of(model), *voice_of(model), **PLAIN | {"speed": 0.25})
        end = time.perf_counter()
        during = [begin, *(t for t in ticks if begin < t < end), end]
        shares.append(float(np.diff(during).max()) / (end - begin))
    done.set()
    ticker.join()
    assert min(shares) < 0.5


@pytest.mark.parametrize("options", [{}, {"pitch": 5.0, "energy": 0.5}], ids=["plain", "changed"])
@pytest.mark.parametrize("weight_type", ["f32", "q8"])
def test_convert(model_file, generated_audio, weight_type, options):
    path = model_file(tiny_model(4), weight_type)
    model = load(path)
    samples = generated_audio(22050, 1.4)
    ids, voice = tokens_of(model, 19), voice_of(model)
    tokens = twin_ids(ids)
    f0 = probe.hear(probe.Model(str(path)), samples, ids[0])["f0"]
    heard = (torch.from_numpy(x).unsqueeze(0) for x in (samples, f0))
    expected = Synthesizer(model).convert(
        Listener(model).hear(*heard, tokens.phones),
        tokens,
        twin_voice(voice),
        lambda count: torch.from_numpy(probe.fill_normal(0, 1, 0, count)).unsqueeze(0),
        VariationOptions(1.0, *options.values()),
    )
    engine = _core.Synthesizer(str(path), 1)
    stages = probe.convert_stages(engine, samples, ids, *voice, **options)
    assert squared_error(stages["f0"], expected.f0[0].numpy()) < CEILING["f32"]
    assert squared_error(stages["energy"], expected.energy[0].numpy()) < CEILING["f32"]
    assert squared_error(stages["mel"], expected.mel[0].numpy().T) < CEILING[weight_type]
    limit = 1e-5 if weight_type != "q8" else 10 * CEILING["q8"]
    assert squared_error(stages["samples"], expected.samples[0].numpy()) < limit
    settings = {"pitch": 0.0, "energy": 1.0, "seed": 0} | options
    spoken, frames = engine.convert(samples, ids, *voice, **settings)
    np.testing.assert_array_equal(spoken, stages["samples"])
    np.testing.assert_array_equal(frames, expected.durations[0].numpy())
    assert len(spoken) == frames.sum() * model.config.audio.hop_samples
    again, _ = _core.Synthesizer(str(path), 3).convert(samples, ids, *voice, **settings)
    np.testing.assert_array_equal(again, spoken)


def test_silence_is_converted_to_something(model_file):
    """Nothing voiced, nothing loud: the register stays, and the result is finite."""
    model = tiny_model(4)
    engine = _core.Synthesizer(str(model_file(model)), 1)
    ids, voice = tokens_of(model, 19), voice_of(model)
    stages = probe.convert_stages(engine, np.zeros(22050, np.float32), ids, *voice)
    assert not stages["f0"].any()
    assert np.isfinite(stages["samples"]).all()


def one_id(row: int, token: int, value: int) -> np.ndarray:
    ids = np.zeros((3, TOKENS), np.int32)
    ids[row, token] = value
    return ids


def bad_calls() -> dict[str, tuple[dict[str, Any], str]]:
    """Argument or option to a bad value, and what the message says."""
    return {
        "no tokens": ({"tokens": np.zeros((3, 0))}, "1 to 2048 tokens, got 0"),
        "rows": ({"tokens": np.zeros((2, 21))}, "tokens must have 3 rows, got 2"),
        "axes": ({"tokens": [1, 2]}, "tokens must have 2 axes, got 1"),
        "phone": ({"tokens": one_id(0, 0, 12)}, r"phones\[0\] must be 0 to 11, got 12"),
        "negative": ({"tokens": one_id(1, 20, -1)}, r"stresses\[20\] must be 0 to 2, got -1"),
        "boundary": ({"tokens": one_id(2, 0, 3)}, r"boundaries\[0\] must be 0 to 2, got 3"),
        "slow": ({"speed": 0.2}, "speed must be 0.25 to 4, got 0.2"),
        "speed": ({"speed": np.nan}, "speed must be 0.25 to 4, got nan"),
        "pitch": ({"pitch": 49.0}, "pitch must be -48 to 48"),
        "energy": ({"energy": 0.0}, "energy must be above 0"),
        "temperature": ({"temperature": -0.1}, "temperature must be 0 to 10"),
    }


@pytest.mark.parametrize("name", bad_calls())
def test_bad_input_is_refused(synthesizer, name):
    changed, message = bad_calls()[name]
    model = tiny_model()
    arguments = {"tokens": tokens_of(model)}
    arguments |= dict(zip(("vector", "style"), voice_of(model), strict=True))
    with pytest.raises(ValueError, match=message):
        synthesizer().synthesize(**arguments | PLAIN | changed)


@pytest.mark.parametrize(
    ("count", "change", "message"),
    [
        (100, {}, "the recording must hold 385 to 1323000 samples, got 100"),
        (22050 * 61, {}, "the recording must hold 385 to 1323000 samples, got 1345050"),
        (22050, {"value": np.nan}, "the recording must be finite"),
        (22050, {"value": -1e30}, "the recording must be from -1 to 1, got a sample over"),
        (4096, {}, "the text has 19 phones and pauses, more than the recording's 16 frames"),
        (22050, {"pitch": 99.0}, "pitch must be -48 to 48"),
    ],
)
def test_bad_recordings_are_refused(model_file, count, change, message):
    model = tiny_model(4)
    engine = _core.Synthesizer(str(model_file(model)), 1)
    ids, voice = tokens_of(model, 19), voice_of(model)
    samples = np.full(count, change.pop("value", 0.1), np.float32)
    with pytest.raises(ValueError, match=message):
        engine.convert(samples, ids, *voice, **{"pitch": 0.0, "energy": 1.0, "seed": 0} | change)


def test_no_speech_and_endless_speech_are_refused(model_file):
    model = tiny_model()
    bias = model.variation_adapter.duration_predictor.linear.bias
    for value, message in ((-30.0, "less than one frame"), (9.0, "longer than 10335 frames")):
        bias.fill_(value)
        engine = _core.Synthesizer(str(model_file(model)), 1)
        with pytest.raises(ValueError, match=message):
            engine.synthesize(tokens_of(model), *voice_of(model), **PLAIN)


def test_loading_is_strict(model_file, tmp_path):
    with pytest.raises(_core.ModelFileError, match=r"none\.bin"):
        _core.Synthesizer(str(tmp_path / "none.bin"), 1)
    path = model_file(tiny_model())
    with pytest.raises(ValueError, match="num_threads must be 1 to 256, got 0"):
        _core.Synthesizer(str(path), 0)
    name = b"mel_decoder.blocks.1.conv2.weight"
    whole = without_header_sum(path.read_bytes())
    broken = whole.replace(name, name[:-1] + b"s")
    assert broken != whole
    path.write_bytes(broken)
    with pytest.raises(_core.ModelFileError, match=name.decode()):
        _core.Synthesizer(str(path), 1)


def test_header(synthesizer):
    model = tiny_model()
    config = synthesizer("q8").config
    assert config["symbols"] == list(model.config.symbols)
    assert config["audio.sample_rate"] == 22050
    assert config["weight_type"] == "q8"
    assert config["vocoder.upsample_rates"] == [8, 8, 2, 2]
    assert config["variation_adapter.log_f0_mean"] == pytest.approx(5.1)
