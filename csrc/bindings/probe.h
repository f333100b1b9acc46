#pragma once

#include <pybind11/pybind11.h>

namespace muspeaker::bindings {

// One function for each bind_probe_<folder of csrc>.cpp, adding to the submodule `probe`;
// bind_probe.cpp calls them in this order.
void bind_dsp_probe(pybind11::module_& probe);
void bind_model_probe(pybind11::module_& probe);
void bind_engine_probe(pybind11::module_& probe);

}  // namespace muspeaker::bindings
