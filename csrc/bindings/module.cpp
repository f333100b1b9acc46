#include "bindings/bindings.h"

PYBIND11_MODULE(_core, module) {
  module.doc() = "The C++ engine of muspeaker.";
  muspeaker::bindings::bind_errors(module);
  muspeaker::bindings::bind_processor(module);
  muspeaker::bindings::bind_limiter(module);
  muspeaker::bindings::bind_noise_reduction(module);
  muspeaker::bindings::bind_synthesizer(module);
  muspeaker::bindings::bind_reader(module);
  muspeaker::bindings::bind_probe(module);
}
