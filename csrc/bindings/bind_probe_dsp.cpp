#include <pybind11/stl.h>

#include <algorithm>
#include <optional>

#include "bindings/array.h"
#include "bindings/probe.h"
#include "dsp/best_path.h"
#include "dsp/cepstra.h"
#include "dsp/fbank.h"
#include "dsp/fft.h"
#include "dsp/heard_phones.h"
#include "dsp/infill.h"
#include "dsp/mel.h"
#include "dsp/mel_correction.h"
#include "dsp/mel_loudness.h"
#include "dsp/normalized_mel.h"
#include "dsp/pitch.h"
#include "dsp/pulse_train.h"
#include "dsp/random.h"
#include "dsp/spectral_map.h"
#include "dsp/spectral_synthesis.h"
#include "dsp/watermark.h"

namespace py = pybind11;

namespace muspeaker::bindings {
namespace {

core::AudioConfig audio_config(const py::dict& fields) {
  core::AudioConfig audio;
  audio.sample_rate = fields["sample_rate"].cast<int64_t>();
  audio.hop_samples = fields["hop_samples"].cast<int64_t>();
  audio.window_samples = fields["window_samples"].cast<int64_t>();
  audio.fft_samples = fields["fft_samples"].cast<int64_t>();
  audio.num_mels = fields["num_mels"].cast<int64_t>();
  audio.mel_low_hz = fields["mel_low_hz"].cast<float>();
  audio.mel_high_hz = fields["mel_high_hz"].cast<float>();
  audio.mel_floor = fields["mel_floor"].cast<float>();
  return audio;
}

py::array_t<float> log_mel(const FloatArray& samples, const py::dict& audio) {
  require_axes(samples, 1, "samples");
  return to_numpy(dsp::LogMel(audio_config(audio)).log_mel(samples.data(), samples.size()));
}

py::array_t<float> log_energy(const FloatArray& samples, const py::dict& audio) {
  require_axes(samples, 1, "samples");
  return to_numpy(dsp::LogMel(audio_config(audio)).log_energy(samples.data(), samples.size()));
}

py::array_t<float> kaldi_fbank(const FloatArray& samples_16k, int64_t num_fbanks, bool zero_mean) {
  require_axes(samples_16k, 1, "samples_16k");
  core::Frames fbank = dsp::KaldiFbank(num_fbanks).fbank(samples_16k.data(), samples_16k.size());
  if (zero_mean) {
    dsp::remove_time_mean(fbank);
  }
  return to_numpy(std::move(fbank));
}

py::array_t<float> fill_normal(uint64_t seed, uint64_t stream, uint64_t first_index,
                               int64_t count) {
  core::require_input(count >= 0, "count must not be negative, got " + std::to_string(count));
  std::vector<float> out(static_cast<size_t>(count));
  dsp::fill_normal(seed, stream, first_index, out.data(), count);
  return to_numpy(std::move(out));
}

py::tuple real_fft(const FloatArray& samples) {
  require_axes(samples, 1, "samples");
  const dsp::RealFft fft(samples.size());
  std::vector<float> real(static_cast<size_t>(fft.num_bins()));
  std::vector<float> imag(real.size());
  dsp::RealFft::Workspace workspace;
  fft.forward(samples.data(), real.data(), imag.data(), workspace);
  return py::make_tuple(to_numpy(std::move(real)), to_numpy(std::move(imag)));
}

/// The loudness of a mel, and the mel levelled.
py::tuple level_mel(const FloatArray& mel, float energy_gain, const py::dict& audio) {
  core::Frames levelled = to_frames(mel, "mel");
  core::require_input(levelled.width == audio["num_mels"].cast<int64_t>(),
                      "mel must have num_mels columns");
  const dsp::MelLoudness measure(audio_config(audio));
  const double loudness = measure.loudness(levelled);
  measure.level(levelled, energy_gain);
  return py::make_tuple(loudness, to_numpy(std::move(levelled)));
}

/// pieces: how many samples come at a time.
py::array_t<float> correct_mel(const FloatArray& samples, const FloatArray& mel, float share,
                               const py::dict& audio, int64_t pieces,
                               std::optional<uint32_t> watermark) {
  require_axes(samples, 1, "samples");
  const core::Frames wanted = to_frames(mel, "mel");
  core::require_input(pieces > 0 && mel.shape(1) == audio["num_mels"].cast<int64_t>(),
                      "pieces must be positive, and mel have num_mels columns");
  const dsp::MelCorrection correction(audio_config(audio), share);
  dsp::MelCorrection::State state;
  const dsp::Watermark mark(audio_config(audio), watermark.value_or(0));
  state.mark = watermark.has_value() ? &mark : nullptr;
  std::vector<float> corrected;
  for (int64_t begin = 0; begin < samples.size(); begin += pieces) {
    correction.correct(state, wanted, samples.data() + begin,
                       std::min<int64_t>(pieces, samples.size() - begin), corrected);
  }
  return to_numpy(std::move(corrected));
}

/// Phase and pulses of a whole utterance.
py::tuple pulse_train(const FloatArray& f0, const py::dict& audio) {
  const core::AudioConfig sizes = audio_config(audio);
  const std::vector<float> hz = to_vector(f0, "f0");
  const int64_t hop = sizes.hop_samples;
  std::vector<float> phase(hz.size() * static_cast<size_t>(hop));
  std::vector<float> pulses(phase.size());
  double start = 0.0;
  for (size_t frame = 0; frame < hz.size(); ++frame) {
    const dsp::FrameF0 near{hz[frame > 0 ? frame - 1 : 0], hz[frame],
                            hz[std::min(frame + 1, hz.size() - 1)]};
    float* of_frame = phase.data() + (static_cast<int64_t>(frame) * hop);
    start = dsp::integrate_frame(near, sizes, start, of_frame);
    dsp::pulse_frame(hz[frame], of_frame, hop, pulses.data() + (static_cast<int64_t>(frame) * hop));
  }
  return py::make_tuple(to_numpy(std::move(phase)), to_numpy(std::move(pulses)));
}

/// A whole utterance.
py::array_t<float> spectral_synthesis(const FloatArray& planes, const FloatArray& mel,
                                      const FloatArray& f0, const FloatArray& phase,
                                      const FloatArray& noise, const py::dict& audio) {
  const core::AudioConfig sizes = audio_config(audio);
  const dsp::SpectralSynthesis synthesis(sizes);
  require_axes(f0, 1, "f0");
  const int64_t frames = f0.size();
  core::require_input(
      planes.size() == frames * dsp::SpectralSynthesis::kPlanes * synthesis.num_bins() &&
          mel.size() == frames * sizes.num_mels && phase.size() == frames * sizes.hop_samples &&
          noise.size() == phase.size(),
      "planes, mel, phase and noise must have the frames of f0");
  dsp::SpectralSynthesis::Chunk chunk;
  chunk.frames = frames;
  chunk.end = frames;
  const int64_t width = dsp::SpectralSynthesis::kPlanes * synthesis.num_bins();
  chunk.planes = [&](int64_t begin, int64_t) { return planes.data() + (begin * width); };
  chunk.mel = mel.data();
  chunk.f0 = f0.data();
  chunk.phase = phase.data();
  chunk.noise = noise.data();
  std::vector<float> samples(static_cast<size_t>(phase.size()));
  dsp::SpectralSynthesis::Workspace workspace;
  synthesis.synthesize(chunk, samples.data(), workspace);
  return to_numpy(std::move(samples));
}

py::array_t<int32_t> states_of(const IntArray& phones, int64_t frames, int64_t num_pauses) {
  return to_numpy(dsp::states_of(to_vector(phones, "phones"), frames, num_pauses));
}

py::array_t<int32_t> best_path(const FloatArray& scores, const IntArray& states) {
  return to_numpy(dsp::best_path(to_frames(scores, "scores"), to_vector(states, "states")));
}

py::array_t<float> cepstral_features(const FloatArray& mel, int64_t num_cepstra) {
  return to_numpy(dsp::cepstral_features(to_frames(mel, "mel"), num_cepstra));
}

py::tuple heard_phones(const FloatArray& log_posterior) {
  dsp::HeardPhones heard = dsp::heard_phones(to_frames(log_posterior, "log_posterior"));
  return py::make_tuple(to_numpy(std::move(heard.phones)), to_numpy(std::move(heard.durations)));
}

py::array_t<float> normalized_mel(const FloatArray& mel) {
  return to_numpy(dsp::normalized_mel(to_frames(mel, "mel")));
}

py::array_t<float> fit_spectral_map(const FloatArray& prompt, const FloatArray& spoken,
                                    int64_t num_cepstra, bool plain) {
  return to_numpy(dsp::fit_spectral_map(to_frames(prompt, "prompt"), to_frames(spoken, "spoken"),
                                        num_cepstra, {plain}));
}

py::array_t<float> apply_spectral_map(const FloatArray& mel, const FloatArray& values) {
  require_axes(values, 1, "values");
  core::Frames moved = to_frames(mel, "mel");
  dsp::apply_spectral_map(moved, values.data(), (values.size() / moved.width) - 2);
  return to_numpy(std::move(moved));
}

py::array_t<float> track_pitch(const FloatArray& samples, int64_t sample_rate,
                               int64_t hop_samples) {
  require_axes(samples, 1, "samples");
  core::AudioConfig audio;
  audio.sample_rate = sample_rate;
  audio.hop_samples = hop_samples;
  return to_numpy(dsp::PitchTracker(audio).track(samples.data(), samples.size()));
}

void bind_spectra(py::module_& probe) {
  probe.def("pulse_train", &pulse_train, py::arg("f0"), py::arg("audio"),
            "(frames) to phase and pulses, (samples) each");
  probe.def("spectral_synthesis", &spectral_synthesis, py::arg("planes"), py::arg("mel"),
            py::arg("f0"), py::arg("phase"), py::arg("noise"), py::arg("audio"),
            "(frames, 5, bins), (frames, mels), (frames), (samples), (samples) to (samples)");
}

void bind_phones(py::module_& probe) {
  probe.def("states_of", &states_of, py::arg("phones"), py::arg("frames"), py::arg("num_pauses"),
            "(tokens) to (states)");
  probe.def("best_path", &best_path, py::arg("scores"), py::arg("states"),
            "(frames, tokens), (states) to (tokens)");
  probe.def("cepstral_features", &cepstral_features, py::arg("mel"), py::arg("num_cepstra"),
            "(frames, mels) to (frames, features)");
  probe.def("heard_phones", &heard_phones, py::arg("log_posterior"),
            "(frames, phones) to phones and durations, (tokens) each");
}

void bind_infill(py::module_& probe) {
  probe.def(
      "frame_origins",
      [](const IntArray& durations, const IntArray& origins, const IntArray& heard) {
        return to_numpy(dsp::frame_origins(to_vector(durations, "durations"),
                                           to_vector(origins, "origins"),
                                           to_vector(heard, "heard")));
      },
      py::arg("durations"), py::arg("origins"), py::arg("heard"), "(tokens) to (frames)");
  probe.def(
      "infill",
      [](const FloatArray& spoken, const FloatArray& recorded, const IntArray& origins) {
        core::Frames filled = to_frames(spoken, "spoken");
        dsp::infill(filled, to_frames(recorded, "recorded"), to_vector(origins, "origins"));
        return to_numpy(std::move(filled));
      },
      py::arg("spoken"), py::arg("recorded"), py::arg("origins"),
      "(frames, width), (recorded frames, width), (frames) to (frames, width)");
  probe.def(
      "infill_f0",
      [](const FloatArray& spoken, const FloatArray& recorded, const IntArray& origins) {
        std::vector<float> filled = to_vector(spoken, "spoken");
        dsp::infill_f0(filled, to_vector(recorded, "recorded"), to_vector(origins, "origins"));
        return to_numpy(std::move(filled));
      },
      py::arg("spoken"), py::arg("recorded"), py::arg("origins"),
      "(frames), (recorded frames), (frames) to (frames)");
  probe.def(
      "lift_to_background",
      [](const FloatArray& mel, const FloatArray& recorded, const IntArray& origins) {
        core::Frames lifted = to_frames(mel, "mel");
        dsp::lift_to_background(lifted, to_frames(recorded, "recorded"),
                                to_vector(origins, "origins"));
        return to_numpy(std::move(lifted));
      },
      py::arg("mel"), py::arg("recorded"), py::arg("origins"), "as infill");
}

}  // namespace

/// `audio` is dataclasses.asdict(AudioConfig()).
void bind_dsp_probe(py::module_& probe) {
  probe.def("log_mel", &log_mel, py::arg("samples"), py::arg("audio"), "(frames, num_mels)");
  probe.def("log_energy", &log_energy, py::arg("samples"), py::arg("audio"), "(frames)");
  probe.def("kaldi_fbank", &kaldi_fbank, py::arg("samples_16k"), py::arg("num_fbanks") = 80,
            py::kw_only(), py::arg("zero_mean") = false, "(frames, num_fbanks)");
  probe.def("fill_normal", &fill_normal, py::arg("seed"), py::arg("stream"), py::arg("first_index"),
            py::arg("count"), "(count)");
  probe.def("real_fft", &real_fft, py::arg("samples"), "Real and imaginary parts, (bins) each");
  probe.def("level_mel", &level_mel, py::arg("mel"), py::arg("energy_gain"), py::arg("audio"),
            "(frames, mels) to its loudness in LUFS and (frames, mels)");
  probe.def("correct_mel", &correct_mel, py::arg("samples"), py::arg("mel"), py::arg("share"),
            py::arg("audio"), py::kw_only(), py::arg("pieces"), py::arg("watermark") = py::none(),
            "(samples) and (frames, num_mels) to (samples), so many samples at a time");
  probe.def("normalized_mel", &normalized_mel, py::arg("mel"), "(frames, mels) to (frames, mels)");
  probe.def("fit_spectral_map", &fit_spectral_map, py::arg("prompt"), py::arg("spoken"),
            py::arg("num_cepstra"), py::kw_only(), py::arg("plain") = false,
            "(frames, mels) twice to (map)");
  probe.def("apply_spectral_map", &apply_spectral_map, py::arg("mel"), py::arg("values"),
            "(frames, mels), (map) to (frames, mels)");
  probe.def("track_pitch", &track_pitch, py::arg("samples"), py::arg("sample_rate"),
            py::arg("hop_samples"), "(samples) to (frames) in Hz");
  bind_phones(probe);
  bind_infill(probe);
  bind_spectra(probe);
}

}  // namespace muspeaker::bindings
