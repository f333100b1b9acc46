"""Models of the right size with random weights: as fast as trained ones, and nothing to download."""

from __future__ import annotations

import hashlib
import json
import math
import tempfile
from dataclasses import asdict
from functools import cache
from pathlib import Path

import torch
from torch.nn.utils import parametrize

from muspeaker import config as sizes
from muspeaker.train import convert_weights
from muspeaker.train.convert_weights import convert
from muspeaker.twin.model.muspeaker import MuSpeaker
from tests.tiny_model import checkpoint_of, tiny_model

SIZES = {"lite": sizes.lite, "base": sizes.base}
FRAMES_A_TOKEN = 6.0  # 14 phones a second
CONVERTER = Path(convert_weights.__file__).parent
CACHE = Path(tempfile.gettempdir()) / "muspeaker-bench"


@cache
def random_model(size: str) -> MuSpeaker:
    """The PyTorch model in evaluation; every phone lasts about as long as in speech."""
    model = tiny_model(config=SIZES[size]())
    last = model.variation_adapter.duration_predictor.linear
    with torch.no_grad():
        last.weight.mul_(0.02)
        last.bias.fill_(math.log(FRAMES_A_TOKEN))
    return model


@cache
def folded_model(size: str) -> MuSpeaker:
    """The same without weight norm's extra work, as one would run it."""
    model = MuSpeaker(SIZES[size]()).eval().requires_grad_(requires_grad=False)
    model.load_state_dict(random_model(size).state_dict())
    for module in model.modules():
        if parametrize.is_parametrized(module):
            parametrize.remove_parametrizations(module, "weight")
    return model


def model_file(size: str, weight_type: str) -> Path:
    """A model file, kept in a temporary folder until the configuration or the converter changes."""
    digest = hashlib.sha256(json.dumps([asdict(SIZES[size]()), FRAMES_A_TOKEN]).encode())
    for source in sorted(CONVERTER.glob("*.py")):
        digest.update(source.read_bytes())
    path = CACHE / f"{size}-{digest.hexdigest()[:12]}-{weight_type}.bin"
    if not path.exists():
        CACHE.mkdir(exist_ok=True)
        for stale in CACHE.glob(f"{size}-*-{weight_type}.bin"):
            stale.unlink()
        convert(checkpoint_of(random_model(size)), path, weight_type)
    return path
