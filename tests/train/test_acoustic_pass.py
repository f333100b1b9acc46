"""The pass over a padded batch in training does what the engine's pass does with each utterance."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("numba")

from muspeaker.train.acoustic_pass import acoustic_losses, decode, encode_prior, predict_contours
from muspeaker.twin.engine.acoustic_pass import AcousticPass, Melody
from muspeaker.twin.engine.voice import Voice
from muspeaker.twin.model.linguistic_encoder import TokenIds
from tests.padding import normal
from tests.tiny_model import tiny_config, tiny_model

pytestmark = pytest.mark.torch

CONFIG = tiny_config()
DURATIONS = ([3, 4, 2, 5, 1, 6, 3], [2, 7, 5, 4])
TEMPERATURE = 0.5


@pytest.fixture(scope="module")
def model():
    return tiny_model()


@pytest.fixture
def batch() -> dict[str, torch.Tensor]:
    """Two utterances of 7 tokens in 24 frames and 4 in 18, one prompt."""
    durations = torch.zeros(2, 7, dtype=torch.long)
    for row, values in enumerate(DURATIONS):
        durations[row, : len(values)] = torch.tensor(values)
    frames = durations.sum(1, keepdim=True)
    frame_mask = torch.arange(24).unsqueeze(0) < frames
    ids = torch.arange(7) * torch.tensor([[1], [5], [7]]) % torch.tensor([[12], [3], [3]])
    return {
        "tokens": ids.expand(2, 3, 7) * (durations > 0).unsqueeze(1),
        "durations": durations,
        "token_mask": durations > 0,
        "frame_mask": frame_mask,
        "noise": normal(2, 7, CONFIG.mel_encoder.latent),
        "f0": (150 + 20 * normal(2, 24)) * frame_mask,
        "energy": normal(2, 24, seed=1) * frame_mask,
        "timbre": normal(2, CONFIG.timbre_size),
        "prompt_mel": normal(1, CONFIG.audio.num_mels, 40).expand(2, -1, -1),
        "prompt_mask": torch.ones(2, 10, dtype=torch.bool),
    }


def alone(batch: dict[str, torch.Tensor], row: int) -> tuple[TokenIds, torch.Tensor, int, int]:
    """Ids and durations of one utterance without padding, and its tokens and frames."""
    count = len(DURATIONS[row])
    ids = TokenIds(*(x[None, :count] for x in batch["tokens"][row]))
    return ids, batch["durations"][row, None, :count], count, sum(DURATIONS[row])


@pytest.mark.parametrize("row", [0, 1])
def test_content_and_contours_are_those_of_the_engine(model, batch, row):
    e_con = encode_prior(model, batch, TEMPERATURE)
    f0, energy = predict_contours(model, e_con, batch)
    ids, durations, tokens, frames = alone(batch, row)
    acoustic_pass = AcousticPass(model)
    expected = acoustic_pass.encode(ids, TEMPERATURE * batch["noise"][row, None, :tokens])
    torch.testing.assert_close(e_con[row, None, :tokens], expected)
    voice = Voice(batch["timbre"][row, None], model.style_encoder(batch["prompt_mel"][:1]))
    melody = acoustic_pass.shape_melody(expected, durations, voice)
    torch.testing.assert_close(f0[row, None, :frames], melody.f0)
    torch.testing.assert_close(energy[row, None, :frames], melody.energy)
    assert not f0[row, frames:].any()
    assert not energy[row, frames:].any()


def test_the_mel_of_the_longest_is_that_of_the_engine(model, batch):
    """That of a shorter one is not: its e_lat does not end in zeros, and a convolution reaches there."""
    mel, stretched = decode(model, e_con := encode_prior(model, batch, TEMPERATURE), batch)
    assert stretched.shape == (2, 24, CONFIG.linguistic_encoder.hidden)
    melody = Melody(batch["f0"][:1], batch["energy"][:1])
    expected = AcousticPass(model).decode(
        e_con[:1], batch["durations"][:1], melody, batch["timbre"][:1]
    )
    torch.testing.assert_close(mel[:1], expected)


def test_half_of_the_rows_hear_the_prior_and_tell_the_decoder_the_real_energy(batch, monkeypatch):
    """Predictors of a row that hears the prior do not see its mel; its decoder does not see their energy."""
    mel = normal(2, CONFIG.audio.num_mels, 24, seed=2)
    batch |= {
        "mel": mel,
        "content_mel": mel,
        "from_prior": torch.tensor([True, False]),
    }
    model = tiny_model()
    told = []
    embed = model.variation_adapter.embed
    monkeypatch.setattr(
        model.variation_adapter, "embed", lambda f, p, e: told.append(e) or embed(f, p, e)
    )
    heard = []
    predict = model.variation_adapter.predict_durations
    monkeypatch.setattr(
        model.variation_adapter,
        "predict_durations",
        lambda e_con, *rest: heard.append(e_con) or predict(e_con, *rest),
    )
    acoustic_losses(model, batch)
    acoustic_losses(model, batch | {"content_mel": mel + 1})
    torch.testing.assert_close(heard[0][0], heard[1][0])
    assert not torch.allclose(heard[0][1], heard[1][1])
    torch.testing.assert_close(told[0][0], batch["energy"][0])
    assert not torch.allclose(told[0][1], batch["energy"][1])
