#pragma once

#include <algorithm>
#include <cstdint>

namespace muspeaker::text {

/// Which row of a table the weights of a hashed feature stand in. Values are ascending.
struct Buckets {
  static constexpr uint32_t kCount = 1U << 22U;  ///< NUM_BUCKETS of text/feature_weights.py

  /// The row of a feature's key; -1 if the feature was not kept.
  [[nodiscard]] int64_t row(uint32_t key) const {
    const auto wanted = static_cast<int32_t>(key % kCount);
    const int32_t* end = values + count;
    const int32_t* found = std::lower_bound(values, end, wanted);
    return found != end && *found == wanted ? found - values : -1;
  }

  const int32_t* values;
  int64_t count;
};

}  // namespace muspeaker::text
