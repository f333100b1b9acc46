#include "engine/options.h"

#include <sstream>
#include <string>

#include "core/error.h"

namespace muspeaker::engine {
namespace {

std::string range_text(const Range& range) {
  std::ostringstream text;  // which writes 0.25 and 4, where std::to_string writes six decimals
  if (range.above_least) {
    text << "above " << range.least << " and at most " << range.most;
  } else {
    text << range.least << " to " << range.most;
  }
  return text.str();
}

/// NaN is in no range.
void require_within(const char* name, float value, const Range& range, const char* unit = "") {
  const bool enough = range.above_least ? value > range.least : value >= range.least;
  core::require_input(enough && value <= range.most, std::string(name) + " must be " +
                                                         range_text(range) + unit + ", got " +
                                                         std::to_string(value));
}

}  // namespace

void SynthesisOptions::check() const {
  require_within("speed", speed, kSpeed);
  require_within("pitch", pitch, kPitch, " semitones");
  require_within("energy", energy, kEnergy);
  require_within("temperature", temperature, kTemperature);
  require_within("expression", expression, kExpression);
  require_within("variation", variation, kVariation);
}

}  // namespace muspeaker::engine
