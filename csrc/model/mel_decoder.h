#pragma once

#include <ggml.h>

#include <cstdint>
#include <vector>

#include "core/config.h"
#include "core/weights.h"
#include "model/adain_res_block.h"
#include "nn/conv1d.h"

namespace muspeaker::model {

/// A 1-D ResNet whose AdaIN layers take e_tim.
///
/// Source: the paper's mel decoder.
/// Throws ModelFileError from the constructor if a tensor is absent or misshapen.
class MelDecoder {
 public:
  /// The blocks compute in int8 if the file holds their weights as int8; the first and the last
  /// layer always compute in float32.
  MelDecoder(const core::Scope& scope, const core::MelDecoderConfig& config, int64_t content,
             int64_t num_mels);

  /// e_lat: (1, frames, content) float32; e_tim: (1, timbre) float32.
  /// Returns (1, mels, frames), natural-log mel, channels contiguous in memory.
  ggml_tensor* forward(ggml_context* graph, ggml_tensor* e_lat, ggml_tensor* e_tim) const;

 private:
  nn::Conv1d conv_pre_;
  std::vector<AdaINResBlock> blocks_;
  nn::Conv1d conv_post_;
};

}  // namespace muspeaker::model
