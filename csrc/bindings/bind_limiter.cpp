#include "bindings/array.h"
#include "bindings/bindings.h"
#include "dsp/limiter.h"

namespace py = pybind11;

namespace muspeaker::bindings {
namespace {

/// A limiter that knows the shape of what it takes.
struct Channels {
  explicit Channels(int64_t count) : width(count), limiter(count) {}

  py::array_t<float> take(const FloatArray& frames, bool is_last) {
    require_axes(frames, 2, "frames");
    core::require_input(frames.shape(1) == width, "frames must have " + std::to_string(width) +
                                                      " channels, got " +
                                                      std::to_string(frames.shape(1)));
    core::Frames given(0, width);
    limiter.take(frames.data(), frames.shape(0), given.values);
    if (is_last) {
      limiter.rest(given.values);
    }
    return to_numpy(std::move(given));
  }

  int64_t width;
  dsp::Limiter limiter;
};

}  // namespace

void bind_limiter(py::module_& module) {
  py::class_<Channels>(module, "Limiter", "Keeps true peaks below -1 dBFS.")
      .def(py::init<int64_t>(), py::arg("channels") = 1)
      .def("take", &Channels::take, py::arg("frames"), py::kw_only(), py::arg("is_last") = false);
}

}  // namespace muspeaker::bindings
