#include "dsp/filter_bank.h"

namespace muspeaker::dsp {

FilterBank::FilterBank(int64_t num_filters, int64_t num_bins,
                       const std::function<double(int64_t filter, int64_t bin)>& weight) {
  for (int64_t filter = 0; filter < num_filters; ++filter) {
    Filter triangle{0, {}};
    for (int64_t bin = 0; bin < num_bins; ++bin) {
      const auto value = static_cast<float>(weight(filter, bin));
      if (value == 0.0F) {
        continue;
      }
      if (triangle.weights.empty()) {
        triangle.first_bin = bin;
      }
      triangle.weights.push_back(value);
    }
    filters_.push_back(triangle);
  }
}

void FilterBank::apply(const float* spectrum, float* out) const {
  for (const Filter& filter : filters_) {
    float sum = 0.0F;
    const float* bins = spectrum + filter.first_bin;
    for (size_t i = 0; i < filter.weights.size(); ++i) {
      sum += filter.weights[i] * bins[i];
    }
    *out++ = sum;
  }
}

}  // namespace muspeaker::dsp
