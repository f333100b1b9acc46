#pragma once

#include <cstdint>

#include "core/config.h"

namespace muspeaker::engine {

/// One utterance as ids, borrowed: (kRows, count) int32, row after row.
///
/// A further row, such as a language or a tone, is a line in Row before kNumRows, its limit in
/// check(), its member in model::TokenIds and its embedding in model::LinguisticEncoder. All that
/// only passes tokens on stays as it is.
struct Tokens {
  enum Row : std::uint8_t { kPhones, kStresses, kBoundaries, kNumRows };
  static constexpr int64_t kRows = kNumRows;
  static constexpr int64_t kMaxCount = 2048;

  const int32_t* ids = nullptr;
  int64_t count = 0;

  [[nodiscard]] const int32_t* row(Row which) const { return ids + (which * count); }

  /// Throws std::invalid_argument unless there are 1 to kMaxCount tokens, each within its table.
  void check(const core::LinguisticEncoderConfig& sizes) const;
};

}  // namespace muspeaker::engine
