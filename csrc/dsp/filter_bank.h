#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace muspeaker::dsp {

/// Triangular filters over the bins of a spectrum, stored without most of their zeros.
class FilterBank {
 public:
  /// weight(filter, bin) gives each weight; the bins of one filter that are not 0 must be adjacent.
  FilterBank(int64_t num_filters, int64_t num_bins,
             const std::function<double(int64_t filter, int64_t bin)>& weight);

  [[nodiscard]] int64_t num_filters() const { return static_cast<int64_t>(filters_.size()); }

  /// spectrum: num_bins finite values; out: num_filters weighted sums.
  void apply(const float* spectrum, float* out) const;

 private:
  struct Filter {
    int64_t first_bin;
    int64_t first_weight;
    int64_t count;  ///< whole vectors where there are so many bins
  };
  std::vector<Filter> filters_;
  std::vector<float> weights_;
};

}  // namespace muspeaker::dsp
