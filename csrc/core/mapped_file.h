#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace muspeaker::core {

/// A whole file, readable in memory: mapped privately where the system can, else read.
class MappedFile {
 public:
  /// path: UTF-8. Throws ModelFileError if it is not a readable, non-empty regular file.
  explicit MappedFile(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  /// Gives back the memory of pages that were read; they are read again when they are touched.
  void forget_pages() const;

  [[nodiscard]] const uint8_t* data() const { return data_; }
  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
  uint8_t* data_ = nullptr;
  size_t size_ = 0;
  std::vector<uint8_t> copy_;  // bytes of the file where there is no map
};

}  // namespace muspeaker::core
