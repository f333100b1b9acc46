#pragma once

#include <ggml-backend.h>
#include <ggml.h>
#include <gguf.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/mapped_file.h"

namespace muspeaker::core {

class Scope;

/// `<scope>.weight` has its scale in `<scope>.scale`: a longer name would pass the 63
/// bytes that ggml keeps.
std::string scale_name(const std::string& name);

/// A weight as it lies in the file, for a kernel that reads f16 or int8 itself.
struct StoredWeight {
  ggml_tensor* values = nullptr;  ///< f32, f16 or i8, in the mapped file
  ggml_tensor* scale = nullptr;   ///< (out,) f32 if values are i8, else null
  size_t channel_axis = 1;        ///< the axis of values->ne that counts output channels
  bool among_int8 = false;        ///< whether the file holds weights as int8, this one or others

  /// All values as float32, in the order of memory; int8 ones are values * scale[out].
  [[nodiscard]] std::vector<float> to_float() const;

  /// The same into memory of ggml_nelements(values).
  void to_float(float* to) const;
};

/// A weight as numbers, whatever it is stored as.
struct WeightValues {
  std::string name;
  std::vector<int64_t> ne;  ///< axes, fastest first, without trailing ones (at least one axis)
  std::vector<float> values;
};

/// Tensors by name, and which of them constructors have claimed.
///
/// Loading is strict: constructors claim each tensor they need through a Scope, and
/// require_all_claimed() then finds what nobody asked for. Tensors live as long as this. Claiming
/// belongs to one thread.
class Weights {
 public:
  Weights(const Weights&) = delete;
  Weights& operator=(const Weights&) = delete;

  /// The scope with an empty prefix.
  [[nodiscard]] Scope root();

  /// Whether the values of a tensor are int8, with a scale for each output channel.
  [[nodiscard]] bool is_int8(const std::string& name) const;

  /// The weights whose names begin with the prefix, sorted by name, scales of int8 weights left
  /// out. May be called from any thread once all is claimed.
  [[nodiscard]] std::vector<WeightValues> values_of(const std::string& prefix) const;

  /// Number of weights, scales of int8 weights not counted.
  [[nodiscard]] int64_t num_parameters() const;

  /// Throws ModelFileError naming the first tensors that no constructor claimed.
  void require_all_claimed() const;

 protected:
  struct ContextDeleter {
    void operator()(ggml_context* context) const { ggml_free(context); }
  };
  struct BufferDeleter {
    void operator()(ggml_backend_buffer* buffer) const { ggml_backend_buffer_free(buffer); }
  };
  struct Entry {
    ggml_tensor* stored = nullptr;
    ggml_tensor* expanded = nullptr;
    bool claimed = false;
  };

  Weights() = default;
  ~Weights() = default;

  /// Adds a tensor that has its data already.
  void add(ggml_tensor* stored);
  /// How many tensors there will be; before the first.
  void expect(int64_t count);
  [[nodiscard]] const std::map<std::string, Entry>& entries() const { return entries_; }

  std::string path_;  // of the model file, for messages

 private:
  friend class Scope;

  ggml_tensor* claim(const std::string& name, const std::vector<int64_t>& ne);
  StoredWeight claim_stored(const std::string& name, const std::vector<int64_t>& ne);
  ggml_tensor* expand(const StoredWeight& weight);

  std::unique_ptr<ggml_context, ContextDeleter> expanded_context_;
  std::vector<std::unique_ptr<ggml_backend_buffer, BufferDeleter>> expanded_buffers_;
  std::map<std::string, Entry> entries_;
  bool has_int8_ = false;
};

/// One model file, mapped into memory. Tensors point into the map; those stored as f16 or int8 are
/// expanded to f32 when first claimed.
class WeightFile : public Weights {
 public:
  /// Throws ModelFileError if the file cannot be read, is not GGUF, is truncated or inconsistent,
  /// or if the values of a tensor do not match its checksum.
  explicit WeightFile(const std::string& path);
  ~WeightFile();
  WeightFile(const WeightFile&) = delete;
  WeightFile& operator=(const WeightFile&) = delete;

  /// The header, for read_config and header_values.
  [[nodiscard]] const gguf_context* header() const { return header_.get(); }

  /// To be called when constructors have packed what they take: few pages of the file are used
  /// after that, and the rest need not stay in memory.
  void forget_pages() const { file_.forget_pages(); }

 private:
  struct HeaderDeleter {
    void operator()(gguf_context* header) const { gguf_free(header); }
  };
  void check_sums() const;

  MappedFile file_;
  std::unique_ptr<gguf_context, HeaderDeleter> header_;
  std::unique_ptr<ggml_context, ContextDeleter> stored_context_;
  std::unique_ptr<ggml_backend_buffer, BufferDeleter> stored_buffer_;
};

/// A place in the tree of names: `scope / "blocks" / 2 / "conv1"` is the prefix "blocks.2.conv1.".
class Scope {
 public:
  Scope(Weights& weights, std::string path) : weights_(&weights), path_(std::move(path)) {}

  Scope operator/(const std::string& name) const;
  Scope operator/(int64_t index) const;

  /// The path without a trailing dot, for messages.
  [[nodiscard]] const std::string& path() const { return path_; }

  /// Claims `<path>.<name>` and returns it as f32. `ne`: axes, fastest first, one for each axis of
  /// the weight, also where it is 1. int8 weights have one scale per output channel: axis 1 of two-
  /// and three-axis weights (linear, conv1d), axis 3 of four-axis ones (conv2d). Throws
  /// ModelFileError with the full name, expected and actual shape.
  [[nodiscard]] ggml_tensor* tensor(const std::string& name, const std::vector<int64_t>& ne) const;

  /// Claims the same tensor (and its scale) without expanding it.
  [[nodiscard]] StoredWeight stored(const std::string& name, const std::vector<int64_t>& ne) const;

 private:
  [[nodiscard]] std::string join(const std::string& name) const;

  Weights* weights_;
  std::string path_;
};

}  // namespace muspeaker::core
