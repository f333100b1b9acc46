#include "bindings/bindings.h"
#include "bindings/probe.h"

namespace muspeaker::bindings {

/// muspeaker._core.probe: outputs of single stages, for tests; no part of the public surface.
void bind_probe(pybind11::module_& module) {
  pybind11::module_ probe = module.def_submodule("probe", "Outputs of single stages, for tests.");
  bind_dsp_probe(probe);
  bind_model_probe(probe);
  bind_engine_probe(probe);
}

}  // namespace muspeaker::bindings
