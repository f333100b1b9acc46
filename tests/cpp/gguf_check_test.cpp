#include "core/gguf_check.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "core/config.h"
#include "core/crc32.h"
#include "core/error.h"
#include "core/weights.h"
#include "model_file.h"

namespace muspeaker::core {
namespace {

using test::ModelFileWriter;
using test::write_bytes;

/// A file written by hand, so that it can hold what ggml's own writer refuses.
class RawFile {
 public:
  RawFile(uint64_t num_tensors, uint64_t num_keys) {
    append("GGUF", 4);
    value<uint32_t>(3);
    value(num_tensors);
    value(num_keys);
  }

  template <typename T>
  RawFile& value(T number) {
    return append(&number, sizeof(number));
  }

  RawFile& text(const std::string& string) {
    value<uint64_t>(string.size());
    return append(string.data(), string.size());
  }

  RawFile& tensor(const std::string& name, const std::vector<uint64_t>& ne, int32_t type = 0) {
    text(name).value(static_cast<uint32_t>(ne.size()));
    for (const uint64_t size : ne) {
      value(size);
    }
    return value(type).value<uint64_t>(0);
  }

  /// The same with one bit of one byte flipped.
  [[nodiscard]] RawFile flipped(size_t bit) const {
    RawFile other = *this;
    other.bytes_[bit / 8] ^= static_cast<uint8_t>(1U << (bit % 8));
    return other;
  }

  [[nodiscard]] size_t size() const { return bytes_.size(); }
  [[nodiscard]] uint32_t sum() const { return crc32(bytes_.data(), bytes_.size()); }
  [[nodiscard]] bool is_whole() const {
    try {
      check_gguf(bytes_.data(), bytes_.size(), "x");
      return true;
    } catch (const ModelFileError&) {
      return false;
    }
  }

  [[nodiscard]] std::string fault() const {
    return test::message_of<ModelFileError>(
        [this] { check_gguf(bytes_.data(), bytes_.size(), "x"); });
  }

 private:
  RawFile& append(const void* data, size_t size) {
    const auto* first = static_cast<const uint8_t*>(data);
    bytes_.insert(bytes_.end(), first, first + size);
    return *this;
  }

  std::vector<uint8_t> bytes_;
};

TEST(GgufCheck, RefusesWhatGgmlWouldDieOf) {
  EXPECT_EQ(RawFile(1, 0).tensor("w", {4, 0}).fault(),
            "model file x has tensor w with an axis of impossible size 0");
  EXPECT_EQ(RawFile(0, 1).text("").value<int32_t>(4).value<uint32_t>(1).fault(),
            "model file x has a header value without a name");
  EXPECT_EQ(RawFile(0, 1).text("general.alignment").value<int32_t>(6).value(1.0F).fault(),
            "model file x has an alignment that is not a uint32");
  EXPECT_EQ(RawFile(0, 1).text("general.alignment").value<int32_t>(4).value<uint32_t>(4).fault(),
            "model file x has an alignment of 4 bytes, expected a power of two from 32 to 65536");
}

TEST(GgufCheck, RefusesMoreTensorsThanAGraphCanHold) {
  EXPECT_EQ(RawFile(2049, 0).fault(), "model file x claims 2049 tensors and 0 header values");
  EXPECT_EQ(RawFile(2048, 0).fault().find("claims"), std::string::npos);
}

/// A header with its checksum as the second value, and one tensor.
RawFile header_with(uint32_t sum) {
  RawFile file(1, 2);
  file.text("size").value<int32_t>(4).value<uint32_t>(80);
  file.text("integrity.header_crc32").value<int32_t>(4).value(sum);
  return file.tensor("w", {1});
}

TEST(GgufCheck, AFlippedBitInTheHeaderIsSeen) {
  RawFile whole = header_with(header_with(0).sum());
  const size_t header_bytes = whole.size();
  whole.value<uint64_t>(0).value<uint64_t>(0).value<uint64_t>(0).value<uint64_t>(0);  // the tensor
  EXPECT_TRUE(whole.is_whole());
  constexpr size_t kSizeAt = 24 + (8 + 4) + 4;  // after the counts, a name and a type
  constexpr size_t kNameAt = kSizeAt + 4 + 8;
  constexpr size_t kNameEnd = kNameAt + 22;
  for (size_t bit = 0; bit < 8 * header_bytes; ++bit) {
    // Under another name the checksum is none, and the rest is as it was.
    const bool is_name = bit / 8 >= kNameAt && bit / 8 < kNameEnd;
    EXPECT_TRUE(is_name || !whole.flipped(bit).is_whole()) << "bit " << bit;
  }
  EXPECT_EQ(whole.flipped(8 * kSizeAt).fault(),
            "model file x is damaged: its header does not match its checksum");
  RawFile other(0, 1);
  EXPECT_EQ(other.text("integrity.header_crc32").value<int32_t>(6).value(1.0F).fault(),
            "model file x has a checksum of its header that is not a uint32");
}

TEST(GgufCheck, RefusesTextsThatAreNoUtf8) {
  const std::vector<std::string> bad = {"\xff",
                                        "a\x80",
                                        "\xc0\xaf",
                                        "\xc3",
                                        "\xc3(",
                                        "\xe0\x80\x80",
                                        "\xed\xa0\x80",
                                        "\xe2\x82",
                                        "\xe2\x28\xa1",
                                        "\xf0\x80\x80\x80",
                                        "\xf4\x90\x80\x80",
                                        "\xf5\x80\x80\x80"};
  for (const std::string& text : bad) {
    const std::string expected = "that is no UTF-8";
    EXPECT_NE(RawFile(0, 1).text(text).fault().find(expected), std::string::npos);
    EXPECT_NE(RawFile(0, 1).text("k").value<int32_t>(8).text(text).fault().find(expected),
              std::string::npos);
    EXPECT_NE(RawFile(0, 1)
                  .text("k")
                  .value<int32_t>(9)
                  .value<int32_t>(8)
                  .value<uint64_t>(1)
                  .text(text)
                  .fault()
                  .find(expected),
              std::string::npos);
    EXPECT_NE(RawFile(1, 0).tensor(text, {1}).fault().find(expected), std::string::npos);
  }
  const std::vector<std::string> good = {
      "", "k", "\xc3\xa4", "\xe2\x82\xac", "\xed\x9f\xbf", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf"};
  for (const std::string& text : good) {
    const std::string fault = RawFile(1, 1).text("k").value<int32_t>(8).text(text).fault();
    EXPECT_NE(fault.find("is truncated"), std::string::npos);
  }
}

TEST(GgufCheck, RefusesImpossibleSizes) {
  constexpr uint64_t kHuge = uint64_t{1} << 62;
  EXPECT_NE(RawFile(kHuge, 0).fault().find("claims"), std::string::npos);
  EXPECT_NE(RawFile(1, 0).tensor("w", {kHuge}).fault().find("impossible size"), std::string::npos);
  EXPECT_NE(RawFile(1, 0).tensor("w", {1U << 30U, 1U << 30U}).fault().find("impossible size"),
            std::string::npos);
  EXPECT_NE(RawFile(1, 0).tensor("w", {1, 1, 1, 1, 1}).fault().find("5 axes"), std::string::npos);
  EXPECT_NE(RawFile(0, 1).value(kHuge).fault().find("truncated"), std::string::npos);
  RawFile array(0, 1);
  array.text("k").value<int32_t>(9).value<int32_t>(4).value(kHuge);
  EXPECT_NE(array.fault().find("truncated"), std::string::npos);
  RawFile strings(0, 1);
  strings.text("k").value<int32_t>(9).value<int32_t>(8).value(kHuge);
  EXPECT_NE(strings.fault().find("truncated"), std::string::npos);
}

TEST(GgufCheck, RefusesDoublesAndBadNames) {
  RawFile keys(0, 2);
  keys.text("k").value<int32_t>(4).value<uint32_t>(1);
  keys.text("k").value<int32_t>(4).value<uint32_t>(1);
  EXPECT_EQ(keys.fault(), "model file x has two header values named k");
  EXPECT_NE(RawFile(0, 1).text("k").value<int32_t>(77).fault().find("unknown type 77"),
            std::string::npos);
  EXPECT_NE(RawFile(1, 0).tensor(std::string(64, 'n'), {1}).fault().find("expected less than 64"),
            std::string::npos);
  EXPECT_NE(RawFile(1, 0).tensor("w", {1}, 41).fault().find("of type 41"), std::string::npos);
}

/// Opens the bytes as a model and claims all; what is wrong must come as ModelFileError.
bool loads(const std::string& path, const std::vector<char>& bytes) {
  write_bytes(path, bytes);
  try {
    WeightFile file(path);
    (void)read_config(file.header());
    (void)file.root().tensor("part.weight", {16, 8, 3});
    (void)file.root().tensor("part.bias", {8});
    (void)file.root().tensor("other", {4, 4});
    file.require_all_claimed();
    return true;
  } catch (const ModelFileError&) {
    return false;
  }
}

std::vector<char> whole_file() {
  ModelFileWriter writer;
  test::write_valid_header(writer);
  const auto value = [](int64_t i) { return static_cast<float>(i % 100); };
  writer.tensor("part.weight", GGML_TYPE_I8, {16, 8, 3}, value);
  writer.tensor("part.scale", GGML_TYPE_F32, {8}, value);
  writer.tensor("part.bias", GGML_TYPE_F32, {8}, value);
  writer.tensor("other", GGML_TYPE_F16, {4, 4}, value);
  return test::read_bytes(writer.write("whole.gguf"));
}

TEST(GgufCheck, TruncationIsAlwaysNoticed) {
  const std::vector<char> whole = whole_file();
  const std::string path = test::temporary_path("cut.gguf");
  ASSERT_TRUE(loads(path, whole));
  const size_t padding = 32;  // the last tensor's, which may be absent
  for (size_t size = 0; size + padding < whole.size(); size += 13) {
    EXPECT_FALSE(loads(path, {whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}))
        << "cut to " << size << " of " << whole.size();
  }
}

TEST(GgufCheck, ChangedBytesNeverDoWorseThanThrow) {
  const std::vector<char> whole = whole_file();
  const std::string path = test::temporary_path("changed.gguf");
  std::mt19937 random(7);
  size_t refused = 0;
  for (int trial = 0; trial < 1500; ++trial) {
    std::vector<char> changed = whole;
    const int count = 1 + trial % 4;
    for (int i = 0; i < count; ++i) {
      changed[random() % changed.size()] = static_cast<char>(random() % 256);
    }
    refused += loads(path, changed) ? 0 : 1;
  }
  EXPECT_GT(refused, 500U);
}

}  // namespace
}  // namespace muspeaker::core
