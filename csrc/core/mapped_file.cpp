#include "core/mapped_file.h"

#include "core/error.h"

#if defined(__unix__) || defined(__APPLE__)
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#define MUSPEAKER_HAS_MMAP 1
#else
#include <filesystem>
#include <fstream>
#include <iterator>
#define MUSPEAKER_HAS_MMAP 0
#endif

namespace muspeaker::core {

#if MUSPEAKER_HAS_MMAP
namespace {

struct Descriptor {
  explicit Descriptor(int opened) : number(opened) {}
  ~Descriptor() {
    if (number >= 0) {
      close(number);
    }
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int number;
};

}  // namespace

MappedFile::MappedFile(const std::string& path) : path_(path) {
  const Descriptor descriptor(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  require_model(descriptor.number >= 0,
                "cannot open model file " + path + ": " + std::strerror(errno));
  struct stat status{};
  require_model(fstat(descriptor.number, &status) == 0 && S_ISREG(status.st_mode),
                "model file " + path + " is not a regular file");
  require_model(status.st_size > 0, "model file " + path + " is empty");
  size_ = static_cast<size_t>(status.st_size);
  void* map = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, descriptor.number, 0);
  require_model(map != MAP_FAILED, "cannot map model file " + path + ": " + std::strerror(errno));
  data_ = static_cast<uint8_t*>(map);
}

MappedFile::~MappedFile() {
  munmap(data_, size_);
}

void MappedFile::forget_pages() const {
  madvise(data_, size_, MADV_DONTNEED);  // a hint: nothing is lost where it does nothing
}

#else

MappedFile::MappedFile(const std::string& path) : path_(path) {
  std::ifstream stream(std::filesystem::u8path(path), std::ios::binary);
  require_model(stream.good(), "cannot open model file " + path);
  copy_.assign(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
  require_model(!copy_.empty(), "model file " + path + " is empty");
  data_ = copy_.data();
  size_ = copy_.size();
}

MappedFile::~MappedFile() = default;

void MappedFile::forget_pages() const {}

#endif

}  // namespace muspeaker::core
