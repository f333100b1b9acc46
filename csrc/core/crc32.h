#pragma once

#include <cstddef>
#include <cstdint>

namespace muspeaker::core {

/// The CRC-32 of zlib and PNG: polynomial 0xEDB88320, bits inverted before and after.
///
/// Source: Kounavis and Berry 2008, "Novel Table Lookup-Based Algorithms for High-Performance CRC
/// Generation": slicing, here by 16 bytes.
[[nodiscard]] uint32_t crc32(const uint8_t* data, size_t size);

}  // namespace muspeaker::core
