"""The engine from prompt to samples against PyTorch, noise given."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("gguf")

from muspeaker import _core
from muspeaker._core import probe
from muspeaker.twin.dsp.fbank import kaldi_fbank
from muspeaker.twin.dsp.heard_phones import heard_phones
from muspeaker.twin.dsp.mel import log_energy, log_mel, num_samples
from muspeaker.twin.dsp.normalized_mel import normalized_mel
from tests.closeness import CEILING, squared_error
from tests.model_reader import load
from tests.tiny_model import tiny_config, tiny_model

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.torch

TOKENS = 21
PLAIN = {"speed": 1.0, "pitch": 0.0, "energy": 1.0, "temperature": 0.667, "seed": 5}
Arrays = tuple[np.ndarray, ...]


def tokens_of(model: Any, count: int = TOKENS) -> Arrays:
    """Phones, stresses and boundaries."""
    rng = np.random.default_rng(count)
    sizes = model.config.linguistic_encoder
    limits = (sizes.num_phones, sizes.num_stresses, sizes.num_boundaries)
    return tuple(rng.integers(0, limit, count).astype(np.int32) for limit in limits)


def voice_of(model: Any, style_frames: int = 30) -> Arrays:
    """A timbre and a style that nobody has."""
    rng = np.random.default_rng(style_frames)
    timbre = rng.standard_normal(model.config.voice_size, np.float32)
    style = rng.standard_normal((style_frames, model.config.style_encoder.hidden), np.float32)
    return timbre, style


def speak(model: Any, latent: np.ndarray, noise: np.ndarray, **options: float) -> dict[str, Any]:
    """MuSpeaker.forward with the vocoder's noise given: stage to array, in the engine's layout."""
    timbre, style, *ids, latent = (
        torch.tensor(x).unsqueeze(0) for x in (*voice_of(model), *tokens_of(model), latent)
    )
    mask = torch.ones(1, TOKENS, dtype=torch.bool)
    e_ling = model.linguistic_encoder(*(x.long() for x in ids), mask)
    e_con = e_ling + model.fusion(model.vp_flow.inverse(latent, e_ling, mask))
    said = model.variation_adapter(
        e_con,
        style,
        options.get("speed", 1.0),
        options.get("pitch", 0.0),
        options.get("energy", 1.0),
    )
    frames = torch.ones(said.e_lat.shape[:2], dtype=torch.bool)
    mel = model.mel_decoder(said.e_lat, model.project_timbre(timbre), frames)
    mel = model.match_prompt(mel, timbre, options.get("energy", 1.0))
    count = num_samples(mel.shape[2], model.config.audio)
    samples = model.vocode(mel, said.f0, torch.tensor(noise[None, :count]))
    return {
        "durations": said.durations[0].numpy(),
        "f0": said.f0[0].numpy(),
        "energy": said.energy[0].numpy(),
        "mel": mel[0].numpy().T,
        "samples": samples[0].numpy(),
    }


@pytest.mark.parametrize(
    "options", [{}, {"speed": 1.7, "pitch": -3.0, "energy": 2.0}], ids=["plain", "changed"]
)
@pytest.mark.parametrize("weight_type", ["f32", "f16", "q8"])
@pytest.mark.parametrize("classifier", [False, True], ids=["moments", "map"])
def test_every_stage(model_file, weight_type, options, classifier):
    path = model_file(tiny_model(0, tiny_config(classifier=classifier)), weight_type)
    model = load(path)
    rng = np.random.default_rng(1)
    latent = rng.standard_normal((TOKENS, model.config.mel_encoder.latent), np.float32)
    noise = rng.standard_normal(400_000, np.float32)
    expected = speak(model, latent, noise, **options)
    actual = probe.synthesize_stages(
        _core.Synthesizer(str(path), 1),
        *tokens_of(model),
        *voice_of(model),
        latent,
        noise,
        **options,
    )
    assert actual.keys() == expected.keys()
    np.testing.assert_array_equal(actual["durations"], expected["durations"])
    assert 0 < np.count_nonzero(expected["f0"]) < len(expected["f0"])  # both kinds of frame
    for stage in ("f0", "energy"):
        assert squared_error(actual[stage], expected[stage]) < CEILING["f32"]
    assert squared_error(actual["mel"], expected["mel"]) < CEILING[weight_type]
    # Through the vocoder's int8 arithmetic, or on f32 through the phase of a whole utterance.
    limit = 1e-5 if weight_type != "q8" else 10 * CEILING["q8"]
    assert squared_error(actual["samples"], expected["samples"]) < limit


@pytest.mark.parametrize("weight_type", ["f32", "q8"])
@pytest.mark.parametrize("classifier", [False, True], ids=["moments", "map"])
def test_clone(model_file, weight_type, generated_audio, classifier):
    model = tiny_model(6, tiny_config(classifier=classifier))
    if classifier:
        model.phone_classifier.linear.weight.mul_(20)  # sure of many a frame
    path = model_file(model, weight_type)
    model = load(path)
    samples, samples_16k = (
        sound * np.linspace(0.02, 1, len(sound), dtype=np.float32)  # its energy is heard too
        for sound in (generated_audio(22050, 1.3), generated_audio(16000, 1.3))
    )
    mel = log_mel(torch.tensor(samples).unsqueeze(0), model.config.audio)
    fbank = kaldi_fbank(
        torch.tensor(samples_16k).unsqueeze(0), model.config.timbre_encoder.num_fbanks
    )
    fbank = fbank - fbank.mean(1, keepdim=True)
    melody: tuple[torch.Tensor, ...] = ()
    if classifier:
        x = torch.from_numpy(normalized_mel(mel[0].numpy().T)).unsqueeze(0)
        heard, _ = heard_phones(model.phone_classifier(x)[0].numpy())
        assert len(set(heard.tolist())) > 3
        melody = heard_melody(model, samples)
    timbre, style = (x[0].numpy() for x in model.clone(mel, fbank, *melody))
    assert len(timbre) == model.config.voice_size
    actual_timbre, actual_style = _core.Synthesizer(str(path), 1).clone(samples, samples_16k)
    assert squared_error(actual_style, style) < CEILING["f32"]
    size = model.config.timbre_size
    assert squared_error(actual_timbre[:size], timbre[:size]) < CEILING["f32"]
    if classifier:
        assert squared_error(actual_timbre[size:], timbre[size:]) < CEILING[weight_type]


def heard_melody(model: Any, samples: np.ndarray) -> tuple[torch.Tensor, ...]:
    """F0 and normalised energy (1, frames), the former by the engine's tracker."""
    audio, scales = model.config.audio, model.config.variation_adapter
    f0 = probe.track_pitch(samples, audio.sample_rate, audio.hop_samples)
    energy = log_energy(torch.tensor(samples).unsqueeze(0), audio)
    return torch.tensor(f0).unsqueeze(0), (energy - scales.log_energy_mean) / scales.log_energy_std


@pytest.mark.parametrize("missing", ["f0", "energy"])
def test_a_model_with_maps_needs_the_prompts_melody(missing):
    config = tiny_config(classifier=True)
    parts = {"f0": torch.zeros(1, 60), "energy": torch.zeros(1, 60)} | {missing: None}
    mel, fbank = torch.zeros(1, config.audio.num_mels, 60), torch.zeros(1, 70, 16)
    with pytest.raises(ValueError, match="give f0 and energy"):
        tiny_model(0, config).clone(mel, fbank, **parts)


@pytest.fixture
def synthesizer(model_file: Callable[..., Path]) -> Callable[..., _core.Synthesizer]:
    """A function of a weight type and a number of threads."""
    return lambda weight_type="f32", threads=1: _core.Synthesizer(
        str(model_file(tiny_model(), weight_type)), threads
    )


@pytest.mark.parametrize("weight_type", ["f32", "q8"])
def test_threads_give_the_same_bits(synthesizer, weight_type, generated_audio):
    model = tiny_model()
    prompt = generated_audio(22050, 1.1), generated_audio(16000, 1.1)
    results = []
    for threads in (1, 2, 3):
        engine = synthesizer(weight_type, threads)
        voice = engine.clone(*prompt)
        results.append((*voice, *engine.synthesize(*tokens_of(model), *voice, **PLAIN)))
    for other in results[1:]:
        for ours, theirs in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_options_do_something(synthesizer):
    model = tiny_model()
    engine = synthesizer()

    def say(**options: float) -> Arrays:
        return engine.synthesize(*tokens_of(model), *voice_of(model), **PLAIN | options)

    samples, durations = say()
    assert samples.dtype == np.float32
    assert durations.dtype == np.int32
    assert len(samples) == durations.sum() * model.config.audio.hop_samples
    np.testing.assert_array_equal(say()[0], samples)
    assert say(speed=2.0)[1].sum() == pytest.approx(durations.sum() / 2, abs=1)
    for option in ({"pitch": 3.0}, {"energy": 2.0}, {"seed": 6}, {"temperature": 0.0}):
        other = say(**option)[0]
        assert len(other) != len(samples) or not np.array_equal(other, samples)


def test_noise_is_drawn_by_position(synthesizer):
    model = tiny_model()
    engine = synthesizer()
    latent = probe.fill_normal(5, 0, 0, TOKENS * model.config.mel_encoder.latent) * np.float32(
        0.667
    )
    stages = probe.synthesize_stages(
        engine,
        *tokens_of(model),
        *voice_of(model),
        latent.reshape(TOKENS, -1),
        probe.fill_normal(5, 1, 0, 400_000),
    )
    samples, _ = engine.synthesize(*tokens_of(model), *voice_of(model), **PLAIN)
    np.testing.assert_array_equal(samples, stages["samples"])


@pytest.mark.parametrize("chunk_frames", [1, 7, 30])
@pytest.mark.parametrize("weight_type", ["f32", "q8"])
def test_chunks_of_the_vocoder_are_the_whole(model_file, weight_type, chunk_frames):
    """In int8, tiles begin where a chunk begins: the same to its rounding, and no step at a seam."""
    model = tiny_model()
    path, rng = model_file(model, weight_type), np.random.default_rng(2)
    frames = 45
    mel = rng.standard_normal((frames, model.config.audio.num_mels), np.float32)
    f0 = np.where(np.arange(frames) % 20 < 13, 200 * rng.random(frames) + 80, 0).astype("f4")
    noise = rng.standard_normal(frames * model.config.audio.hop_samples, np.float32)
    whole, chunked = (
        probe.vocode(probe.Model(str(path)), mel, f0, noise, size)
        for size in (frames, chunk_frames)
    )
    if weight_type == "f32":
        np.testing.assert_array_equal(chunked, whole)
        return
    assert squared_error(chunked, whole) < 5e-4
    seams = np.arange(chunk_frames, frames, chunk_frames) * model.config.audio.hop_samples
    jumps = np.abs(np.diff(chunked - whole))[seams - 1]
    assert jumps.max() < 0.05 * np.abs(whole).max()


@pytest.mark.parametrize("weight_type", ["f32", "q8"])
def test_stream_is_what_is_synthesized(synthesizer, weight_type):
    model = tiny_model()
    engine = synthesizer(weight_type=weight_type)
    call = (*tokens_of(model, 60), *voice_of(model))
    samples, _ = engine.synthesize(*call, **PLAIN)
    utterance, chunks = engine.start(*call, **PLAIN), []
    while (chunk := utterance.next_chunk()) is not None:
        chunks.append(chunk)
    assert len(chunks) > 3
    np.testing.assert_array_equal(np.concatenate(chunks), samples)


def test_calls_from_several_threads_take_turns(synthesizer):
    model = tiny_model()
    engine = synthesizer(threads=2)
    tokens = [tokens_of(model, count) for count in (TOKENS, 9)]
    expected = [engine.synthesize(*ids, *voice_of(model), **PLAIN)[0] for ids in tokens]
    said: list[list[np.ndarray]] = [[], []]

    def run(index: int) -> None:
        for _ in range(4):
            said[index].append(engine.synthesize(*tokens[index], *voice_of(model), **PLAIN)[0])

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
        engine.synthesize(*tokens_of(model), *voice_of(model), **PLAIN | {"speed": 0.25})
        end = time.perf_counter()
        during = [begin, *(t for t in ticks if begin < t < end), end]
        shares.append(float(np.diff(during).max()) / (end - begin))
    done.set()
    ticker.join()
    assert min(shares) < 0.5


def bad_calls() -> dict[str, tuple[dict[str, Any], str]]:
    """Argument or option to a bad value, and what the message says."""
    nan_timbre = np.full(55, np.nan, np.float32)
    return {
        "no tokens": ({"phones": [], "stresses": [], "boundaries": []}, "1 to 2048 tokens, got 0"),
        "lengths": ({"stresses": [0]}, "one length, got 21, 1 and 21"),
        "axes": ({"phones": [[1, 2]]}, "phones must have 1 axes, got 2"),
        "phone": ({"phones": [12] + [0] * 20}, r"phones\[0\] must be 0 to 11, got 12"),
        "negative": ({"stresses": [0] * 20 + [-1]}, r"stresses\[20\] must be 0 to 2, got -1"),
        "boundary": ({"boundaries": [3] * 21}, r"boundaries\[0\] must be 0 to 2, got 3"),
        "timbre size": ({"timbre": np.ones(14)}, "timbre must hold 55 values, got 14"),
        "timbre": ({"timbre": nan_timbre}, "timbre must be finite"),
        "style width": ({"style": np.ones((5, 9))}, r"style must be \(frames, 10\), got \(5, 9\)"),
        "style frames": ({"style": np.ones((0, 10))}, "at least one frame"),
        "long style": ({"style": np.ones((9999, 10))}, "at most 1292 frames, got 9999"),
        "style": ({"style": np.full((5, 10), np.inf)}, "style must be finite"),
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
    arguments = dict(zip(("phones", "stresses", "boundaries"), tokens_of(model), strict=True))
    arguments |= dict(zip(("timbre", "style"), voice_of(model), strict=True))
    with pytest.raises(ValueError, match=message):
        synthesizer().synthesize(**arguments | PLAIN | changed)


def test_no_speech_and_endless_speech_are_refused(model_file):
    model = tiny_model()
    bias = model.variation_adapter.duration_predictor.linear.bias
    for value, message in ((-30.0, "less than one frame"), (9.0, "longer than 10335 frames")):
        bias.fill_(value)
        engine = _core.Synthesizer(str(model_file(model)), 1)
        with pytest.raises(ValueError, match=message):
            engine.synthesize(*tokens_of(model), *voice_of(model), **PLAIN)


@pytest.mark.parametrize(
    ("samples", "samples_16k", "message"),
    [
        (np.ones(300), np.ones(16000), "samples must hold at least"),
        (np.ones(22050), np.ones(1600), "samples_16k must hold at least 1680 samples, got 1600"),
        (np.ones(22050 * 61), np.ones(16000), "samples must hold at most 1323000"),
        (np.full(22050, np.nan), np.ones(16000), "samples must be finite"),
        (np.ones(22050), np.full(16000, np.inf), "samples_16k must be finite"),
        (np.ones((22050, 1)), np.ones(16000), "samples must have 1 axes, got 2"),
    ],
)
def test_bad_prompts_are_refused(synthesizer, samples, samples_16k, message):
    with pytest.raises(ValueError, match=message):
        synthesizer().clone(samples, samples_16k)


def test_loading_is_strict(model_file, tmp_path):
    with pytest.raises(_core.ModelFileError, match=r"none\.bin"):
        _core.Synthesizer(str(tmp_path / "none.bin"), 1)
    path = model_file(tiny_model())
    with pytest.raises(ValueError, match="num_threads must be 1 to 256, got 0"):
        _core.Synthesizer(str(path), 0)
    name = b"mel_decoder.blocks.1.conv2.weight"
    broken = path.read_bytes().replace(name, name[:-1] + b"s")
    assert broken != path.read_bytes()
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
