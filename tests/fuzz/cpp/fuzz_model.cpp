#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "core/error.h"
#include "engine/synthesizer.h"

namespace {

/// A name in the temporary folder that no other process uses.
std::string own_path() {
  const char* folder = std::getenv("TMPDIR");
  return std::string(folder != nullptr ? folder : "/tmp") + "/muspeaker-fuzz-" +
         std::to_string(getpid()) + ".bin";
}

}  // namespace

/// The bytes are a model file: it loads, or is refused.
// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::string path = own_path();
  {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file.write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  }
  try {
    const muspeaker::engine::Synthesizer loaded(path, /*num_threads=*/1);
  } catch (const muspeaker::core::ModelFileError&) {  // refused, as it should be
  }
  std::remove(path.c_str());
  return 0;
}
