"""Random rhythm and melody: against C++, and by their statistics."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("gguf")

from muspeaker import _core
from muspeaker._core import probe
from muspeaker.twin.engine.delivery import (
    DELIVERY_REACH,
    MELODY_DEVIATION,
    RHYTHM_DEVIATION,
    make_delivery,
    over_frames,
)
from muspeaker.twin.engine.noise import Noise
from muspeaker.twin.engine.synthesizer import Synthesizer
from muspeaker.twin.model.variation_adapter import VariationOptions
from tests.closeness import CEILING, squared_error
from tests.engine_calls import PLAIN, TOKENS, tokens_of, twin_ids, twin_voice, voice_of
from tests.model_reader import load
from tests.tiny_model import tiny_model

pytestmark = pytest.mark.torch


def noise_for(tokens: int, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((tokens + 2 * DELIVERY_REACH, 2), np.float32)


@pytest.mark.parametrize("durations", [[3, 0, 5, 1, 8], [1], [0, 4, 0, 0], [2, 2]])
def test_curves_are_those_of_the_engine(durations):
    noise = noise_for(len(durations))
    actual = probe.make_delivery(noise, 0.7, np.array(durations, np.int32))
    twin = make_delivery(torch.from_numpy(noise).unsqueeze(0), 0.7)
    np.testing.assert_allclose(actual["rhythm"], twin.rhythm[0].numpy(), atol=1e-6)
    np.testing.assert_allclose(actual["melody"], twin.melody[0].numpy(), atol=1e-6)
    frames = over_frames(twin.melody, torch.tensor([durations]))
    assert frames.shape == (1, sum(durations))
    np.testing.assert_allclose(actual["frames"], frames[0].numpy(), atol=1e-6)


def test_frames_go_straight_from_middle_to_middle():
    curve = over_frames(torch.tensor([[0.0, 4.0]]), torch.tensor([[4, 4]]))[0]
    assert curve.tolist() == [0.0, 0.0, 0.5, 1.5, 2.5, 3.5, 4.0, 4.0]


def test_curves_are_smooth_and_have_the_same_deviation_everywhere():
    noise = torch.randn(
        4000, 40 + 2 * DELIVERY_REACH, 2, generator=torch.Generator().manual_seed(0)
    )
    delivery = make_delivery(noise, 1.0)
    for curve, deviation in (
        (delivery.rhythm, RHYTHM_DEVIATION),
        (delivery.melody, MELODY_DEVIATION),
    ):
        assert ((curve.std(0) / deviation - 1).abs() < 0.06).all()
        steps = curve.diff(dim=1).std() / curve.std()
        assert steps < 0.5  # of white noise 1.41
        far = (curve[:, 0] * curve[:, 2 * DELIVERY_REACH + 1]).mean() / deviation**2
        assert abs(far) < 0.06
    both = (delivery.rhythm * delivery.melody).mean()
    assert abs(both) < 0.06 * RHYTHM_DEVIATION * MELODY_DEVIATION
    twice = make_delivery(noise, 2.0)
    torch.testing.assert_close(twice.melody, 2 * delivery.melody)


@pytest.mark.parametrize("weight_type", ["f32", "q8"])
def test_speech_of_a_delivery_is_the_twins(model_file, weight_type):
    path = model_file(tiny_model(), weight_type)
    model = load(path)
    ids, voice, delivery = tokens_of(model), voice_of(model), noise_for(TOKENS)
    rng = np.random.default_rng(2)
    latent = rng.standard_normal((TOKENS, model.config.mel_encoder.latent), np.float32)
    vocoder = rng.standard_normal(400_000, np.float32)
    engine = _core.Synthesizer(str(path), 1)
    given = {"expression": 1.6, "variation": 1.5, "delivery_noise": delivery}
    actual = probe.synthesize_stages(engine, ids, *voice, latent, vocoder, **given)
    expected = Synthesizer(model).synthesize(
        twin_ids(ids),
        twin_voice(voice),
        Noise(
            torch.from_numpy(latent).unsqueeze(0),
            lambda count: torch.from_numpy(vocoder[:count]).unsqueeze(0),
            torch.from_numpy(delivery).unsqueeze(0),
        ),
        VariationOptions(expression=1.6),
        variation=1.5,
    )
    np.testing.assert_array_equal(actual["durations"], expected.durations[0].numpy())
    assert squared_error(actual["f0"], expected.f0[0].numpy()) < CEILING["f32"]
    assert squared_error(actual["mel"], expected.mel[0].numpy().T) < CEILING[weight_type]
    plain = probe.synthesize_stages(engine, ids, *voice, latent, vocoder)
    assert actual["durations"].tolist() != plain["durations"].tolist()


def test_noise_of_another_size_is_refused(model_file):
    model = tiny_model()
    engine = _core.Synthesizer(str(model_file(model)), 1)
    latent = np.zeros((TOKENS, model.config.mel_encoder.latent), np.float32)
    with pytest.raises(ValueError, match="noise of the delivery must hold"):
        probe.synthesize_stages(
            engine, tokens_of(model), *voice_of(model), latent, np.zeros(400_000, np.float32),
            delivery_noise=noise_for(TOKENS - 1),
        )  # fmt: skip


def test_a_seed_draws_the_delivery_by_position(model_file):
    model = tiny_model()
    engine = _core.Synthesizer(str(model_file(model)), 1)
    ids, voice = tokens_of(model), voice_of(model)
    latent = probe.fill_normal(5, 0, 0, TOKENS * model.config.mel_encoder.latent)
    stages = probe.synthesize_stages(
        engine, ids, *voice,
        latent.reshape(TOKENS, -1) * np.float32(0.667),
        probe.fill_normal(5, 1, 0, 400_000),
        variation=1.0,
        delivery_noise=probe.fill_normal(5, 2, 0, 2 * (TOKENS + 2 * DELIVERY_REACH)).reshape(-1, 2),
    )  # fmt: skip
    samples, durations = engine.synthesize(ids, *voice, **PLAIN, variation=1.0)
    np.testing.assert_array_equal(durations, stages["durations"])
    np.testing.assert_array_equal(samples, stages["samples"])
    speaking = engine.start(ids, *voice, **PLAIN, variation=1.0)
    chunks = []
    while (chunk := speaking.next_chunk()) is not None:
        chunks.append(chunk)
    np.testing.assert_array_equal(np.concatenate(chunks), samples)
    np.testing.assert_array_equal(
        engine.synthesize(ids, *voice, **PLAIN, variation=0.0)[0],
        engine.synthesize(ids, *voice, **PLAIN)[0],
    )


def test_expression_scales_the_melody_around_its_mean(model_file):
    model = tiny_model()
    engine = _core.Synthesizer(str(model_file(model)), 1)
    latent = np.zeros((TOKENS, model.config.mel_encoder.latent), np.float32)
    f0 = {
        expression: probe.synthesize_stages(
            engine, tokens_of(model), *voice_of(model), latent, np.zeros(400_000, np.float32),
            expression=expression,
        )["f0"]
        for expression in (0.0, 1.0, 2.0)
    }  # fmt: skip
    level = {expression: np.log(values[values > 0]) for expression, values in f0.items()}
    assert level[1.0].std() > 0.01
    assert level[0.0].std() < 1e-4
    np.testing.assert_allclose(level[2.0].std(), 2 * level[1.0].std(), rtol=0.02)
    np.testing.assert_allclose(level[2.0].mean(), level[1.0].mean(), atol=0.02)
