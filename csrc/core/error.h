#pragma once

#include <stdexcept>
#include <string>

namespace muspeaker::core {

/// A model file that cannot be used: foreign, truncated, newer than this build, or one whose
/// tensors do not fit its own header. Becomes muspeaker.ModelFileError in Python.
class ModelFileError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Throws std::invalid_argument (ValueError in Python) if a caller's input is not as it must be.
inline void require_input(bool condition, const std::string& message) {
  if (!condition) {
    throw std::invalid_argument(message);
  }
}

/// Throws ModelFileError if a model file is not as it must be.
inline void require_model(bool condition, const std::string& message) {
  if (!condition) {
    throw ModelFileError(message);
  }
}

}  // namespace muspeaker::core
