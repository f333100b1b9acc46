#pragma once

#include <cstdint>
#include <vector>

#include "core/array.h"

namespace muspeaker::dsp {

/// Origin of a token or frame that the recording does not hold.
constexpr int32_t kNew = -1;

/// The recording's frame that each frame of an edited utterance is, or kNew.
///
/// durations, origins: (tokens) of the edited utterance, its frames and the recording's tokens or
/// kNew; a token that has an origin lasts as long as that. heard: (recorded tokens) in frames.
/// Returns (frames).
std::vector<int32_t> frame_origins(const std::vector<int32_t>& durations,
                                   const std::vector<int32_t>& origins,
                                   const std::vector<int32_t>& heard);

/// Puts the recording's frames where they belong. Between them, what was spoken is moved to begin
/// and end as the recording does there: the difference at each join fades within the gap.
///
/// spoken: (frames, width), any logarithmic quantity, changed in place; recorded: (recorded frames,
/// width); origins: (frames) from frame_origins.
void infill(core::Frames& spoken, const core::Frames& recorded,
            const std::vector<int32_t>& origins);

/// The same for F0 in Hz, 0 where unvoiced: as a ratio, slower, and from the last frame that is
/// voiced in both. A gap stays voiced or unvoiced as it was spoken.
void infill_f0(std::vector<float>& spoken, const std::vector<float>& recorded,
               const std::vector<int32_t>& origins);

/// Lifts what was spoken to the background of the recording.
///
/// mel: (frames, num_mels), natural log, changed where origins is kNew; recorded: (recorded frames,
/// num_mels), at least one frame.
void lift_to_background(core::Frames& mel, const core::Frames& recorded,
                        const std::vector<int32_t>& origins);

}  // namespace muspeaker::dsp
