#include "core/gguf_check.h"

#include <ggml.h>
#include <gguf.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "core/crc32.h"
#include "core/error.h"
#include "core/graph_builder.h"

namespace muspeaker::core {
namespace {

// Far above any model of ours, and small enough that nothing computed from them can overflow.
constexpr uint64_t kMaxKeys = 4096;
// Each tensor is claimed once, and no part makes as many as four nodes of one.
constexpr uint64_t kMaxTensors = kMaxNodes / 4;
constexpr uint64_t kMaxAxis = uint64_t{1} << 31;
constexpr uint64_t kMaxElements = uint64_t{1} << 40;
constexpr uint64_t kMaxAlignment = 65536;
constexpr uint32_t kGgufVersion = 3;
constexpr const char* kChecksumKey = "integrity.header_crc32";

/// Whether a text is UTF-8: no overlong form, no surrogate, nothing past U+10FFFF.
/// Source: The Unicode Standard 15.0, table 3-7.
bool is_utf8(const std::string& text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(i < text.size() ? text[i] : 0); };
  const auto within = [&](size_t i, unsigned low, unsigned high) {
    return byte(i) >= low && byte(i) <= high;
  };
  for (size_t i = 0; i < text.size();) {
    const unsigned first = byte(i);
    size_t length = 1;
    bool good = first < 0x80;
    if (first >= 0xC2 && first <= 0xDF) {
      length = 2;
      good = true;
    } else if (first >= 0xE0 && first <= 0xEF) {
      length = 3;
      good = within(i + 1, first == 0xE0 ? 0xA0 : 0x80, first == 0xED ? 0x9F : 0xBF);
    } else if (first >= 0xF0 && first <= 0xF4) {
      length = 4;
      good = within(i + 1, first == 0xF0 ? 0x90 : 0x80, first == 0xF4 ? 0x8F : 0xBF);
    }
    for (size_t next = i + 1; good && next < i + length; ++next) {
      good = within(next, 0x80, 0xBF);
    }
    if (!good) {
      return false;
    }
    i += length;
  }
  return true;
}

/// Reads forward and never past the end.
class Cursor {
 public:
  Cursor(const uint8_t* data, size_t size, const std::string& path)
      : data_(data), size_(size), path_(path) {}

  [[nodiscard]] uint64_t position() const { return position_; }

  [[noreturn]] void fail(const std::string& what) const {
    throw ModelFileError("model file " + path_ + " " + what);
  }

  void require(bool condition, const std::string& what) const {
    if (!condition) {
      fail(what);
    }
  }

  void skip(uint64_t bytes) {
    require(bytes <= size_ - position_,
            "is truncated: its header does not end within its " + std::to_string(size_) + " bytes");
    position_ += bytes;
  }

  template <typename T>
  T read() {
    const uint64_t begin = position_;
    skip(sizeof(T));
    T value;
    std::memcpy(&value, data_ + begin, sizeof(T));
    return value;
  }

  std::string read_string() {
    const auto length = read<uint64_t>();
    const uint64_t begin = position_;
    skip(length);
    std::string text(reinterpret_cast<const char*>(data_) + begin, static_cast<size_t>(length));
    require(is_utf8(text),
            "has a name or a text at byte " + std::to_string(begin) + " that is no UTF-8");
    return text;
  }

 private:
  const uint8_t* data_;
  uint64_t size_;
  uint64_t position_ = 0;
  const std::string& path_;
};

/// Bytes of one value, 0 for a string, -1 for what is neither.
int64_t value_size(int32_t type) {
  switch (type) {
    case GGUF_TYPE_UINT8:
    case GGUF_TYPE_INT8:
    case GGUF_TYPE_BOOL:
      return 1;
    case GGUF_TYPE_UINT16:
    case GGUF_TYPE_INT16:
      return 2;
    case GGUF_TYPE_UINT32:
    case GGUF_TYPE_INT32:
    case GGUF_TYPE_FLOAT32:
      return 4;
    case GGUF_TYPE_UINT64:
    case GGUF_TYPE_INT64:
    case GGUF_TYPE_FLOAT64:
      return 8;
    case GGUF_TYPE_STRING:
      return 0;
    default:
      return -1;
  }
}

void skip_value(Cursor& cursor, const std::string& key, int32_t type, uint64_t count) {
  const int64_t bytes = value_size(type);
  cursor.require(bytes >= 0,
                 "has a header value " + key + " of unknown type " + std::to_string(type));
  // Every element takes at least a byte, so a count beyond the file ends the walk early.
  for (uint64_t i = 0; bytes == 0 && i < count; ++i) {
    cursor.read_string();
  }
  if (bytes > 0) {
    cursor.require(count <= kMaxElements, "is truncated: its header value " + key + " claims " +
                                              std::to_string(count) + " elements");
    cursor.skip(count * static_cast<uint64_t>(bytes));
  }
}

struct Keys {
  uint64_t alignment = GGUF_DEFAULT_ALIGNMENT;  ///< of the tensors, in bytes
  uint64_t checksum_at = 0;                     ///< byte of the header's checksum, 0 if it has none
};

Keys check_keys(Cursor& cursor, uint64_t count) {
  Keys keys;
  std::set<std::string> seen;
  for (uint64_t i = 0; i < count; ++i) {
    const std::string key = cursor.read_string();
    cursor.require(!key.empty() && key.find('\0') == std::string::npos,
                   "has a header value without a name");
    cursor.require(seen.insert(key).second, "has two header values named " + key);
    const auto type = cursor.read<int32_t>();
    if (key == GGUF_KEY_GENERAL_ALIGNMENT) {
      cursor.require(type == GGUF_TYPE_UINT32, "has an alignment that is not a uint32");
      keys.alignment = cursor.read<uint32_t>();
      cursor.require(keys.alignment >= GGUF_DEFAULT_ALIGNMENT && keys.alignment <= kMaxAlignment &&
                         (keys.alignment & (keys.alignment - 1)) == 0,
                     "has an alignment of " + std::to_string(keys.alignment) +
                         " bytes, expected a power of two from 32 to 65536");
    } else if (key == kChecksumKey) {
      cursor.require(type == GGUF_TYPE_UINT32, "has a checksum of its header that is not a uint32");
      keys.checksum_at = cursor.position();
      cursor.skip(sizeof(uint32_t));
    } else if (type == GGUF_TYPE_ARRAY) {
      const auto element = cursor.read<int32_t>();
      skip_value(cursor, key, element, cursor.read<uint64_t>());
    } else {
      skip_value(cursor, key, type, 1);
    }
  }
  return keys;
}

struct TensorInfo {
  std::string name;
  uint64_t bytes = 0;
  uint64_t offset = 0;
};

TensorInfo read_tensor_info(Cursor& cursor) {
  TensorInfo info;
  info.name = cursor.read_string();
  cursor.require(!info.name.empty() && info.name.find('\0') == std::string::npos,
                 "has a tensor without a name");
  cursor.require(info.name.size() < GGML_MAX_NAME,
                 "has a tensor name of " + std::to_string(info.name.size()) +
                     " bytes, expected less than 64: " + info.name);
  const auto num_axes = cursor.read<uint32_t>();
  cursor.require(num_axes >= 1 && num_axes <= GGML_MAX_DIMS, "has tensor " + info.name + " of " +
                                                                 std::to_string(num_axes) +
                                                                 " axes, expected one to four");
  uint64_t elements = 1;
  for (uint32_t axis = 0; axis < num_axes; ++axis) {
    const auto size = cursor.read<uint64_t>();
    cursor.require(
        size >= 1 && size <= kMaxAxis && elements <= kMaxElements / size,
        "has tensor " + info.name + " with an axis of impossible size " + std::to_string(size));
    elements *= size;
  }
  const auto type = cursor.read<int32_t>();
  uint64_t element_bytes = 0;
  if (type == GGML_TYPE_F32) {
    element_bytes = sizeof(float);
  } else if (type == GGML_TYPE_F16) {
    element_bytes = sizeof(ggml_fp16_t);
  } else if (type == GGML_TYPE_I8) {
    element_bytes = sizeof(int8_t);
  }
  cursor.require(element_bytes > 0, "has tensor " + info.name + " of type " + std::to_string(type) +
                                        ", expected f32, f16 or i8");
  info.bytes = elements * element_bytes;
  info.offset = cursor.read<uint64_t>();
  return info;
}

/// Returns the bytes from the first tensor to the end of the last.
uint64_t check_tensors(Cursor& cursor, uint64_t count, uint64_t alignment) {
  std::set<std::string> seen;
  uint64_t end = 0;
  for (uint64_t i = 0; i < count; ++i) {
    const TensorInfo info = read_tensor_info(cursor);
    const uint64_t expected = (end + alignment - 1) / alignment * alignment;
    cursor.require(info.offset == expected, "has tensor " + info.name + " at offset " +
                                                std::to_string(info.offset) + ", expected " +
                                                std::to_string(expected));
    cursor.require(seen.insert(info.name).second, "has two tensors named " + info.name);
    end = info.offset + info.bytes;
  }
  return end;
}

/// Compares all before the cursor with the checksum that is among it and counts as 0. Older files
/// have none: their header is taken as it is.
void check_sum(const Cursor& cursor, const uint8_t* data, uint64_t checksum_at) {
  if (checksum_at == 0) {
    return;
  }
  std::vector<uint8_t> header(data, data + cursor.position());
  uint32_t expected = 0;
  uint8_t* stored = header.data() + checksum_at;
  std::memcpy(&expected, stored, sizeof(expected));
  std::fill_n(stored, sizeof(expected), uint8_t{0});
  cursor.require(crc32(header.data(), header.size()) == expected,
                 "is damaged: its header does not match its checksum");
}

}  // namespace

void check_gguf(const uint8_t* data, size_t size, const std::string& path) {
  Cursor cursor(data, size, path);
  cursor.require(size >= 4 && std::memcmp(data, GGUF_MAGIC, 4) == 0,
                 "is not a muspeaker model: it does not begin with GGUF");
  cursor.skip(4);
  const auto version = cursor.read<uint32_t>();
  cursor.require(version == kGgufVersion,
                 "has GGUF version " + std::to_string(version) + ", expected 3");
  const auto num_tensors = cursor.read<uint64_t>();
  const auto num_keys = cursor.read<uint64_t>();
  cursor.require(num_tensors <= kMaxTensors && num_keys <= kMaxKeys,
                 "claims " + std::to_string(num_tensors) + " tensors and " +
                     std::to_string(num_keys) + " header values");
  const Keys keys = check_keys(cursor, num_keys);
  const uint64_t data_bytes = check_tensors(cursor, num_tensors, keys.alignment);
  check_sum(cursor, data, keys.checksum_at);
  if (num_tensors > 0) {
    const uint64_t begin =
        (cursor.position() + keys.alignment - 1) / keys.alignment * keys.alignment;
    cursor.require(begin <= size && data_bytes <= size - begin,
                   "is truncated: its tensors end at byte " + std::to_string(begin + data_bytes) +
                       ", the file has " + std::to_string(size));
  }
}

}  // namespace muspeaker::core
