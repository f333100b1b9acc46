#include "core/header.h"

#include <cstddef>

namespace muspeaker::core {
namespace {

template <typename To, typename From>
std::vector<To> copy(const void* data, size_t count) {
  const auto* first = static_cast<const From*>(data);
  return std::vector<To>(first, first + count);
}

/// Integers of any width as int64, floats as double.
HeaderValue numbers(gguf_type type, const void* data, size_t count) {
  switch (type) {
    case GGUF_TYPE_UINT8:
      return copy<int64_t, uint8_t>(data, count);
    case GGUF_TYPE_INT8:
    case GGUF_TYPE_BOOL:
      return copy<int64_t, int8_t>(data, count);
    case GGUF_TYPE_UINT16:
      return copy<int64_t, uint16_t>(data, count);
    case GGUF_TYPE_INT16:
      return copy<int64_t, int16_t>(data, count);
    case GGUF_TYPE_UINT32:
      return copy<int64_t, uint32_t>(data, count);
    case GGUF_TYPE_INT32:
      return copy<int64_t, int32_t>(data, count);
    case GGUF_TYPE_UINT64:
    case GGUF_TYPE_INT64:
      return copy<int64_t, int64_t>(data, count);
    case GGUF_TYPE_FLOAT32:
      return copy<double, float>(data, count);
    default:
      return copy<double, double>(data, count);
  }
}

HeaderValue scalar(const gguf_context* header, int64_t id) {
  const gguf_type type = gguf_get_kv_type(header, id);
  if (type == GGUF_TYPE_STRING) {
    return std::string(gguf_get_val_str(header, id));
  }
  if (type == GGUF_TYPE_BOOL) {
    return gguf_get_val_bool(header, id);
  }
  const HeaderValue values = numbers(type, gguf_get_val_data(header, id), 1);
  if (const auto* integers = std::get_if<std::vector<int64_t>>(&values)) {
    return integers->front();
  }
  return std::get<std::vector<double>>(values).front();
}

HeaderValue array(const gguf_context* header, int64_t id) {
  const gguf_type type = gguf_get_arr_type(header, id);
  const size_t count = gguf_get_arr_n(header, id);
  if (type != GGUF_TYPE_STRING) {
    return numbers(type, gguf_get_arr_data(header, id), count);
  }
  std::vector<std::string> strings;
  strings.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    strings.emplace_back(gguf_get_arr_str(header, id, i));
  }
  return strings;
}

}  // namespace

std::map<std::string, HeaderValue> header_values(const gguf_context* header,
                                                 const std::string& prefix) {
  std::map<std::string, HeaderValue> values;
  for (int64_t id = 0; id < gguf_get_n_kv(header); ++id) {
    const std::string key = gguf_get_key(header, id);
    if (key.compare(0, prefix.size(), prefix) == 0) {
      values[key.substr(prefix.size())] =
          gguf_get_kv_type(header, id) == GGUF_TYPE_ARRAY ? array(header, id) : scalar(header, id);
    }
  }
  return values;
}

}  // namespace muspeaker::core
