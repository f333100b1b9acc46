#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace muspeaker::core {

/// Walks a GGUF file before ggml reads it. ggml 0.15.3 divides by a zero axis, aborts on an empty
/// key and on an alignment of another type, and does not compare the tensors' ends with the file's;
/// so nothing reaches it that this has not seen: every length within the file, every tensor f32,
/// f16 or i8, of positive axes, where it should be and complete. If the header has a checksum of
/// itself, it must match.
///
/// Throws ModelFileError, beginning with `path`, at the first fault.
void check_gguf(const uint8_t* data, size_t size, const std::string& path);

}  // namespace muspeaker::core
