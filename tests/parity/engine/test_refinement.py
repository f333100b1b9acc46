"""Decoders that learn a prompt: NumPy against PyTorch, and the engine with what they have learnt."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("gguf")
pytest.importorskip("numba")

from muspeaker import _core
from muspeaker._core import probe
from muspeaker.config import REFINING
from muspeaker.decoder_changes import DecoderChanges, for_engine
from muspeaker.refining import Decoder, learn
from muspeaker.twin.dsp.fbank import kaldi_fbank, remove_time_mean
from muspeaker.twin.engine.listener import Listener
from muspeaker.twin.engine.noise import Noise
from muspeaker.twin.engine.refinement import refine
from muspeaker.twin.engine.synthesizer import Synthesizer
from tests.closeness import CEILING, squared_error
from tests.engine_calls import PLAIN, TOKENS, tokens_of, twin_ids, twin_voice, voice_of
from tests.model_reader import load
from tests.padding import normal
from tests.tiny_model import decided_model, tiny_model

if TYPE_CHECKING:
    from muspeaker.twin.model.mel_decoder import MelDecoder

pytestmark = pytest.mark.torch

FRAMES = 30


def as_stored(tensors: dict[str, torch.Tensor]) -> dict[str, np.ndarray]:
    """Parameters of the twin as the engine has them: convolutions (kernel, out, in), or (out, in)."""
    turned = {
        name: x.detach().permute(2, 0, 1) if x.dim() == 3 else x.detach()
        for name, x in tensors.items()
    }
    return {
        name: np.ascontiguousarray((x[0] if x.dim() == 3 and len(x) == 1 else x).numpy())
        for name, x in turned.items()
    }


def as_twin(changes: DecoderChanges, decoder: MelDecoder) -> dict[str, torch.Tensor]:
    """Changes as the twin takes them."""
    own = dict(decoder.named_parameters())
    found = {}
    for name, values in zip(sorted(own), changes.tensors(), strict=True):
        shape = own[name].shape
        if len(shape) == 3:
            x = torch.from_numpy(values).reshape(shape[2], *shape[:2]).permute(1, 2, 0)
        else:
            x = torch.from_numpy(values).reshape(shape)
        found[name] = x.contiguous()
    return found


def random_changes(decoder: MelDecoder, size: float = 0.05, seed: int = 3) -> DecoderChanges:
    rng = np.random.default_rng(seed)
    stored = as_stored(dict(decoder.named_parameters()))
    return DecoderChanges.of(
        {name: rng.normal(0, size, x.shape).astype("f4") for name, x in stored.items()}
    )


def inputs_of(decoder: MelDecoder, frames: int = FRAMES) -> tuple[torch.Tensor, ...]:
    """What a decoder is given, and a mel of which some is silent."""
    content, timbre = decoder.conv_pre.in_channels, decoder.blocks[0].norm1.linear.in_features
    e_lat, e_tim = normal(1, frames, content), normal(1, timbre)
    mel = 3 * normal(1, decoder.conv_post.out_channels, frames) - 6
    assert 0.05 < (mel < REFINING.floor).float().mean() < 0.5
    return e_lat, e_tim, mel


def as_numpy(inputs: tuple[torch.Tensor, ...]) -> tuple[np.ndarray, ...]:
    e_lat, e_tim, mel = (x[0].numpy() for x in inputs)
    return e_lat, e_tim, np.ascontiguousarray(mel.T)


def test_the_slopes_are_those_of_autograd():
    decoder = tiny_model().mel_decoder.requires_grad_()
    inputs = inputs_of(decoder)
    e_lat, e_tim, mel = as_numpy(inputs)
    ours = Decoder(as_stored(dict(decoder.named_parameters())))
    weights = np.random.default_rng(1).normal(size=mel.shape).astype("f4")
    made = ours.forward(e_lat, e_tim)
    slopes = ours.as_stored(ours.backward(weights))
    expected = decoder(*inputs[:2], torch.ones(1, FRAMES, dtype=torch.bool))
    assert squared_error(made, expected.detach()[0].numpy().T) < CEILING["f32"]
    (expected[0].T * torch.from_numpy(weights)).sum().backward()
    wanted = as_stored({name: x.grad for name, x in decoder.named_parameters()})
    for name, slope in slopes.items():
        if "norm2" not in name and "conv1.bias" in name:
            continue  # the norm behind it takes the mean away: its slope is rounding
        assert squared_error(slope, wanted[name]) < CEILING["f32"], name
    for name in ("blocks.0.conv1.bias", "blocks.1.conv1.bias"):
        assert np.abs(slopes[name]).max() < 1e-4


def test_three_steps_are_those_of_pytorch():
    decoder = tiny_model().mel_decoder
    inputs = inputs_of(decoder)
    ours = Decoder(as_stored(dict(decoder.named_parameters())))
    before = ours.parameters.copy()
    learn(ours, as_numpy(inputs), 3)
    actual = ours.as_stored(REFINING.share * (ours.parameters - before))
    expected = as_stored(refine(decoder, *inputs, steps=3))
    for name, change in expected.items():
        if "conv1.bias" not in name:  # Adam makes whole steps of slopes that are rounding
            assert np.abs(change).max() > REFINING.rate
            assert squared_error(actual[name], change) < 1e-4, name


def test_the_loss_falls():
    decoder = tiny_model().mel_decoder
    inputs = as_numpy(inputs_of(decoder))
    losses = [
        learn(Decoder(as_stored(dict(decoder.named_parameters()))), inputs, steps)
        for steps in (1, 10, 40)
    ]
    assert losses[0] > losses[1] > losses[2] > 0


@pytest.mark.parametrize("weight_type", ["f32", "f16"])
def test_speech_with_changes(model_file, weight_type):
    path = model_file(tiny_model(), weight_type)
    model = load(path)
    changes = random_changes(model.mel_decoder)
    ids, voice = tokens_of(model), voice_of(model)
    rng = np.random.default_rng(1)
    latent = rng.standard_normal((TOKENS, model.config.mel_encoder.latent), np.float32)
    noise = rng.standard_normal(400_000, np.float32)
    given = Noise(
        torch.from_numpy(latent).unsqueeze(0), lambda n: torch.from_numpy(noise[:n]).unsqueeze(0)
    )
    speaker = twin_voice(voice)
    with_changes = speaker._replace(changes=as_twin(changes, model.mel_decoder))
    plain, expected = (
        Synthesizer(model).synthesize(twin_ids(ids), person, given)
        for person in (speaker, with_changes)
    )
    assert squared_error(plain.mel.numpy(), expected.mel.numpy()) > 1e-3
    engine = _core.Synthesizer(str(path), 1)
    actual = probe.synthesize_stages(
        engine, ids, *voice, latent, noise, changes=for_engine(changes)
    )
    assert squared_error(actual["mel"], expected.mel[0].numpy().T) < CEILING[weight_type]


@pytest.mark.parametrize("weight_type", ["f32", "q8"])
def test_changes_are_as_a_file_of_the_changed_weights(model_file, weight_type, generated_audio):
    """In all that speaks, bit for bit: int8 weights are rounded as the converter does."""
    path = model_file(decided_model(), weight_type)
    model = load(path)
    changes = random_changes(model.mel_decoder)
    engine = _core.Synthesizer(str(path), 1)
    with torch.no_grad():
        parameters = dict(model.mel_decoder.named_parameters())
        for name, change in as_twin(changes, model.mel_decoder).items():
            parameters[name] += change
    path.rename(path.with_name("base.bin"))
    changed = decided_model()
    changed.mel_decoder.load_state_dict(model.mel_decoder.state_dict())
    other = _core.Synthesizer(str(model_file(changed, weight_type)), 1)
    ids, voice, handle = tokens_of(model), voice_of(model), for_engine(changes)
    prompt, prompt_16k = generated_audio(22050, 1.3), generated_audio(16000, 1.3)
    origins = np.where(np.arange(TOKENS) % 9 < 7, np.arange(TOKENS), -1)
    some = {"seed": 5}
    calls = {
        "synthesize": ((ids, *voice), PLAIN),
        "start": ((ids, *voice), PLAIN),
        "convert": ((prompt, ids, *voice), some | {"pitch": 0.0, "energy": 1.0}),
        "edit": ((prompt, ids, ids, origins, *voice), some | {"speed": 1.0, "temperature": 0.2}),
        "clone": ((prompt, prompt_16k), {}),
    }
    for name, (arguments, options) in calls.items():
        plain = getattr(engine, name)(*arguments, **options)
        mine = getattr(engine, name)(*arguments, **options, changes=handle)
        wanted = getattr(other, name)(*arguments, **options)
        if name == "start":
            plain, mine, wanted = ((x.next_chunk(whole=True),) for x in (plain, mine, wanted))
        np.testing.assert_array_equal(mine[0], wanted[0], err_msg=name)
        assert np.abs(mine[0] - plain[0]).max() > 1e-4, name


def test_a_clone_learns_its_prompt(model_file, generated_audio):
    """The inputs of learning and the spectral map after it, against PyTorch."""
    path = model_file(decided_model(), "f32")
    model = load(path)
    samples, samples_16k = generated_audio(22050, 1.3), generated_audio(16000, 1.3)
    audio = model.config.audio
    f0 = probe.track_pitch(samples, audio.sample_rate, audio.hop_samples)
    prompt = Listener(model).measure(*(torch.from_numpy(x).unsqueeze(0) for x in (samples, f0)))
    fbank = kaldi_fbank(
        torch.from_numpy(samples_16k).unsqueeze(0), model.config.timbre_encoder.num_fbanks
    )
    expected = Synthesizer(model).clone(prompt, remove_time_mean(fbank), refining_steps=3)
    engine = _core.Synthesizer(str(path), 1)
    weights = engine.decoder_weights()
    wanted = as_stored(dict(model.mel_decoder.named_parameters()))
    assert list(weights) == sorted(wanted)
    for name, weight in wanted.items():
        np.testing.assert_array_equal(weights[name], weight)

    ours = Decoder(weights)
    learn(ours, engine.refinement_inputs(samples, samples_16k), 3)
    learnt = ours.as_stored(REFINING.share * (ours.parameters - Decoder(weights).parameters))
    for name, change in as_stored(expected.changes).items():
        if "conv1.bias" not in name:
            assert squared_error(learnt[name], change) < 1e-3, name

    rounded = DecoderChanges.of(as_stored(expected.changes))
    vector, _ = engine.clone(samples, samples_16k, changes=for_engine(rounded))
    plain, _ = engine.clone(samples, samples_16k)
    error, without = (squared_error(x, expected.vector[0].numpy()) for x in (vector, plain))
    assert error < 1e-4
    assert error < without / 10


def test_changes_by_turns_in_forks_and_threads_give_the_same_bits(model_file):
    model = tiny_model()
    engine = _core.Synthesizer(str(model_file(model, "q8")), 2)
    ids, voice = tokens_of(model), voice_of(model)
    handles = [None, *(for_engine(random_changes(model.mel_decoder, seed=s)) for s in (1, 2))]

    def spoken(engine: _core.Synthesizer, which: int) -> np.ndarray:
        return engine.synthesize(ids, *voice, **PLAIN, changes=handles[which])[0]

    alone = [spoken(engine.fork(1), which) for which in range(3)]
    assert all((alone[a] != alone[b]).any() for a, b in ((0, 1), (0, 2), (1, 2)))
    turns = [0, 1, 2, 1, 0, 2, 2, 1, 0] * 3
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda which: spoken(engine, which), turns))
    for which, samples in zip(turns, together, strict=True):
        np.testing.assert_array_equal(samples, alone[which])


def test_changes_that_do_not_fit_are_refused(model_file):
    model = tiny_model()
    engine = _core.Synthesizer(str(model_file(model)), 1)
    good = random_changes(model.mel_decoder)
    codes, scales = good.codes, good.scales
    ids, voice = tokens_of(model), voice_of(model)
    for wrong in ((codes[1:], scales), (codes, scales[1:]), (codes[:0], scales[:0])):
        handle = _core.DecoderChanges(*wrong)
        with pytest.raises(ValueError, match=r"the changes must be \d+ codes and \d+ scales, got"):
            engine.synthesize(ids, *voice, **PLAIN, changes=handle)
    for bad in (np.nan, np.inf, -1e-3, 1.5):
        with pytest.raises(ValueError, match="scales of changes must be from 0 to 1"):
            _core.DecoderChanges(codes, np.full_like(scales, bad))
    with pytest.raises(TypeError, match="incompatible function arguments"):
        engine.synthesize(ids, *voice, **PLAIN, changes=good)
    engine.synthesize(ids, *voice, **PLAIN, changes=for_engine(good))  # it still speaks


def test_a_model_that_hears_no_phones_learns_no_prompt(model_file, generated_audio):
    engine = _core.Synthesizer(str(model_file(tiny_model())), 1)
    with pytest.raises(ValueError, match="this model has no phone classifier"):
        engine.refinement_inputs(generated_audio(22050, 1.3), generated_audio(16000, 1.3))
