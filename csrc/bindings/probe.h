#pragma once

#include <pybind11/pybind11.h>

namespace muspeaker::bindings {

// One function for each bind_probe_<part>.cpp, adding to the submodule `probe`; bind_probe.cpp
// calls them in this order.
void bind_convert_probe(pybind11::module_& probe);
void bind_dsp_probe(pybind11::module_& probe);
void bind_synthesizer_probe(pybind11::module_& probe);
void bind_timbre_probe(pybind11::module_& probe);
void bind_vocoder_probe(pybind11::module_& probe);

}  // namespace muspeaker::bindings
