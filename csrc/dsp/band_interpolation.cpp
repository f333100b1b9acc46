#include "dsp/band_interpolation.h"

#include <algorithm>

#include "dsp/mel.h"

namespace muspeaker::dsp {

BandInterpolation::BandInterpolation(const core::AudioConfig& audio) {
  const std::vector<double> edges_hz = mel_edges_hz(audio);
  const double* peaks_hz = edges_hz.data() + 1;
  const double bin_hz =
      static_cast<double>(audio.sample_rate) / static_cast<double>(audio.fft_samples);
  int64_t band = 0;
  for (int64_t bin = 0; bin <= audio.fft_samples / 2; ++bin) {
    const double hz = bin_hz * static_cast<double>(bin);
    while (band + 1 < audio.num_mels && peaks_hz[band + 1] <= hz) {
      ++band;
    }
    const bool last = band + 1 == audio.num_mels;
    const double way = last ? 0.0 : (hz - peaks_hz[band]) / (peaks_hz[band + 1] - peaks_hz[band]);
    if (stretches_.empty() || stretches_.back().band != band) {
      stretches_.push_back({bin, bin, band, last ? band : band + 1});
    }
    stretches_.back().end = bin + 1;
    way_.push_back(static_cast<float>(std::max(way, 0.0)));
  }
}

}  // namespace muspeaker::dsp
