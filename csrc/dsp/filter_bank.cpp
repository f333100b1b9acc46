#include "dsp/filter_bank.h"

#include <algorithm>

#include "core/array.h"
#include "core/wide_vectors.h"

namespace muspeaker::dsp {
namespace {

constexpr int64_t kLanes = 8;

/// Sums by lanes, for a compiler may not reorder one long sum.
MUSPEAKER_INTO_CALLER float weighted_sum(const float* weights, const float* values, int64_t count) {
  float lanes[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      lanes[lane] += weights[i + lane] * values[i + lane];
    }
  }
  for (int64_t lane = 0; i < count; ++i, ++lane) {
    lanes[lane] += weights[i] * values[i];
  }
  for (int64_t width = kLanes / 2; width > 0; width /= 2) {
    for (int64_t lane = 0; lane < width; ++lane) {
      lanes[lane] += lanes[lane + width];
    }
  }
  return lanes[0];
}

}  // namespace

FilterBank::FilterBank(int64_t num_filters, int64_t num_bins,
                       const std::function<double(int64_t filter, int64_t bin)>& weight) {
  for (int64_t filter = 0; filter < num_filters; ++filter) {
    std::vector<float> all(static_cast<size_t>(num_bins));
    int64_t begin = num_bins;
    int64_t end = 0;
    for (int64_t bin = 0; bin < num_bins; ++bin) {
      all[static_cast<size_t>(bin)] = static_cast<float>(weight(filter, bin));
      if (all[static_cast<size_t>(bin)] != 0.0F) {
        begin = std::min(begin, bin);
        end = bin + 1;
      }
    }
    const int64_t used = std::max<int64_t>(end - begin, 0);
    const int64_t count = std::min((used + kLanes - 1) / kLanes * kLanes, num_bins);
    begin = std::min(begin, num_bins - count);
    filters_.push_back({begin, core::count_of(weights_), count});
    weights_.insert(weights_.end(), all.begin() + begin, all.begin() + begin + count);
  }
}

void FilterBank::apply(const float* spectrum, float* out) const {
  core::with_wide_vectors([&]() MUSPEAKER_INTO_CALLER_BODY {
    for (size_t i = 0; i < filters_.size(); ++i) {
      const Filter& filter = filters_[i];
      out[i] = weighted_sum(weights_.data() + filter.first_weight, spectrum + filter.first_bin,
                            filter.count);
    }
  });
}

}  // namespace muspeaker::dsp
