#include "model/margins.h"

#include <algorithm>

namespace muspeaker::model {
namespace {

/// Cuts rows off either end of (1, channels, rows): a view, for time is the slow axis.
ggml_tensor* cut(ggml_context* graph, ggml_tensor* x, const Margins& rows) {
  if (rows.before == 0 && rows.after == 0) {
    return x;
  }
  return ggml_view_2d(graph, x, x->ne[0], x->ne[1] - rows.before - rows.after, x->nb[1],
                      static_cast<size_t>(rows.before) * x->nb[1]);
}

}  // namespace

MarginCutter::MarginCutter(ggml_context* graph, const Margins& margins,
                           const std::vector<Scale>& scales)
    : graph_(graph), frames_(margins), rows_(margins), scales_(scales) {}

ggml_tensor* MarginCutter::input_of(size_t scale, ggml_tensor* x) {
  return keep(x, scales_[scale].input_reach);
}

ggml_tensor* MarginCutter::output_of(size_t scale, ggml_tensor* x) {
  rows_ = {rows_.before * scales_[scale].rate, rows_.after * scales_[scale].rate};
  return keep(x, scales_[scale].source_reach);
}

ggml_tensor* MarginCutter::source_of(size_t scale, ggml_tensor* source) const {
  const int64_t frame_samples = scales_.front().rate * scales_.front().row_samples;
  const int64_t row_samples = scales_[scale].row_samples;
  return cut(graph_, source,
             {
                 (frames_.before * frame_samples) - (rows_.before * row_samples),
                 (frames_.after * frame_samples) - (rows_.after * row_samples),
             });
}

ggml_tensor* MarginCutter::wanted(ggml_tensor* x) {
  return keep(x, /*reach=*/0);
}

/// Cuts off what lies more than `reach` rows outside the wanted ones.
ggml_tensor* MarginCutter::keep(ggml_tensor* x, int64_t reach) {
  const Margins kept{std::min(rows_.before, reach), std::min(rows_.after, reach)};
  x = cut(graph_, x, {rows_.before - kept.before, rows_.after - kept.after});
  rows_ = kept;
  return x;
}

}  // namespace muspeaker::model
