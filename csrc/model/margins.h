#pragma once

#include <ggml.h>

#include <cstdint>
#include <vector>

namespace muspeaker::model {

/// Frames at either end of a chunk that are context: their samples are not wanted.
struct Margins {
  int64_t before = 0;
  int64_t after = 0;
};

/// One upsampling of a network, and how many rows the wanted samples reach to either side.
struct Scale {
  int64_t rate;          ///< rows out for each row in
  int64_t row_samples;   ///< samples in each row out
  int64_t input_reach;   ///< rows in, to either side
  int64_t source_reach;  ///< rows out, to either side, where the source is added
};

/// Cuts from a chunk what its wanted samples do not depend on, scale by scale.
///
/// Convolutions reach beyond the wanted frames (W), so a chunk begins with frames of context (c).
/// The wider a scale, the fewer of its rows that context needs to be, so each scale keeps the rows
/// that later ones reach (r) and drops the rest:
///
///   mel          c  c  c  c  W  W  W  W  c  c  c  c        4 frames before and after
///   scale 1            r r r|W W W W W W W W|r r r         2 rows a frame: reach 3
///   scale 2             rrrr|WWWWWWWWWWWWWWWW|rrrr         4 rows a frame: reach 4
///   samples                 |WWWWWWWWWWWWWWWW|             the result
///
/// At the ends of an utterance there is no context, and nothing to cut.
class MarginCutter {
 public:
  /// scales: from the first on; they must outlive this. margins: those of the mel.
  MarginCutter(ggml_context* graph, const Margins& margins, const std::vector<Scale>& scales);

  /// The rows of (1, channels, rows) that a scale reads.
  ggml_tensor* input_of(size_t scale, ggml_tensor* x);

  /// The rows of a scale's upsampled input that are needed when the source is added.
  ggml_tensor* output_of(size_t scale, ggml_tensor* x);

  /// The samples of (1, 1, samples), those of the whole chunk, that lie under output_of(scale).
  ggml_tensor* source_of(size_t scale, ggml_tensor* source) const;

  /// The samples that are wanted.
  ggml_tensor* wanted(ggml_tensor* x);

 private:
  ggml_tensor* keep(ggml_tensor* x, int64_t reach);

  ggml_context* graph_;
  Margins frames_;  // margins of the mel
  Margins rows_;    // margins of the tensor at hand
  const std::vector<Scale>& scales_;
};

}  // namespace muspeaker::model
