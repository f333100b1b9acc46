#include "model/length_regulator.h"

namespace muspeaker::model {

std::vector<int32_t> make_path(const std::vector<int32_t>& durations) {
  std::vector<int32_t> path;
  for (size_t token = 0; token < durations.size(); ++token) {
    path.insert(path.end(), static_cast<size_t>(durations[token]), static_cast<int32_t>(token));
  }
  return path;
}

// NOLINTNEXTLINE(readability-convert-member-functions-to-static): a layer like others
ggml_tensor* LengthRegulator::forward(ggml_context* graph, ggml_tensor* x,
                                      ggml_tensor* path) const {
  return ggml_get_rows(graph, x, path);
}

}  // namespace muspeaker::model
