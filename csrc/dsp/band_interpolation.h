#pragma once

#include <cstdint>
#include <vector>

#include "core/config.h"

namespace muspeaker::dsp {

/// Values of mel bands at every bin of a spectrum: linear between the peaks of neighbouring bands,
/// constant below the first and above the last.
class BandInterpolation {
 public:
  explicit BandInterpolation(const core::AudioConfig& audio);

  /// bands: num_mels values. Returns the value at a bin.
  [[nodiscard]] float at(const float* bands, int64_t bin) const {
    const auto index = static_cast<size_t>(bin);
    const float here = bands[band_[index]];
    return here + (way_[index] * (bands[next_[index]] - here));
  }

 private:
  std::vector<int32_t> band_;  ///< the band whose peak is at or below a bin
  std::vector<int32_t> next_;  ///< the band after that one
  std::vector<float> way_;     ///< how far the bin lies from the first towards the second, 0 to 1
};

}  // namespace muspeaker::dsp
