#include "model/energy_predictor.h"

namespace muspeaker::model {

EnergyPredictor::EnergyPredictor(const core::Scope& scope,
                                 const core::VariationAdapterConfig& config, int64_t content,
                                 int64_t style)
    : Predictor(scope, config, content, style, /*outputs=*/1) {}

}  // namespace muspeaker::model
