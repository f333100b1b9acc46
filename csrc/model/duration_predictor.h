#pragma once

#include <cstdint>
#include <vector>

#include "core/config.h"
#include "core/weights.h"
#include "model/predictor.h"

namespace muspeaker::model {

/// Natural log of each phone's duration in frames.
///
/// Source: the paper's variation adapter.
/// Throws ModelFileError from the constructor if a tensor is absent or misshapen.
class DurationPredictor : public Predictor {
 public:
  DurationPredictor(const core::Scope& scope, const core::VariationAdapterConfig& config,
                    int64_t content, int64_t style);
};

/// Rounds to whole frames so that the sum stays right: each boundary is rounded, not each phone.
///
/// durations: (tokens,) float32, frames, summed in double precision. Returns (tokens,) int32.
/// Throws std::invalid_argument if they are not finite and non-negative or sum to over max_frames.
std::vector<int32_t> round_durations(const std::vector<float>& durations, int64_t max_frames);

}  // namespace muspeaker::model
