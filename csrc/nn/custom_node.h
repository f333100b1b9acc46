#pragma once

#include <ggml.h>

#include <cstring>
#include <type_traits>

namespace muspeaker::nn {

/// Scalars of a custom node of ggml are stored in the node itself, after ggml's own
/// parameters (ggml_custom_op_params takes 24 bytes).
constexpr size_t kNodeParamsAt = 32;

/// Copies params into a node that ggml_custom_4d or ggml_custom_inplace has made.
template <typename Params>
void set_node_params(ggml_tensor* node, const Params& params) {
  static_assert(std::is_trivially_copyable_v<Params>);
  static_assert(kNodeParamsAt + sizeof(Params) <= GGML_MAX_OP_PARAMS);
  std::memcpy(reinterpret_cast<char*>(node->op_params) + kNodeParamsAt, &params, sizeof(params));
}

/// What set_node_params put there, of the same type.
template <typename Params>
Params node_params(const ggml_tensor* node) {
  Params params{};
  std::memcpy(&params, reinterpret_cast<const char*>(node->op_params) + kNodeParamsAt,
              sizeof(params));
  return params;
}

}  // namespace muspeaker::nn
