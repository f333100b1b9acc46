#include <algorithm>

#include "bindings/array.h"
#include "bindings/probe.h"
#include "dsp/fbank.h"
#include "dsp/fft.h"
#include "dsp/mel.h"
#include "dsp/mel_correction.h"
#include "dsp/random.h"

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
  const dsp::LogMel features(audio_config(audio));
  std::vector<float> mel = features.log_mel(samples.data(), samples.size());
  const py::ssize_t frames = features.num_frames(samples.size());
  const auto num_mels = static_cast<py::ssize_t>(mel.size()) / frames;
  return to_numpy(std::move(mel), {frames, num_mels});
}

py::array_t<float> log_energy(const FloatArray& samples, const py::dict& audio) {
  require_axes(samples, 1, "samples");
  const dsp::LogMel features(audio_config(audio));
  std::vector<float> energy = features.log_energy(samples.data(), samples.size());
  const auto frames = static_cast<py::ssize_t>(energy.size());
  return to_numpy(std::move(energy), {frames});
}

py::array_t<float> kaldi_fbank(const FloatArray& samples_16k, int64_t num_fbanks, bool zero_mean) {
  require_axes(samples_16k, 1, "samples_16k");
  std::vector<float> fbank =
      dsp::KaldiFbank(num_fbanks).fbank(samples_16k.data(), samples_16k.size());
  if (zero_mean) {
    dsp::remove_time_mean(fbank, num_fbanks);
  }
  const py::ssize_t frames = dsp::KaldiFbank::num_frames(samples_16k.size());
  return to_numpy(std::move(fbank), {frames, num_fbanks});
}

py::array_t<float> fill_normal(uint64_t seed, uint64_t stream, uint64_t first_index,
                               int64_t count) {
  core::require_input(count >= 0, "count must not be negative, got " + std::to_string(count));
  std::vector<float> out(static_cast<size_t>(count));
  dsp::fill_normal(seed, stream, first_index, out.data(), count);
  return to_numpy(std::move(out), {static_cast<py::ssize_t>(count)});
}

py::tuple real_fft(const FloatArray& samples) {
  require_axes(samples, 1, "samples");
  const dsp::RealFft fft(samples.size());
  std::vector<float> real(static_cast<size_t>(fft.num_bins()));
  std::vector<float> imag(real.size());
  dsp::RealFft::Workspace workspace;
  fft.forward(samples.data(), real.data(), imag.data(), workspace);
  const py::ssize_t bins = fft.num_bins();
  return py::make_tuple(to_numpy(std::move(real), {bins}), to_numpy(std::move(imag), {bins}));
}

/// pieces: how many samples come at a time.
py::array_t<float> correct_mel(const FloatArray& samples, const FloatArray& mel, float share,
                               const py::dict& audio, int64_t pieces) {
  require_axes(samples, 1, "samples");
  require_axes(mel, 2, "mel");
  core::require_input(pieces > 0 && mel.shape(1) == audio["num_mels"].cast<int64_t>(),
                      "pieces must be positive, and mel have num_mels columns");
  const dsp::MelCorrection correction(audio_config(audio), share);
  dsp::MelCorrection::State state;
  std::vector<float> corrected;
  for (int64_t begin = 0; begin < samples.size(); begin += pieces) {
    correction.correct(state, mel.data(), mel.shape(0), samples.data() + begin,
                       std::min<int64_t>(pieces, samples.size() - begin), corrected);
  }
  const auto count = static_cast<py::ssize_t>(corrected.size());
  return to_numpy(std::move(corrected), {count});
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
  probe.def("correct_mel", &correct_mel, py::arg("samples"), py::arg("mel"), py::arg("share"),
            py::arg("audio"), py::kw_only(), py::arg("pieces"),
            "(samples) and (frames, num_mels) to (samples), so many samples at a time");
}

}  // namespace muspeaker::bindings
