"""The aligner's dynamic programmes against enumeration of every path, and what it learns."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("numba")

from muspeaker.config import AlignerConfig
from muspeaker.train.losses.forward_sum import beta_binomial_prior, forward_sum_loss
from muspeaker.twin.dsp.best_path import best_path, states_of
from muspeaker.twin.dsp.cepstra import cepstral_features
from muspeaker.twin.model.aligner import Aligner

pytestmark = pytest.mark.torch

FRAMES, TOKENS = 7, 4
CONFIG = AlignerConfig(hidden=8)
NUM_FEATURES, NUM_PAUSES = 2 * CONFIG.num_cepstra, CONFIG.num_pauses


def all_durations(frames: int, tokens: int) -> list[list[int]]:
    """Every way to give each token at least one frame."""
    cuts = combinations(range(1, frames), tokens - 1)
    return [np.diff([0, *cut, frames]).tolist() for cut in cuts]


def path_scores(scores: torch.Tensor) -> torch.Tensor:
    """The sum of scores along each path through (frames, tokens)."""
    frames, tokens = scores.shape
    rows = torch.arange(frames)
    paths = [np.repeat(np.arange(tokens), d) for d in all_durations(frames, tokens)]
    return torch.stack([scores[rows, torch.from_numpy(path)].sum() for path in paths])


def random_scores(*shape: int) -> torch.Tensor:
    return 3 * torch.randn(shape, generator=torch.Generator().manual_seed(len(shape)))


def test_forward_sum_is_the_sum_over_all_paths():
    scores = random_scores(2, FRAMES, TOKENS)
    frames, tokens = torch.tensor([FRAMES, FRAMES - 2]), torch.tensor([TOKENS, TOKENS - 1])
    expected = [
        -path_scores(row[:t, :n]).logsumexp(0) / t
        for row, t, n in zip(scores, frames, tokens, strict=True)
    ]
    loss = forward_sum_loss(scores, tokens, frames)
    torch.testing.assert_close(loss, torch.stack(expected).mean())


def test_forward_sum_gradient():
    scores = random_scores(1, FRAMES, TOKENS).requires_grad_()
    size = torch.tensor([TOKENS]), torch.tensor([FRAMES])
    forward_sum_loss(scores, *size).backward()
    expected = scores.detach()[0].clone().requires_grad_()
    (-path_scores(expected).logsumexp(0) / FRAMES).backward()
    torch.testing.assert_close(scores.grad[0], expected.grad)
    step = 1e-2
    for t, n in ((0, 0), (2, 1), (FRAMES - 1, TOKENS - 1), (3, 3)):
        moved = torch.zeros_like(scores)
        moved[0, t, n] = step
        with torch.no_grad():
            change = forward_sum_loss(scores + moved, *size) - forward_sum_loss(
                scores - moved, *size
            )
        assert float(change) / (2 * step) == pytest.approx(float(scores.grad[0, t, n]), abs=1e-4)


def test_forward_sum_leaves_padding_without_gradient():
    scores = random_scores(2, FRAMES, TOKENS).requires_grad_()
    frames, tokens = torch.tensor([FRAMES, FRAMES - 2]), torch.tensor([TOKENS, TOKENS - 1])
    forward_sum_loss(scores, tokens, frames).backward()
    assert scores.grad[1, FRAMES - 2 :].abs().max() == 0
    assert scores.grad[1, :, TOKENS - 1 :].abs().max() == 0
    # Each real frame belongs to one token in all.
    torch.testing.assert_close(scores.grad[0].sum(1), torch.full((FRAMES,), -0.5 / FRAMES))


@pytest.mark.parametrize("seed", range(5))
def test_best_path_is_the_best_of_all(seed):
    scores = np.random.default_rng(seed).normal(size=(FRAMES, TOKENS)).astype(np.float32)
    durations = best_path(scores, np.arange(TOKENS))
    choices = all_durations(FRAMES, TOKENS)
    best = int(path_scores(torch.from_numpy(scores)).argmax())
    assert durations.tolist() == choices[best]


@pytest.mark.parametrize(("frames", "tokens"), [(1, 1), (4, 1), (4, 4)])
def test_best_path_where_there_is_only_one(frames, tokens):
    durations = best_path(np.zeros((frames, tokens), np.float32), np.arange(tokens))
    assert durations.tolist() == all_durations(frames, tokens)[0]


def test_states_two_a_phone_one_a_pause():
    phones = np.array([0, NUM_PAUSES, NUM_PAUSES + 1, 2], np.int32)
    assert states_of(phones, 20, NUM_PAUSES).tolist() == [0, 1, 1, 2, 2, 3]
    assert states_of(phones, 5, NUM_PAUSES).tolist() == [0, 1, 2, 3]


def test_prior_is_a_distribution_near_the_diagonal():
    prior = np.exp(beta_binomial_prior(6, 40))
    np.testing.assert_allclose(prior.sum(1), 1, rtol=1e-4)
    assert (np.diff(prior @ np.arange(6)) > 0).all()


def test_features_are_normalised():
    mel = np.random.default_rng(0).normal(size=(80, 30)).astype(np.float32)
    features = cepstral_features(mel, CONFIG.num_cepstra)
    assert features.shape == (NUM_FEATURES, 30)
    np.testing.assert_allclose(features.mean(1), 0, atol=1e-5)
    louder = cepstral_features(mel + 3.0, CONFIG.num_cepstra)
    np.testing.assert_allclose(louder, features, atol=1e-4)


def test_learns_where_the_boundaries_are():
    random = np.random.default_rng(0)
    sounds = 1.5 * random.normal(size=(10, NUM_FEATURES))
    spoken = []
    for _ in range(24):
        phones = np.concatenate([[0], random.permutation(np.arange(5, 10)), [0]])
        durations = random.integers(2, 9, len(phones))
        heard = np.repeat(sounds[phones], durations, axis=0)
        features = heard + 0.5 * random.normal(size=heard.shape)
        spoken.append((phones, durations, torch.from_numpy(features.T.astype(np.float32))))
    torch.manual_seed(0)
    aligner = Aligner(CONFIG, 10)
    optimizer = torch.optim.AdamW(aligner.parameters(), 0.05)

    def scores(phones: np.ndarray, features: torch.Tensor) -> torch.Tensor:
        return aligner(features.unsqueeze(0), torch.from_numpy(phones).unsqueeze(0), 0.0)

    for step in range(60):
        phones, _, features = spoken[step % len(spoken)]
        prior = torch.from_numpy(beta_binomial_prior(len(phones), features.shape[1]))
        emissions = scores(phones, features) + (prior if step < 30 else 0)
        size = torch.tensor([len(phones)]), torch.tensor([features.shape[1]])
        optimizer.zero_grad()
        forward_sum_loss(emissions, *size).backward()
        optimizer.step()
    errors = []
    for phones, durations, features in spoken:
        found = best_path(scores(phones, features)[0].detach().numpy(), np.arange(len(phones)))
        errors.append(np.abs(np.cumsum(found)[:-1] - np.cumsum(durations)[:-1]))
    assert np.mean(np.concatenate(errors) <= 1) > 0.95
