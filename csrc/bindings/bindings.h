#pragma once

#include <pybind11/pybind11.h>

namespace muspeaker::bindings {

// One function for each bind_<stem>.cpp; module.cpp calls them in this order.
void bind_errors(pybind11::module_& module);
void bind_processor(pybind11::module_& module);
void bind_limiter(pybind11::module_& module);
void bind_noise_reduction(pybind11::module_& module);
void bind_synthesizer(pybind11::module_& module);
void bind_reader(pybind11::module_& module);
void bind_probe(pybind11::module_& module);

}  // namespace muspeaker::bindings
