#include "bindings/array.h"
#include "bindings/bindings.h"
#include "dsp/noise_reduction.h"

namespace py = pybind11;

namespace muspeaker::bindings {
namespace {

py::array_t<float> reduce_noise(const FloatArray& samples, int64_t window_samples) {
  require_axes(samples, 1, "samples");
  std::vector<float> reduced;
  {
    const py::gil_scoped_release release;
    reduced = dsp::reduce_noise(samples.data(), samples.size(), window_samples);
  }
  return to_numpy(std::move(reduced));
}

}  // namespace

// NOLINTNEXTLINE(misc-const-correctness): one signature for all
void bind_noise_reduction(py::module_& module) {
  module.def("reduce_noise", &reduce_noise, py::arg("samples"), py::arg("window_samples"));
}

}  // namespace muspeaker::bindings
