#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "core/config.h"
#include "core/wide_vectors.h"

namespace muspeaker::dsp {

/// Values of mel bands at every bin of a spectrum: linear between the peaks of neighbouring bands,
/// constant below the first and above the last.
class BandInterpolation {
 public:
  explicit BandInterpolation(const core::AudioConfig& audio);

  /// bands: num_mels values; values: one for each bin, which must not overlap them.
  MUSPEAKER_INTO_CALLER void spread(const float* bands, float* values) const {
    const auto bins = static_cast<int64_t>(way_.size());
    const float* __restrict way = way_.data();
    float* __restrict to = values;
    for (const Stretch& stretch : stretches_) {
      const float here = bands[stretch.band];
      const float step = bands[stretch.next] - here;
      int64_t bin = stretch.begin;
      // Whole vectors: what one writes beyond its stretch, those after it write again.
      for (; bin < stretch.end && bin + kLanes <= bins; bin += kLanes) {
        Vector moved;
        std::memcpy(&moved, way + bin, sizeof(moved));
        moved = here + (moved * step);
        std::memcpy(to + bin, &moved, sizeof(moved));
      }
      for (; bin < stretch.end; ++bin) {
        to[bin] = here + (way[bin] * step);
      }
    }
  }

 private:
  static constexpr int64_t kLanes = 4;
  // Named, for GCC takes a loop over so few lanes apart and leaves it so.
  using Vector = float __attribute__((vector_size(16)));

  /// Bins between the peaks of one band and the next.
  struct Stretch {
    int64_t begin;
    int64_t end;
    int64_t band;  ///< the one whose peak is at or below the bins
    int64_t next;  ///< the band after that one
  };

  std::vector<Stretch> stretches_;  ///< side by side, from the first bin to the last
  std::vector<float> way_;          ///< (num_bins) from a band to the next, 0 to 1
};

}  // namespace muspeaker::dsp
