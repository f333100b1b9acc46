#pragma once

#include <cstdint>

#include "core/config.h"
#include "core/weights.h"
#include "model/predictor.h"

namespace muspeaker::model {

/// Normalised log-energy of each frame.
///
/// Source: the paper's variation adapter.
/// Throws ModelFileError from the constructor if a tensor is absent or misshapen.
class EnergyPredictor : public Predictor {
 public:
  EnergyPredictor(const core::Scope& scope, const core::VariationAdapterConfig& config,
                  int64_t content, int64_t style);
};

}  // namespace muspeaker::model
