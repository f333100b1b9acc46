#pragma once

#include <pybind11/numpy.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/array.h"
#include "core/error.h"

namespace muspeaker::bindings {

/// Arguments: borrowed when they already have the type and are contiguous, else cast once.
using FloatArray = pybind11::array_t<float, pybind11::array::c_style | pybind11::array::forcecast>;
using IntArray = pybind11::array_t<int32_t, pybind11::array::c_style | pybind11::array::forcecast>;

/// Throws std::invalid_argument, naming the argument, unless the array has num_axes axes.
inline void require_axes(const pybind11::array& array, int64_t num_axes, const std::string& name) {
  core::require_input(array.ndim() == num_axes, name + " must have " + std::to_string(num_axes) +
                                                    " axes, got " + std::to_string(array.ndim()));
}

/// Hands the memory of a vector to NumPy; the product of shape must be its size.
template <typename T>
pybind11::array_t<T> to_numpy(std::vector<T> values, std::vector<pybind11::ssize_t> shape) {
  auto owner = std::make_unique<std::vector<T>>(std::move(values));
  const T* data = owner->data();
  const pybind11::capsule release(owner.get(),
                                  [](void* held) { delete static_cast<std::vector<T>*>(held); });
  static_cast<void>(owner.release());
  return pybind11::array_t<T>(std::move(shape), data, release);
}

/// The same with one axis.
template <typename T>
pybind11::array_t<T> to_numpy(std::vector<T> values) {
  const auto count = static_cast<pybind11::ssize_t>(values.size());
  return to_numpy(std::move(values), {count});
}

/// The same with two axes, (rows, width).
inline pybind11::array_t<float> to_numpy(core::Frames frames) {
  const pybind11::ssize_t rows = frames.rows();
  return to_numpy(std::move(frames.values), {rows, frames.width});
}

/// Copies (rows, width). Throws std::invalid_argument, naming the argument, if there are other
/// axes.
inline core::Frames to_frames(const FloatArray& array, const std::string& name) {
  require_axes(array, 2, name);
  return {{array.data(), array.data() + array.size()}, array.shape(1)};
}

/// Copies (count,), likewise.
template <typename T, int kFlags>
std::vector<T> to_vector(const pybind11::array_t<T, kFlags>& array, const std::string& name) {
  require_axes(array, 1, name);
  return {array.data(), array.data() + array.size()};
}

}  // namespace muspeaker::bindings
