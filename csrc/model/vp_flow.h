#pragma once

#include <ggml.h>

#include <cstdint>
#include <vector>

#include "core/config.h"
#include "core/weights.h"
#include "nn/conv1d.h"
#include "nn/linear.h"

namespace muspeaker::model {

/// Shifts one half of the latent by a function of the other half and e_ling.
///
/// Source: Dinh et al. 2014 (arXiv:1410.8516), Section 3.2: additive, hence of unit Jacobian.
/// Throws ModelFileError from the constructor if a tensor is absent or misshapen.
class AdditiveCoupling {
 public:
  AdditiveCoupling(const core::Scope& scope, int64_t latent, int64_t condition, int64_t hidden,
                   int64_t kernel);

  /// x: (1, tokens, latent / 2) float32, the half that stays; e_ling: (1, tokens, condition).
  /// Returns the shift of the other half, (1, tokens, latent / 2).
  ggml_tensor* forward(ggml_context* graph, ggml_tensor* x, ggml_tensor* e_ling) const;

 private:
  nn::Conv1d conv1_;
  nn::Linear condition_;
  nn::Conv1d conv2_;
  nn::Linear linear_;
};

/// Additive couplings that take turns on the two halves; noise given from outside.
///
/// Source: the paper's VP-Flow; couplings after Dinh et al. 2014 (arXiv:1410.8516).
/// Throws ModelFileError from the constructor if a tensor is absent or misshapen.
class VPFlow {
 public:
  VPFlow(const core::Scope& scope, const core::VPFlowConfig& config, int64_t latent,
         int64_t condition);

  /// From e_mel to noise, the direction of the KL term. e_mel: (1, tokens, latent) float32; e_ling:
  /// (1, tokens, condition). Returns the shape of e_mel.
  ggml_tensor* forward(ggml_context* graph, ggml_tensor* e_mel, ggml_tensor* e_ling) const;

  /// From noise to e_mel, the direction of speaking. noise: (1, tokens, latent) float32, standard
  /// normal times the temperature; e_ling: (1, tokens, condition). Returns e_mel, the shape of
  /// noise.
  ggml_tensor* inverse(ggml_context* graph, ggml_tensor* noise, ggml_tensor* e_ling) const;

 private:
  std::vector<AdditiveCoupling> couplings_;
};

}  // namespace muspeaker::model
