#include "bindings/bindings.h"
#include "core/error.h"

namespace muspeaker::bindings {

/// muspeaker._core.ModelFileError(RuntimeError); std::invalid_argument is ValueError by pybind11's
/// own table, and any other std::exception RuntimeError.
void bind_errors(pybind11::module_& module) {
  pybind11::register_exception<core::ModelFileError>(module, "ModelFileError", PyExc_RuntimeError);
}

}  // namespace muspeaker::bindings
