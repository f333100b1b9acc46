#include "engine/options.h"

#include <string>

#include "core/error.h"

namespace muspeaker::engine {
namespace {

/// False for NaN as well.
bool within(float value, float low, float high) {
  return value >= low && value <= high;
}

std::string got(const char* name, const std::string& expected, float value) {
  return std::string(name) + " must be " + expected + ", got " + std::to_string(value);
}

}  // namespace

void SynthesisOptions::check() const {
  using core::require_input;
  require_input(within(speed, kMinSpeed, kMaxSpeed), got("speed", "0.25 to 4", speed));
  require_input(within(pitch, -kMaxPitch, kMaxPitch), got("pitch", "-48 to 48 semitones", pitch));
  require_input(energy > 0.0F && energy <= kMaxEnergy,
                got("energy", "above 0 and at most 100", energy));
  require_input(within(temperature, 0.0F, kMaxTemperature),
                got("temperature", "0 to 10", temperature));
}

}  // namespace muspeaker::engine
