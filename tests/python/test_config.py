"""config_from_dict takes back what asdict gave, and nothing else."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest

from muspeaker.config import AlignerConfig, PhoneClassifierConfig, base, config_from_dict, lite


@pytest.mark.parametrize("config", [lite(), base()], ids=lambda config: config.name)
def test_round_trip(config):
    assert config_from_dict(asdict(config)) == config
    assert config_from_dict(json.loads(json.dumps(asdict(config)))) == config  # tuples become lists


@pytest.mark.parametrize(
    ("part", "field", "value", "text"),
    [
        ("vocoder", "noise_std", None, "vocoder.noise_std must be .*float.*, got None"),
        ("vocoder", "num_overtones", 8.0, "vocoder.num_overtones must be .*int.*, got 8.0"),
        ("vocoder", "num_overtones", True, "vocoder.num_overtones must be .*int.*, got True"),
        ("vocoder", "upsample_rates", 8, "vocoder.upsample_rates must be tuple.*, got 8"),
        ("vocoder", "upsample_rates", [8, "8"], "vocoder.upsample_rates must be .*int.*, got '8'"),
        ("vocoder", "widths", 3, r"unknown fields \['vocoder.widths'\]"),
    ],
)
def test_wrong_field(part, field, value, text):
    values = asdict(lite())
    values[part][field] = value
    with pytest.raises(ValueError, match=text):
        config_from_dict(values)


def test_missing_and_misplaced_parts():
    values = asdict(lite())
    del values["audio"]["hop_samples"]
    with pytest.raises(ValueError, match=r"lacks fields \['audio.hop_samples'\]"):
        config_from_dict(values)
    with pytest.raises(ValueError, match=r"audio.: expected a mapping, got 3"):
        config_from_dict({**values, "audio": 3})


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("aligner", AlignerConfig(hidden=64)),
        ("phone_classifier", PhoneClassifierConfig(hidden=64, dilations=(1, 5))),
    ],
)
def test_a_part_that_may_be_missing(name, part):
    lacking = replace(lite(), phone_classifier=None)
    values = asdict(lacking)
    assert values.pop(name) is None
    assert config_from_dict(values) == lacking
    values[name] = json.loads(json.dumps(asdict(part)))
    assert config_from_dict(values) == replace(lacking, **{name: part})
    values[name]["hidden"] = None
    with pytest.raises(ValueError, match=rf"{name}.hidden must be .*int.*, got None"):
        config_from_dict(values)


def test_whole_numbers_may_stand_for_floats():
    values = asdict(lite())
    values["audio"]["mel_high_hz"] = 8000
    assert config_from_dict(values) == lite()


def test_a_value_that_is_newer_than_the_config():
    values = asdict(lite())
    assert values["vocoder"].pop("mel_correction") == 1.0
    assert values["vocoder"].pop("kind") == "spectral"
    older_vocoder = replace(lite().vocoder, kind="nsf_hifigan", mel_correction=0.0)
    older = replace(lite(), vocoder=older_vocoder)
    assert config_from_dict(values) == older  # as it was made, not as lite is now
