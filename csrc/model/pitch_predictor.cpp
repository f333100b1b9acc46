#include "model/pitch_predictor.h"

namespace muspeaker::model {

PitchPredictor::PitchPredictor(const core::Scope& scope, const core::VariationAdapterConfig& config,
                               int64_t content, int64_t style)
    : Predictor(scope, config, content, style, /*outputs=*/2) {}

}  // namespace muspeaker::model
