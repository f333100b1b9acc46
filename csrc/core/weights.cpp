#include "core/weights.h"

#include <ggml-cpu.h>

#include <algorithm>
#include <cstddef>

#include "core/crc32.h"
#include "core/elementary.h"
#include "core/error.h"
#include "core/gguf_check.h"
#include "core/log.h"
#include "core/wide_vectors.h"

namespace muspeaker::core {
namespace {

constexpr const char* kScaleSuffix = ".scale";
constexpr const char* kChecksumKey = "integrity.tensor_crc32";
constexpr size_t kNamedUnclaimed = 5;

std::string shape_text(const int64_t* ne, size_t rank) {
  std::string text = "(";
  for (size_t axis = 0; axis < rank; ++axis) {
    text += (axis == 0 ? "" : ", ") + std::to_string(ne[axis]);
  }
  return text + ")";
}

bool has_shape(const ggml_tensor* tensor, const std::vector<int64_t>& ne) {
  for (size_t axis = 0; axis < GGML_MAX_DIMS; ++axis) {
    if (tensor->ne[axis] != (axis < ne.size() ? ne[axis] : 1)) {
      return false;
    }
  }
  return true;
}

bool is_scale(const std::string& name) {
  const size_t suffix = std::string(kScaleSuffix).size();
  return name.size() > suffix && name.compare(name.size() - suffix, suffix, kScaleSuffix) == 0;
}

/// The axis of ne that counts output channels; see Scope::tensor.
size_t channel_axis(size_t rank) {
  return rank == 4 ? 3 : 1;
}

}  // namespace

std::string scale_name(const std::string& name) {
  return name.substr(0, name.rfind('.')) + kScaleSuffix;
}

std::vector<float> StoredWeight::to_float() const {
  std::vector<float> expanded(static_cast<size_t>(ggml_nelements(values)));
  to_float(expanded.data());
  return expanded;
}

void StoredWeight::to_float(float* to) const {
  const int64_t count = ggml_nelements(values);
  if (values->type == GGML_TYPE_F32) {
    std::copy_n(static_cast<const float*>(values->data), count, to);
    return;
  }
  if (values->type == GGML_TYPE_F16) {
    const auto* halves = static_cast<const ggml_fp16_t*>(values->data);
    with_wide_vectors([&]() MUSPEAKER_INTO_CALLER_BODY {
      for (int64_t i = 0; i < count; ++i) {
        to[i] = float_of_half(halves[i]);
      }
    });
    return;
  }
  const auto* quantised = static_cast<const int8_t*>(values->data);
  const auto* scales = static_cast<const float*>(scale->data);
  int64_t channel_size = 1;  // neighbouring values of one channel
  for (size_t axis = 0; axis < channel_axis; ++axis) {
    channel_size *= values->ne[axis];
  }
  for (int64_t first = 0; first < count; first += channel_size) {
    const float factor = scales[first / channel_size % values->ne[channel_axis]];
    for (int64_t i = first; i < first + channel_size; ++i) {
      to[i] = static_cast<float>(quantised[i]) * factor;
    }
  }
}

WeightFile::WeightFile(const std::string& path) : file_(path) {
  install_log();
  check_gguf(file_.data(), file_.size(), path);
  ggml_context* context = nullptr;
  header_.reset(gguf_init_from_buffer(file_.data(), file_.size(), {/*no_alloc=*/true, &context}));
  stored_context_.reset(context);
  require_model(header_ != nullptr, "model file " + path + " has a header that ggml cannot read");
  const int64_t count = gguf_get_n_tensors(header_.get());
  path_ = path;
  expect(count);
  if (count == 0) {
    return;
  }
  // ggml takes a pointer to non-const, but weights are only ever read.
  auto* base = const_cast<uint8_t*>(file_.data()) + gguf_get_data_offset(header_.get());
  const size_t bytes = file_.size() - gguf_get_data_offset(header_.get());
  stored_buffer_.reset(ggml_backend_cpu_buffer_from_ptr(base, bytes));
  ggml_backend_buffer_set_usage(stored_buffer_.get(), GGML_BACKEND_BUFFER_USAGE_WEIGHTS);
  for (int64_t i = 0; i < count; ++i) {
    ggml_tensor* stored = ggml_get_tensor(context, gguf_get_tensor_name(header_.get(), i));
    ggml_backend_tensor_alloc(stored_buffer_.get(), stored,
                              base + gguf_get_tensor_offset(header_.get(), i));
    add(stored);
  }
  check_sums();
}

/// Compares the tensors with their checksums. Older files have none: their tensors are taken as
/// they are.
void WeightFile::check_sums() const {
  const gguf_context* header = header_.get();
  const int64_t key = gguf_find_key(header, kChecksumKey);
  if (key < 0) {
    return;
  }
  const int64_t count = gguf_get_n_tensors(header);
  require_model(gguf_get_kv_type(header, key) == GGUF_TYPE_ARRAY &&
                    gguf_get_arr_type(header, key) == GGUF_TYPE_UINT32 &&
                    gguf_get_arr_n(header, key) == static_cast<size_t>(count),
                "header value " + std::string(kChecksumKey) + " of model file " + path_ +
                    " must be " + std::to_string(count) + " uint32, one for each tensor");
  const auto* sums = static_cast<const uint32_t*>(gguf_get_arr_data(header, key));
  for (int64_t i = 0; i < count; ++i) {
    const char* name = gguf_get_tensor_name(header, i);
    const ggml_tensor* stored = entries().at(name).stored;
    require_model(crc32(static_cast<const uint8_t*>(stored->data), ggml_nbytes(stored)) == sums[i],
                  "tensor " + std::string(name) + " of model file " + path_ +
                      " is damaged: its values do not match its checksum");
  }
}

WeightFile::~WeightFile() = default;

void Weights::expect(int64_t count) {
  const size_t capacity = std::max<size_t>(1, static_cast<size_t>(count)) * ggml_tensor_overhead();
  expanded_context_.reset(ggml_init({capacity, /*mem_buffer=*/nullptr, /*no_alloc=*/true}));
}

void Weights::add(ggml_tensor* stored) {
  entries_[ggml_get_name(stored)].stored = stored;
  has_int8_ = has_int8_ || stored->type == GGML_TYPE_I8;
}

bool Weights::is_int8(const std::string& name) const {
  return entries_.at(name).stored->type == GGML_TYPE_I8;
}

std::vector<WeightValues> Weights::values_of(const std::string& prefix) const {
  std::vector<WeightValues> found;
  for (auto it = entries_.lower_bound(prefix); it != entries_.end(); ++it) {
    const std::string& name = it->first;
    if (name.compare(0, prefix.size(), prefix) != 0) {
      break;
    }
    if (is_scale(name)) {
      continue;
    }
    ggml_tensor* stored = it->second.stored;
    const auto rank = static_cast<size_t>(ggml_n_dims(stored));
    ggml_tensor* scale =
        stored->type == GGML_TYPE_I8 ? entries_.at(scale_name(name)).stored : nullptr;
    const StoredWeight weight{stored, scale, channel_axis(rank), has_int8_};
    found.push_back({name, {stored->ne, stored->ne + rank}, weight.to_float()});
  }
  return found;
}

Scope Weights::root() {
  return {*this, ""};
}

int64_t Weights::num_parameters() const {
  int64_t total = 0;
  for (const auto& [name, entry] : entries_) {
    total += is_scale(name) ? 0 : ggml_nelements(entry.stored);
  }
  return total;
}

void Weights::require_all_claimed() const {
  std::string names;
  size_t count = 0;
  for (const auto& [name, entry] : entries_) {
    if (!entry.claimed) {
      ++count;
      if (count <= kNamedUnclaimed) {
        names += (count == 1 ? "" : ", ") + name;
      }
    }
  }
  require_model(count == 0, "model file " + path_ + " has " + std::to_string(count) +
                                " tensors that the model does not know: " + names +
                                (count > kNamedUnclaimed ? ", ..." : ""));
}

StoredWeight Weights::claim_stored(const std::string& name, const std::vector<int64_t>& ne) {
  const auto found = entries_.find(name);
  require_model(found != entries_.end(), "model file " + path_ + " has no tensor " + name +
                                             ", expected shape " +
                                             shape_text(ne.data(), ne.size()));
  ggml_tensor* values = found->second.stored;
  require_model(has_shape(values, ne),
                "tensor " + name + " of model file " + path_ + " has shape " +
                    shape_text(values->ne, std::max<size_t>(ne.size(), ggml_n_dims(values))) +
                    ", expected " + shape_text(ne.data(), ne.size()));
  found->second.claimed = true;
  if (values->type != GGML_TYPE_I8) {
    return {values, nullptr, channel_axis(ne.size()), has_int8_};
  }
  require_model(ne.size() >= 2, "tensor " + name + " of model file " + path_ +
                                    " is int8, expected f32: it has one axis");
  const StoredWeight scale = claim_stored(scale_name(name), {ne[channel_axis(ne.size())]});
  require_model(scale.values->type == GGML_TYPE_F32,
                "tensor " + scale_name(name) + " of model file " + path_ + " is not f32");
  return {values, scale.values, channel_axis(ne.size()), has_int8_};
}

ggml_tensor* Weights::claim(const std::string& name, const std::vector<int64_t>& ne) {
  const StoredWeight weight = claim_stored(name, ne);
  if (weight.values->type == GGML_TYPE_F32) {
    return weight.values;
  }
  Entry& entry = entries_.at(name);
  if (entry.expanded == nullptr) {
    entry.expanded = expand(weight);
  }
  return entry.expanded;
}

ggml_tensor* Weights::expand(const StoredWeight& weight) {
  ggml_tensor* result =
      ggml_new_tensor(expanded_context_.get(), GGML_TYPE_F32, GGML_MAX_DIMS, weight.values->ne);
  ggml_set_name(result, weight.values->name);
  std::unique_ptr<ggml_backend_buffer, BufferDeleter> buffer(
      ggml_backend_buft_alloc_buffer(ggml_backend_cpu_buffer_type(), ggml_nbytes(result)));
  if (buffer == nullptr) {
    throw std::runtime_error("not enough memory for tensor " + std::string(result->name));
  }
  ggml_backend_buffer_set_usage(buffer.get(), GGML_BACKEND_BUFFER_USAGE_WEIGHTS);
  ggml_backend_tensor_alloc(buffer.get(), result, ggml_backend_buffer_get_base(buffer.get()));
  weight.to_float(static_cast<float*>(result->data));
  expanded_buffers_.push_back(std::move(buffer));
  return result;
}

Scope Scope::operator/(const std::string& name) const {
  return {*weights_, join(name)};
}

Scope Scope::operator/(int64_t index) const {
  return {*weights_, join(std::to_string(index))};
}

ggml_tensor* Scope::tensor(const std::string& name, const std::vector<int64_t>& ne) const {
  return weights_->claim(join(name), ne);
}

StoredWeight Scope::stored(const std::string& name, const std::vector<int64_t>& ne) const {
  return weights_->claim_stored(join(name), ne);
}

std::string Scope::join(const std::string& name) const {
  return path_.empty() ? name : path_ + "." + name;
}

}  // namespace muspeaker::core
