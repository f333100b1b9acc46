#include "core/crc32.h"

#include <array>

namespace muspeaker::core {
namespace {

constexpr uint32_t kPolynomial = 0xEDB88320U;
constexpr size_t kSlice = 16;
constexpr size_t kWords = kSlice / sizeof(uint32_t);

/// Table k: what a byte adds that k bytes of the slice follow.
using Tables = std::array<std::array<uint32_t, 256>, kSlice>;

constexpr Tables make_tables() {
  Tables tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t sum = byte;
    for (int bit = 0; bit < 8; ++bit) {
      sum = (sum >> 1U) ^ ((sum & 1U) != 0 ? kPolynomial : 0U);
    }
    tables[0][byte] = sum;
  }
  for (size_t k = 1; k < kSlice; ++k) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint32_t before = tables[k - 1][byte];
      tables[k][byte] = (before >> 8U) ^ tables[0][before & 0xFFU];
    }
  }
  return tables;
}

constexpr Tables kTables = make_tables();

/// Four bytes as a number whose lowest byte is the first.
uint32_t word_at(const uint8_t* data) {
  return static_cast<uint32_t>(data[0]) | (static_cast<uint32_t>(data[1]) << 8U) |
         (static_cast<uint32_t>(data[2]) << 16U) | (static_cast<uint32_t>(data[3]) << 24U);
}

}  // namespace

uint32_t crc32(const uint8_t* data, size_t size) {
  uint32_t sum = 0xFFFFFFFFU;
  for (; size >= kSlice; data += kSlice, size -= kSlice) {
    uint32_t next = 0;
    for (size_t word = 0; word < kWords; ++word) {
      const uint32_t bytes = word_at(data + (4 * word)) ^ (word == 0 ? sum : 0U);
      const size_t last = kSlice - 1 - (4 * word);
      next ^= kTables[last][bytes & 0xFFU] ^ kTables[last - 1][(bytes >> 8U) & 0xFFU] ^
              kTables[last - 2][(bytes >> 16U) & 0xFFU] ^ kTables[last - 3][bytes >> 24U];
    }
    sum = next;
  }
  for (; size > 0; ++data, --size) {
    sum = (sum >> 8U) ^ kTables[0][(sum ^ *data) & 0xFFU];
  }
  return ~sum;
}

}  // namespace muspeaker::core
