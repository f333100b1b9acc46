#pragma once

#include <ggml.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/weights.h"

namespace muspeaker::core {

/// What is to be added to some weights, tensor after tensor in the order of their names: a code for
/// each weight, and a scale for each row of a tensor's fastest axis. A bias is one row.
struct WeightChanges {
  std::vector<int8_t> codes;
  std::vector<float> scales;  ///< (rows); the change of a weight is its code times its row's scale
};

/// The weights below a prefix, changed, in memory of their own. What is int8 there is quantised
/// again, as muspeaker.quantize does; the rest becomes float32. Constructors claim these as those
/// of a file.
class ChangedWeights : public Weights {
 public:
  /// Throws std::invalid_argument unless there are as many codes and scales as weights and rows,
  /// and the result is finite.
  ChangedWeights(const Weights& base, const std::string& prefix, const WeightChanges& changes);

 private:
  void store(const WeightValues& weight, bool as_int8);

  std::unique_ptr<ggml_context, ContextDeleter> context_;
};

}  // namespace muspeaker::core
