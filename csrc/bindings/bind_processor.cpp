#include "bindings/bindings.h"
#include "core/processor.h"

namespace muspeaker::bindings {

void bind_processor(pybind11::module_& module) {
  module.def("has_x86_64_v2", &core::has_x86_64_v2);
}

}  // namespace muspeaker::bindings
