"""The stage `convert`: what is in the file is what the model computes with."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
gguf = pytest.importorskip("gguf")

import safetensors.torch
from torch.nn.utils import parametrize

from muspeaker import _core
from muspeaker.config import base, lite
from muspeaker.train.command import main
from muspeaker.train.convert_weights import CheckpointError, convert
from muspeaker.train.convert_weights.checkpoint import read_checkpoint, read_timbre_checkpoint
from muspeaker.train.convert_weights.write import fingerprint
from muspeaker.twin.dsp.fbank import kaldi_fbank, remove_time_mean
from muspeaker.twin.engine.acoustic_pass import AcousticPass
from muspeaker.twin.engine.cloner import Cloner, scale_to_unit_rms
from muspeaker.twin.engine.listener import Listener, Recording
from muspeaker.twin.engine.noise import Noise, vocoder_noise
from muspeaker.twin.engine.synthesizer import Synthesizer
from muspeaker.twin.model.linguistic_encoder import TokenIds
from muspeaker.twin.model.timbre_encoder import TimbreEncoder
from tests.model_reader import config_of, folded_model, load, read
from tests.tiny_model import checkpoint_of, tiny_config, tiny_model

if TYPE_CHECKING:
    from collections.abc import Callable

    from muspeaker.twin.model.muspeaker import MuSpeaker

pytestmark = pytest.mark.torch


def speak(model: MuSpeaker) -> list[torch.Tensor]:
    """Every part's result on fixed random input."""
    generator = torch.Generator().manual_seed(1)
    config = model.config
    phones = torch.arange(9).unsqueeze(0) % config.linguistic_encoder.num_phones
    mel = torch.randn(1, config.audio.num_mels, 60, generator=generator)
    fbank = torch.randn(1, 50, config.timbre_encoder.num_fbanks, generator=generator)
    noise = torch.randn(1, 9, config.mel_encoder.latent, generator=generator)
    frames = mel.shape[2]
    prompt = Recording(mel, torch.zeros(1, frames), torch.zeros(1, frames), torch.zeros(1, 0))
    voice = Cloner(model, Listener(model), AcousticPass(model)).clone(prompt, fbank)
    path = torch.eye(12).repeat_interleave(5, dim=1).unsqueeze(0)  # (1, tokens, frames)
    ids = TokenIds(phones, phones % 3, phones % 2)
    speech = Synthesizer(model).synthesize(ids, voice, Noise(noise, vocoder_noise(0)))
    return [*voice, *model.mel_encoder(mel, path), *speech]


def test_f32_file_computes_what_the_checkpoint_does(tmp_path):
    model = tiny_model()
    convert(checkpoint_of(model), tmp_path / "a.bin", "f32")
    for actual, expected in zip(speak(load(tmp_path / "a.bin")), speak(model), strict=True):
        torch.testing.assert_close(actual, expected, rtol=1e-4, atol=1e-5)


def test_header_holds_the_config(tmp_path):
    config = tiny_config()
    convert(checkpoint_of(tiny_model()), tmp_path / "a.bin", "f16")
    header, _ = read(tmp_path / "a.bin")
    assert header["general.architecture"] == "muspeaker"
    assert header["format_version"] == 2
    assert header["weight_type"] == "f16"
    assert len(header["fingerprint"]) == 16
    actual, expected = asdict(config_of(header)), asdict(config)
    for part, values in expected.items():
        if isinstance(values, dict):
            floats = {name: v for name, v in values.items() if isinstance(v, float)}
            assert {n: actual[part].pop(n) for n in floats} == pytest.approx(floats)
            expected[part] = {n: v for n, v in values.items() if n not in floats}
    assert actual == expected


def test_fingerprint_counts_a_vocoder_that_older_files_could_not_have():
    config, weights = tiny_config(), {"a": np.ones(3, np.float32)}
    sizes = {name: value for name, value in asdict(config).items() if value is not None}
    for name in ("kind", "channels", "hidden", "num_blocks", "kernel", "correction_passes"):
        del sizes["vocoder"][name]
    digest = hashlib.sha256(json.dumps(sizes, sort_keys=True).encode())
    digest.update(b"a (3,)" + weights["a"].tobytes())
    assert fingerprint(config, weights) == digest.hexdigest()[:16]
    for change in ({"kind": "spectral"}, {"correction_passes": 2}):
        other = replace(config, vocoder=replace(config.vocoder, **change))
        assert fingerprint(other, weights) != fingerprint(config, weights)
    spectral = replace(config.vocoder, kind="spectral")
    pair = [replace(config, vocoder=replace(spectral, hidden=h)) for h in (768, 769)]
    assert fingerprint(pair[0], weights) != fingerprint(pair[1], weights)


def test_f16_file(tmp_path):
    state = checkpoint_of(tiny_model())
    convert(state, tmp_path / "a.bin", "f32")
    convert(state, tmp_path / "b.bin", "f16")
    exact, halves = read(tmp_path / "a.bin")[1], read(tmp_path / "b.bin")[1]
    for name, array in halves.items():
        assert array.dtype == (np.float32 if array.ndim == 1 else np.float16)
        np.testing.assert_array_equal(array, exact[name].astype(array.dtype))


def test_q8_error_is_half_a_step_for_each_output_channel(tmp_path):
    state = checkpoint_of(tiny_model())
    convert(state, tmp_path / "a.bin", "f32")
    convert(state, tmp_path / "b.bin", "q8")
    exact, stored = read(tmp_path / "a.bin")[1], read(tmp_path / "b.bin")[1]
    int8 = [name for name, array in stored.items() if array.dtype == np.int8]
    assert {exact[name].ndim for name in int8} == {2, 3, 4}
    for name in int8:
        axis = 1 if exact[name].ndim == 3 else 0
        weight = np.moveaxis(exact[name], axis, 0).reshape(exact[name].shape[axis], -1)
        values = np.moveaxis(stored[name], axis, 0).reshape(weight.shape).astype(np.float32)
        scale = stored[name.removesuffix("weight") + "scale"][:, None]
        assert weight.size >= 1024 or name.startswith("vocoder.mrf_blocks.")
        np.testing.assert_allclose(np.abs(weight).max(1, keepdims=True), scale * 127, rtol=1e-5)
        assert (np.abs(values * scale - weight) <= 0.5001 * scale).all()
    for name in set(exact) - set(int8):
        is_f16 = exact[name].ndim > 1 and is_f16_in_q8(name)
        assert stored[name].dtype == (np.float16 if is_f16 else np.float32)
        assert exact[name].size < 1024 or is_f16
    load(tmp_path / "b.bin")


def is_f16_in_q8(name: str) -> bool:
    """Embeddings, the vocoder's ends, and what decides durations."""
    embeddings = ("phone", "stress", "boundary", "relative_bias")
    parts = ("vocoder.conv_pre", "vocoder.conv_post", "linguistic_encoder", "vp_flow", "fusion")
    return name.endswith(tuple(f"{table}.weight" for table in embeddings)) or name.startswith(
        (
            *(f"{part}." for part in parts),
            "variation_adapter.duration_predictor.",
            "aligner.",
            "phone_classifier.",
        )
    )


def test_old_weight_norm_and_folded_weights_give_the_same_file(tmp_path):
    model = tiny_model()
    new = checkpoint_of(model)
    names = {"parametrizations.weight.original0": "weight_g"}
    names["parametrizations.weight.original1"] = "weight_v"
    old = {"config": new["config"], "model": dict(new["model"])}
    for name in new["model"]:
        for suffix, other in names.items():
            if name.endswith(suffix):
                old["model"][name.removesuffix(suffix) + other] = old["model"].pop(name)
    assert any(name.endswith("weight_g") for name in old["model"])
    for checkpoint, file in ((new, "new"), (old, "old")):
        convert(checkpoint, tmp_path / file, "f32")
    assert (tmp_path / "new").read_bytes() == (tmp_path / "old").read_bytes()
    for module in list(model.modules()):
        if parametrize.is_parametrized(module, "weight"):
            parametrize.remove_parametrizations(module, "weight")
    convert(checkpoint_of(model), tmp_path / "folded", "f32")
    for actual, expected in zip(
        read(tmp_path / "folded")[1].values(), read(tmp_path / "new")[1].values(), strict=True
    ):
        np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-7)


def test_fingerprint_is_of_the_model_not_of_the_file(tmp_path):
    prints = []
    for seed, weight_type in ((0, "f32"), (0, "f16"), (0, "q8"), (1, "q8")):
        convert(checkpoint_of(tiny_model(seed)), tmp_path / "a.bin", weight_type)
        prints.append(read(tmp_path / "a.bin")[0]["fingerprint"])
    assert prints[0] == prints[1] == prints[2] != prints[3]


def without(name: str) -> Callable[[dict[str, Any]], None]:
    return lambda state: state.pop(name)


def with_entry(name: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda state: state.update({name: value})


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (without("fusion.bias"), "lacks fusion.bias"),
        (without("timbre_encoder.bn1.running_var"), "lacks timbre_encoder.bn1.running_var"),
        (without("vocoder.ups.0.parametrizations.weight.original0"), "lacks vocoder.ups.0.weight"),
        (with_entry("discriminator.weight", torch.zeros(1)), "unknown discriminator.weight"),
        (with_entry("fusion.bias", torch.zeros(7)), r"fusion.bias \(7,\), expected \(18,\)"),
        (with_entry("fusion.bias", torch.zeros(18).long()), "not floating point, fusion.bias"),
        (with_entry("fusion.bias", torch.full((18,), torch.nan)), "not finite, fusion.bias"),
        (with_entry("fusion.bias", 3), "no tensors: fusion.bias"),
    ],
)
def test_strict_both_ways(tmp_path, change, text):
    checkpoint = checkpoint_of(tiny_model())
    change(checkpoint["model"])
    with pytest.raises(CheckpointError, match=text):
        convert(checkpoint, tmp_path / "a.bin", "f32")
    assert list(tmp_path.iterdir()) == []


def test_bad_config_and_type(tmp_path):
    checkpoint = checkpoint_of(tiny_model())
    with pytest.raises(ValueError, match="weight_type must be one of f32, f16, q8, got 'q4'"):
        convert(checkpoint, tmp_path / "a.bin", "q4")
    with pytest.raises(CheckpointError, match='"config" to a mapping'):
        convert({"model": checkpoint["model"]}, tmp_path / "a.bin", "q8")
    del checkpoint["config"]["vocoder"]["noise_std"]
    with pytest.raises(CheckpointError, match=r"lacks fields .*vocoder.noise_std"):
        convert(checkpoint, tmp_path / "a.bin", "q8")


def test_write_is_whole_or_not_at_all(tmp_path, monkeypatch):
    checkpoint = checkpoint_of(tiny_model())
    path = tmp_path / "a.bin"
    path.write_bytes(b"older")

    def fail(*_: Any, **__: Any) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(gguf.GGUFWriter, "write_tensors_to_file", fail)
        with pytest.raises(OSError, match="disk full"):
            convert(checkpoint, path, "f32")
    assert path.read_bytes() == b"older"
    assert list(tmp_path.iterdir()) == [path]
    convert(checkpoint, path, "f32")
    assert path.read_bytes()[:4] == b"GGUF"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("config", [lite(), base()], ids=lambda config: config.name)
def test_names_of_both_sizes_fit_ggml(config):
    """64 bytes with the closing zero, also for the scales of a q8 file."""
    for name in folded_model_on_meta(config):
        assert len(name.removesuffix("weight") + "scale") < 64
        assert len(name) < 64


def folded_model_on_meta(config: Any) -> list[str]:
    with torch.device("meta"):
        return list(folded_model(config).state_dict())


@pytest.fixture(scope="module")
def public_timbre() -> dict[str, torch.Tensor]:
    """Random values in the shapes of the public full-size ERes2NetV2."""
    state = TimbreEncoder(base().timbre_encoder).state_dict()
    assert sum(x.numel() for n, x in state.items() if "running" not in n) > 17.85e6
    return {name: x for name, x in state.items() if not name.endswith("num_batches_tracked")}


@pytest.mark.parametrize("shape", ["bare", "wrapped", "prefixed", "linear", "safetensors"])
def test_public_timbre_encoder(tmp_path, public_timbre, shape):
    config = tiny_config()
    config = replace(config, timbre_encoder=replace(config.timbre_encoder, embedding=192))
    checkpoint = checkpoint_of(tiny_model(config=config))
    file = tmp_path / "eres2netv2.pt"
    state = dict(public_timbre)
    if shape == "linear":
        state = {name.replace("seg_1.", "seg_1.linear."): x for name, x in state.items()}
        state["seg_2.weight"] = torch.zeros(2)
    if shape == "safetensors":
        safetensors.torch.save_file(state, file.with_suffix(".safetensors"))
        file = file.with_suffix(".safetensors")
    else:
        prefix = "module." if shape == "prefixed" else ""
        state = {prefix + name: x for name, x in state.items()}
        torch.save({"state_dict": state} if shape == "wrapped" else state, file)
    convert(checkpoint, tmp_path / "a.bin", "f16", read_timbre_checkpoint(file))
    header, tensors = read(tmp_path / "a.bin")
    assert config_of(header).timbre_encoder == base().timbre_encoder
    np.testing.assert_array_equal(tensors["timbre_encoder.seg_1.bias"], state_bias(state))


def state_bias(state: dict[str, torch.Tensor]) -> np.ndarray:
    return next(
        x.numpy() for name, x in state.items() if name.endswith(".bias") and "seg_1" in name
    )


@torch.no_grad()
def test_public_timbre_encoder_runs_in_the_engine(tmp_path, public_timbre, generated_audio):
    config = tiny_config()
    encoder = base().timbre_encoder
    checkpoint = checkpoint_of(
        tiny_model(
            config=replace(config, timbre_encoder=replace(config.timbre_encoder, embedding=192))
        )
    )
    convert(checkpoint, tmp_path / "a.bin", "f32", public_timbre)
    samples, samples_16k = (generated_audio(rate_hz, 1.1) for rate_hz in (22050, 16000))
    actual, _ = _core.Synthesizer(str(tmp_path / "a.bin"), 1).clone(samples, samples_16k)
    model = TimbreEncoder(encoder).eval()
    model.load_state_dict(public_timbre, strict=False)  # without the counters of batches
    fbank = kaldi_fbank(torch.from_numpy(samples_16k).unsqueeze(0), encoder.num_fbanks)
    expected = scale_to_unit_rms(model(remove_time_mean(fbank))).squeeze(0).numpy()
    actual = actual[: encoder.embedding]  # the moments of the mel follow
    assert np.square(actual - expected).sum() / np.square(expected).sum() < 1e-6


def test_timbre_encoder_of_other_shape(tmp_path, public_timbre):
    checkpoint = checkpoint_of(tiny_model())
    with pytest.raises(CheckpointError, match=r"misshapen timbre_projection.weight \(6, 55\)"):
        convert(checkpoint, tmp_path / "a.bin", "f16", public_timbre)
    narrow = TimbreEncoder(lite().timbre_encoder).state_dict()
    with pytest.raises(CheckpointError, match=r"^timbre checkpoint lacks layer1.1"):
        convert(checkpoint, tmp_path / "a.bin", "f16", narrow)


def test_command_line(tmp_path, capsys):
    checkpoint, output = tmp_path / "checkpoint.pt", tmp_path / "a.bin"
    torch.save(checkpoint_of(tiny_model()), checkpoint)
    assert set(read_checkpoint(checkpoint)) == {"config", "model"}
    words = ["convert", str(checkpoint), "--out", str(output)]
    assert main(words) == 0
    assert read(output)[0]["weight_type"] == "q8"
    assert main([*words, "--type", "f16"]) == 0
    assert read(output)[0]["weight_type"] == "f16"
    checkpoint.write_bytes(b"nonsense")
    assert main(words) == 1
    assert f"error: {checkpoint} is not a PyTorch checkpoint" in capsys.readouterr().err
    checkpoint.unlink()
    assert main(words) == 1
