#pragma once

#include <cstdint>

#include "core/config.h"

namespace muspeaker::dsp {

/// F0 of a frame and of its neighbours in Hz, 0 where unvoiced. A frame at the end of an utterance
/// is its own neighbour.
struct FrameF0 {
  float before = 0.0F;
  float here = 0.0F;
  float after = 0.0F;
};

/// Phase of the fundamental over one frame, where F0 is linear between the middles of voiced frames
/// and held at their edges. A call for each frame in turn is the twin's integrate_phase.
///
/// start: phase before the frame, in cycles. phase: hop_samples values in [0, 1). Returns the phase
/// before the next frame.
double integrate_frame(const FrameF0& f0, const core::AudioConfig& audio, double start,
                       float* phase);

/// Sum of all cosines of the fundamental below 11 kHz over one frame, in closed form: with H of
/// them, (sin((H + 1/2) x) / sin(x / 2) - 1) / 2. 0 in an unvoiced frame. A call for each frame is
/// the twin's pulse_train.
///
/// f0: of the frame in Hz; phase, pulses: hop_samples values each.
void pulse_frame(float f0, const float* phase, int64_t hop_samples, float* pulses);

}  // namespace muspeaker::dsp
