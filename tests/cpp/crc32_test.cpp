#include "core/crc32.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace muspeaker::core {
namespace {

uint32_t bit_by_bit(const std::vector<uint8_t>& data) {
  uint32_t sum = 0xFFFFFFFFU;
  for (const uint8_t byte : data) {
    sum ^= byte;
    for (int bit = 0; bit < 8; ++bit) {
      sum = (sum >> 1U) ^ ((sum & 1U) != 0 ? 0xEDB88320U : 0U);
    }
  }
  return ~sum;
}

TEST(Crc32, IsTheStandards) {
  const std::string digits = "123456789";
  EXPECT_EQ(crc32(reinterpret_cast<const uint8_t*>(digits.data()), digits.size()), 0xCBF43926U);
  EXPECT_EQ(crc32(nullptr, 0), 0U);
}

TEST(Crc32, SlicesAreTheBitsOneByOne) {
  std::vector<uint8_t> data;
  for (unsigned i = 0; i < 100; ++i) {
    EXPECT_EQ(crc32(data.data(), data.size()), bit_by_bit(data)) << i;
    data.push_back(static_cast<uint8_t>(i * 73 + (i >> 3U)));
  }
}

}  // namespace
}  // namespace muspeaker::core
